import Analytics
import Domain

extension ZoneSettings {
    enum Key: String, CaseIterable { case id, name, surface, promise, preset, polygon, rules }

    static func read(
        _ section: Section<Key>, camera: CameraSettings, site: SiteSettings, catalogue: Catalogue
    ) -> ZoneSettings {
        let id = section.identifier(.id, example: "np1") ?? ""
        let zone = Zone(
            id: id, name: section.text(.name) ?? id, polygon: PolygonReader(section, .polygon).polygon,
            surface: section.choice(.surface) ?? .carriageway)
        let rules = ZoneRules.read(section, surface: zone.surface, site: site, catalogue: catalogue)
        var settings = ZoneSettings(zone: zone, rules: rules)
        settings.promise = section.number(.promise) ?? settings.promise
        settings.preset = preset(section, of: camera)
        if settings.promise < camera.lookEvery {
            let (promise, every) = (Wording.number(settings.promise), Wording.number(camera.lookEvery))
            section.report(
                "a promise of \(promise) s cannot be kept with a look every \(every) s: "
                    + "raise promise, or lower the camera's look_every", .promise)
        }
        return settings
    }

    private static func preset(_ section: Section<Key>, of camera: CameraSettings) -> String? {
        let ids = camera.presets.map(\.id)
        guard section.node(.preset) != nil else {
            if !ids.isEmpty {
                section.report(
                    "the camera has presets: name the one that the zone was drawn on, preset: one of "
                        + Wording.list(ids), .preset)
            }
            return nil
        }
        guard !ids.isEmpty else {
            section.report("preset names none of the camera's: list them in its presets, or remove preset", .preset)
            return nil
        }
        return section.text(.preset, form: "one of the camera's presets (\(Wording.list(ids)))", ids.contains)
    }
}

import Analytics
import Catalogue

extension ZoneSettings {
    enum Key: String, CaseIterable { case id, name, surface, promise, polygon, rules }

    static func read(
        _ section: Section<Key>, lookEvery: Double, site: SiteSettings, catalogue: Catalogue
    ) -> ZoneSettings {
        let id = section.identifier(.id, example: "np1") ?? ""
        let zone = Zone(
            id: id, name: section.text(.name) ?? id, polygon: PolygonReader(section, .polygon).polygon,
            surface: section.choice(.surface) ?? .carriageway)
        let rules = ZoneRules.read(section, surface: zone.surface, site: site, catalogue: catalogue)
        var settings = ZoneSettings(zone: zone, rules: rules)
        settings.promise = section.number(.promise, 0.2...60, "seconds") ?? settings.promise
        if settings.promise < lookEvery {
            let (promise, every) = (Wording.number(settings.promise), Wording.number(lookEvery))
            section.report(
                "a promise of \(promise) s cannot be kept with a look every \(every) s: "
                    + "raise promise, or lower the camera's look_every", .promise)
        }
        return settings
    }
}

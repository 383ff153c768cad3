import Analytics
import Domain
import Yams

extension CameraSettings {
    enum Key: String, CaseIterable {
        case id, name, url
        case detailURL = "detail_url"
        case credentialsFile = "credentials_file"
        case caFile = "ca_file"
        case transport, purpose
        case signageConfirmed = "signage_confirmed"
        case gb28181, longitude, latitude, area, grid, microgrid, decode, aspect
        case largestPicture = "largest_picture"
        case lookEvery = "look_every"
        case openTimeout = "open_timeout"
        case readTimeout = "read_timeout"
        case presets, zones
    }

    static func read(_ section: Section<Key>, site: SiteSettings, catalogue: Catalogue) -> CameraSettings {
        var camera = CameraSettings(
            id: section.identifier(.id, example: "cam-01") ?? "", url: url(section),
            purpose: section.required(.purpose, example: "illegal parking at the market gate"), site: site, zones: [])
        camera.name = section.text(.name) ?? camera.id
        camera.detailURL = detailURL(section)
        camera.credentialsFile = section.text(.credentialsFile)
        camera.caFile = section.text(.caFile)
        camera.transport = section.choice(.transport) ?? camera.transport
        camera.gb28181 = section.text(.gb28181, form: "a GB/T 28181 id of 20 digits") { Form.isDigits($0, count: 20) }
        camera.area = section.areaCode(.area) ?? camera.area
        camera.grid = section.code(.grid) ?? camera.grid
        camera.microgrid = section.code(.microgrid) ?? camera.microgrid
        camera.decode = section.choice(.decode) ?? camera.decode
        camera.aspect = section.text(.aspect, form: "the width by the height of its picture, e.g. 16:9") {
            Aspect($0) != nil
        }.flatMap { Aspect($0) }
        camera.largestPicture = section.number(.largestPicture) ?? camera.largestPicture
        camera.lookEvery = section.number(.lookEvery) ?? camera.lookEvery
        camera.openTimeout = section.number(.openTimeout) ?? camera.openTimeout
        camera.readTimeout = section.number(.readTimeout) ?? camera.readTimeout
        requireSignage(section)
        readLocation(section, into: &camera)
        camera.presets = presets(section)
        camera.zones = zones(section, camera: camera, site: site, catalogue: catalogue)
        return camera
    }

    /// No fault quotes the address: it may contain a password.
    private static func url(_ section: Section<Key>) -> String {
        if section.node(.url) == nil { section.reportMissing(.url, example: "rtsp://192.168.1.64/stream1") }
        guard let url = section.raw(.url) else { return "" }
        if let fault = Form.streamFault(url) { section.report("url \(fault)", .url) }
        return url
    }

    /// A file shows nothing of the present. No fault quotes the address.
    private static func detailURL(_ section: Section<Key>) -> String? {
        guard let url = section.raw(.detailURL) else { return nil }
        if !["rtsp://", "rtsps://"].contains(where: url.hasPrefix) {
            section.report("detail_url must begin with rtsp:// or rtsps://", .detailURL)
        } else if let fault = Form.streamFault(url) {
            section.report("detail_url \(fault)", .detailURL)
        } else if url == section.node(.url)?.scalar?.string {
            section.report(
                "detail_url is that of url: give it the camera's main stream and url a smaller one, or remove it",
                .detailURL)
        }
        return url
    }

    private static func requireSignage(_ section: Section<Key>) {
        guard section.node(.signageConfirmed) == nil || section.boolean(.signageConfirmed) == false else { return }
        section.report("confirm that signage stands (signage_confirmed: true), or remove it", .signageConfirmed)
    }

    private static func readLocation(_ section: Section<Key>, into camera: inout CameraSettings) {
        camera.longitude = section.number(.longitude)
        camera.latitude = section.number(.latitude)
        switch (section.node(.longitude) == nil, section.node(.latitude) == nil) {
        case (true, false): section.report("latitude needs a longitude: add it, or remove latitude", .latitude)
        case (false, true): section.report("longitude needs a latitude: add it, or remove longitude", .longitude)
        default: break
        }
    }

    private static func presets(_ section: Section<Key>) -> [PresetSettings] {
        guard let nodes = section.list(.presets, of: "presets") else { return [] }
        var ids = UniqueIDs("preset")
        return nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), \(ids.place(of: node, index: index))"
            ids.take(node, place: place, section.log)
            return Section(node, place: place, at: Position(node), section.log).map(PresetSettings.read)
        }
    }

    private static func zones(
        _ section: Section<Key>, camera: CameraSettings, site: SiteSettings, catalogue: Catalogue
    ) -> [ZoneSettings] {
        if section.node(.zones) == nil { section.reportMissing(.zones, example: "[{id: …, polygon: …, rules: …}]") }
        guard let nodes = section.list(.zones, of: "zones") else { return [] }
        if nodes.isEmpty { section.report("zones is empty: add at least one zone, or remove the camera", .zones) }
        var ids = UniqueIDs("zone")
        return nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), \(ids.place(of: node, index: index))"
            ids.take(node, place: place, section.log)
            return Section(node, place: place, at: Position(node), section.log).map {
                ZoneSettings.read($0, camera: camera, site: site, catalogue: catalogue)
            }
        }
    }
}

extension PresetSettings {
    enum Key: String, CaseIterable { case id, picture }

    static func read(_ section: Section<Key>) -> PresetSettings {
        PresetSettings(
            id: section.identifier(.id, example: "gate") ?? "",
            picture: section.required(.picture, example: "/etc/gridwarden/presets/gate.jpg"))
    }
}

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
        settings.promise = section.number(.promise)
        settings.preset = preset(section, of: camera)
        if let promise = settings.promise, promise < camera.lookEvery {
            let (promise, every) = (Wording.number(promise), Wording.number(camera.lookEvery))
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

extension ZoneRules {
    static func read(
        _ zone: Section<ZoneSettings.Key>, surface: Zone.Surface, site: SiteSettings, catalogue: Catalogue
    ) -> ZoneRules {
        let keys = Rules.kinds.map { FieldName(rawValue: $0.rawValue) }
        let names = Wording.list(keys.map(\.rawValue))
        guard let node = zone.node(.rules) else {
            zone.report("the zone has no rule: add rules with at least one of \(names)", .rules)
            return ZoneRules()
        }
        guard
            let rules = Section(
                node, keys: keys, place: zone.place, noun: "rule", at: Position(node), zone.log)
        else { return ZoneRules() }
        if node.mapping?.isEmpty ?? false {
            zone.report("rules is empty: add at least one of \(names)", .rules)
        }
        var settings = ZoneRules()
        for rule in Rules.all {
            for kind in rule.kinds {
                settings[kind] = read(rule, kind, rules, catalogue[kind], site: site)
                let key = FieldName(rawValue: kind.rawValue)
                if let needed = rule.surface, surface != needed, rules.position(of: key) != nil {
                    rules.report(
                        "\(kind) needs \(needed.rawValue): give the zone surface: \(needed.rawValue), or remove it", key
                    )
                }
            }
        }
        return settings
    }

    /// Without keys where the rule has none; nil where it is missing or faulty.
    private static func read(
        _ rule: RuleDescriptor, _ kind: AlertKind, _ rules: Section<FieldName>, _ entry: KindEntry?, site: SiteSettings
    ) -> (any RuleSettings)? {
        let key = FieldName(rawValue: kind.rawValue)
        let fields = rule.fields(of: kind)
        guard let position = rules.position(of: key),
            let section = Section(
                rules.node(key) ?? [:], fields: fields, place: "\(rules.place), \(kind)", at: position, rules.log)
        else { return nil }
        let settings = rule.settings(
            of: kind, dwell: entry?.defaultDwellSeconds, timeZone: site.timeZone, values: section.values(of: fields))
        for fault in settings.faults { section.report(fault.message, FieldName(rawValue: fault.key)) }
        return settings
    }
}

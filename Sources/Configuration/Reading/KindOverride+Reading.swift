import Domain
import Yams

extension KindOverride {
    enum Key: String, CaseIterable {
        case name, codes, severity
        case suggestedLimit = "suggested_limit"
        case dwell
        case privacyProfile = "privacy_profile"
    }

    enum CodeKey: String, CaseIterable { case system, code }

    /// By the kind's name, in the order of the file.
    static func read(_ site: Section<SiteSettings.Key>, catalogue: Catalogue) -> [KindOverride] {
        guard let node = site.node(.kinds) else { return [] }
        guard let mapping = node.mapping else {
            site.report("kinds must be a map such as {parking.motor: {severity: 2}}", .kinds)
            return []
        }
        return mapping.compactMap { name, value in
            let text = name.scalar?.string ?? ""
            guard let entry = catalogue[AlertKind(rawValue: text)] else {
                site.log.report("\(site.place), kinds: \(Wording.noKind(text, catalogue))", at: Position(name))
                return nil
            }
            let place = "\(site.place), kind \(text)"
            if value.mapping?.isEmpty ?? false {
                let keys = Wording.list(Key.allCases.map(\.rawValue))
                site.log.report("\(place): nothing is changed: give at least one of \(keys)", at: Position(name))
            }
            return Section(value, place: place, at: Position(name), site.log).map { read($0, entry: entry) }
        }
    }

    private static func read(_ section: Section<Key>, entry: KindEntry) -> KindOverride {
        var override = KindOverride(kind: entry.kind)
        override.name = name(.name, section, example: entry.name)
        override.codes = codes(section)
        override.severity = section.integer(.severity)
        override.suggestedLimit = name(.suggestedLimit, section, example: entry.suggestedLimit)
        override.dwell = section.number(.dwell)
        override.privacyProfile = section.choice(.privacyProfile)
        return override
    }

    private static func name(_ key: Key, _ section: Section<Key>, example: LocalizedName) -> LocalizedName? {
        let names: Section<LocalizedName.Key>? = section.section(key, place: "\(section.place), \(key.rawValue)")
        return names.map { LocalizedName.read($0, example: example) }
    }

    private static func codes(_ section: Section<Key>) -> [KindCode]? {
        section.list(.codes, of: "maps such as {system: GB/T 47678.5-2026, code: \"09009\"}")?.enumerated()
            .compactMap { index, node in
                let place = "\(section.place), code no. \(index + 1)"
                guard let item = Section<CodeKey>(node, place: place, at: Position(node), section.log) else {
                    return nil
                }
                if item.node(.system) == nil { item.reportMissing(.system, example: KindCode.System.gbt2026.rawValue) }
                if item.node(.code) == nil { item.reportMissing(.code, example: "\"09009\"") }
                guard let system = item.choice(.system, KindCode.System.self),
                    let code = item.text(.code, form: "1 to 32 letters, digits and hyphens", Form.isCode)
                else { return nil }
                return KindCode(system: system, code: code, certainty: .site)
            }
    }
}

extension Routing {
    static func read(_ site: Section<SiteSettings.Key>, catalogue: Catalogue) -> Routing {
        let nodes = site.list(.departments, of: "maps such as {kind: vending.*, id: \"0512-07\"}") ?? []
        var routing = Routing()
        for (index, node) in nodes.enumerated() {
            let place = "\(site.place), department no. \(index + 1)"
            guard let section = Section<Route.Key>(node, place: place, at: Position(node), site.log),
                let route = Route.read(section, catalogue: catalogue)
            else { continue }
            if routing.routes.contains(where: { $0.kinds == route.kinds && $0.surface == route.surface }) {
                section.report("an item above has the same kind and surface: keep one of them", .kind)
            }
            routing.routes.append(route)
        }
        return routing
    }
}

extension Routing.Route {
    enum Key: String, CaseIterable { case kind, surface, role, name, id }

    /// Nil for a faulty kind.
    static func read(_ section: Section<Key>, catalogue: Catalogue) -> Routing.Route? {
        if section.node(.kind) == nil { section.reportMissing(.kind, example: "vending.*") }
        guard let kinds = section.raw(.kind) else { return nil }
        var route = Routing.Route(kinds: kinds, surface: section.choice(.surface), id: section.text(.id))
        if !catalogue.kinds.contains(where: route.covers) {
            let hint = "name one, or a family such as vending.*"
            section.report(Wording.noKind(kinds, catalogue, otherwise: hint), .kind)
        }
        route.role = section.text(.role, form: "a slug such as traffic-police", Form.isRole)
        let name: Section<LocalizedName.Key>? = section.section(.name, place: "\(section.place), name")
        route.name = name.map {
            LocalizedName.read($0, example: LocalizedName(zh: "城管执法", en: "City management enforcement"))
        }
        if let role = route.role, section.node(.name) == nil {
            route.name = catalogue.department(role: role)?.name
            if route.name == nil { section.reportMissing(.name, example: "{zh: …, en: …}") }
        }
        if section.node(.id) == nil, section.node(.role) == nil, section.node(.name) == nil {
            section.report("nothing is changed: give an id, a role or a name", .kind)
        }
        return route
    }
}

extension LocalizedName {
    enum Key: String, CaseIterable { case zh, en }

    /// - Parameter example: shown where one of the two is missing.
    static func read(_ section: Section<Key>, example: LocalizedName) -> LocalizedName {
        LocalizedName(
            zh: section.required(.zh, example: example.zh), en: section.required(.en, example: example.en))
    }
}

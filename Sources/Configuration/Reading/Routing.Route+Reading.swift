import Domain

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

    /// Nil where the kind is at fault.
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

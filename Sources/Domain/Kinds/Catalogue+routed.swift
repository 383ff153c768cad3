extension Catalogue {
    /// The same kinds, each with the departments of the site.
    public func routed(by routing: Routing) -> Catalogue {
        var routed = self
        for kind in kinds {
            guard let entry = self[kind] else { continue }
            for surface in Zone.Surface.allCases {
                routed[kind]?.departments.bySurface[surface.rawValue] = routing.department(for: entry, on: surface)
            }
        }
        return routed
    }

    /// How the catalogue names the department of this role; nil where it has none.
    public func department(role: String) -> Department? {
        for case let departments? in kinds.map({ self[$0]?.departments }) {
            let all = [departments.primary] + departments.bySurface.values + departments.assisting
            if let found = all.first(where: { $0.role == role }) { return found }
        }
        return nil
    }
}

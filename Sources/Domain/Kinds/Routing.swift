/// The departments that handle a site's alerts, where they differ from the catalogue's or have a number there.
public struct Routing: Sendable, Hashable {
    /// The department of one kind or a family of kinds, on one surface or on all.
    public struct Route: Sendable, Hashable {
        /// A kind such as `parking.motor`; with `*` at its end all kinds with this prefix.
        public var kinds: String
        /// Nil for every surface.
        public var surface: Zone.Surface?
        /// Nil keeps the catalogue's.
        public var role: String?
        /// Nil keeps the catalogue's.
        public var name: LocalizedName?
        /// The department's own number.
        public var id: String?

        public init(
            kinds: String, surface: Zone.Surface? = nil, role: String? = nil, name: LocalizedName? = nil,
            id: String? = nil
        ) {
            self.kinds = kinds
            self.surface = surface
            self.role = role
            self.name = name
            self.id = id
        }

        public func covers(_ kind: AlertKind) -> Bool { kind.isCovered(by: kinds) }

        /// A more specific kind has more weight; the surface decides only between equals.
        fileprivate var weight: (Int, Int, Int) {
            (kinds.hasSuffix("*") ? 0 : 1, kinds.utf8.count, surface == nil ? 0 : 1)
        }
    }

    public var routes: [Route]

    public init(_ routes: [Route] = []) { self.routes = routes }

    /// The department for `entry` on `surface`: that of the most specific route, else the catalogue's.
    public func department(for entry: KindEntry, on surface: Zone.Surface) -> Department {
        let usual = entry.department(on: surface)
        let fitting = routes.filter { $0.covers(entry.kind) && ($0.surface == nil || $0.surface == surface) }
        guard let route = fitting.max(by: { $0.weight < $1.weight }) else { return usual }
        return Department(role: route.role ?? usual.role, name: route.name ?? usual.name, id: route.id ?? usual.id)
    }
}

extension AlertKind {
    /// - Parameter kinds: a kind such as `parking.motor`; with `*` at its end all kinds with this prefix.
    public func isCovered(by kinds: String) -> Bool {
        kinds.hasSuffix("*") ? rawValue.hasPrefix(kinds.dropLast()) : rawValue == kinds
    }
}

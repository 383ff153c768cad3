/// What a message says of a zone.
public struct ZoneIdentity: Sendable, Hashable {
    public var id: String
    public var name: String
    public var surface: Zone.Surface

    public init(id: String, name: String, surface: Zone.Surface) {
        self.id = id
        self.name = name
        self.surface = surface
    }

    public init(_ zone: Zone) { self.init(id: zone.id, name: zone.name, surface: zone.surface) }
}

/// An area of one camera's picture that a rule watches.
public struct Zone: Sendable, Hashable, Codable {
    /// The surface; it decides which department has the power to act.
    public enum Surface: String, Sendable, Codable, CaseIterable {
        case carriageway, pavement, square, water, green, other
    }

    public let id: String
    public let name: String
    public let polygon: Polygon
    public let surface: Surface

    public init(id: String, name: String, polygon: Polygon, surface: Surface = .carriageway) {
        self.id = id
        self.name = name
        self.polygon = polygon
        self.surface = surface
    }
}

/// The description of a zone in a message.
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

/// What an alert is about, e.g. `parking.motor`; the catalogue holds the rest. Kinds that a rule finds have their names beside it.
public struct AlertKind: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

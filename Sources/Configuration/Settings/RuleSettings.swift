public import Analytics

/// The rules of one zone.
public struct RuleSettings: Sendable, Hashable {
    /// Nil where parking is not watched.
    public var parking: ParkingSettings?

    public init(parking: ParkingSettings? = nil) { self.parking = parking }
}

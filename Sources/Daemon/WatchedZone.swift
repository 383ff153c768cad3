public import Analytics

/// A zone and what is watched in it.
public struct WatchedZone: Sendable {
    public let zone: Zone
    /// Nil where parking is not watched.
    public let parking: ParkingSettings?

    public init(zone: Zone, parking: ParkingSettings?) {
        self.zone = zone
        self.parking = parking
    }

    func rules(minimumScore: Double) -> [any Rule] {
        parking.map { [IllegalParking(zone: zone, settings: $0, minimumScore: minimumScore)] } ?? []
    }
}

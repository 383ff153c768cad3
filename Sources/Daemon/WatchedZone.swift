public import Analytics

/// A zone and what is watched in it.
public struct WatchedZone: Sendable, Hashable {
    public let zone: Zone
    public let rules: ZoneRules

    public init(zone: Zone, rules: ZoneRules) {
        self.zone = zone
        self.rules = rules
    }
}

extension [WatchedZone] {
    /// Those that are watched for parking.
    public var withParking: [Zone] { filter { $0.rules.parking != nil }.map(\.zone) }
}

/// What one zone is watched for, and how; nothing where a kind is absent.
public struct ZoneRules: Sendable, Hashable {
    public var parking: ParkingSettings?
    /// Garbage, piles of refuse, piles of goods.
    public var ground: [AlertKind: GroundSettings]
    public var vending: [AlertKind: VendingSettings]
    /// Seconds of smoke until it is reported.
    public var smoke: [AlertKind: Double]

    public init(
        parking: ParkingSettings? = nil, ground: [AlertKind: GroundSettings] = [:],
        vending: [AlertKind: VendingSettings] = [:], smoke: [AlertKind: Double] = [:]
    ) {
        self.parking = parking
        self.ground = ground
        self.vending = vending
        self.smoke = smoke
    }

    public var kinds: Set<AlertKind> {
        Set(ground.keys).union(vending.keys).union(smoke.keys).union(parking == nil ? [] : [.illegalParking])
    }

    /// Whether the rules need to know what lies on the ground.
    public var needGround: Bool { !ground.isEmpty || !vending.isEmpty || !smoke.isEmpty }

    /// - Parameter minimumScore: what the mean score of a vehicle's detections must reach, 0…1.
    public func rules(in zone: Zone, minimumScore: Double) -> [any Rule] {
        var rules: [any Rule] = []
        if let parking { rules.append(IllegalParking(zone: zone, settings: parking, minimumScore: minimumScore)) }
        for (kind, settings) in ground.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rules.append(LeftObjectRule(kind: kind, zone: zone, settings: settings))
        }
        for (kind, settings) in vending.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rules.append(SuspectedVending(kind: kind, zone: zone, settings: settings))
        }
        for (kind, dwell) in smoke.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rules.append(SmokeRule(kind: kind, zone: zone, dwell: dwell))
        }
        return rules
    }
}

/// What one zone is watched for, and how; nothing where a kind is absent.
public struct ZoneRules: Sendable, Hashable {
    public var parking: ParkingSettings?
    /// Garbage, piles of refuse, piles of goods.
    public var ground: [AlertKind: GroundSettings]
    public var vending: [AlertKind: VendingSettings]
    /// Seconds of smoke until it is reported.
    public var smoke: [AlertKind: Double]
    public var water: WaterSettings?
    public var crowd: CrowdSettings?

    public init(
        parking: ParkingSettings? = nil, ground: [AlertKind: GroundSettings] = [:],
        vending: [AlertKind: VendingSettings] = [:], smoke: [AlertKind: Double] = [:],
        water: WaterSettings? = nil, crowd: CrowdSettings? = nil
    ) {
        self.parking = parking
        self.ground = ground
        self.vending = vending
        self.smoke = smoke
        self.water = water
        self.crowd = crowd
    }

    public var kinds: Set<AlertKind> {
        var kinds = Set(ground.keys).union(vending.keys).union(smoke.keys)
        if parking != nil { kinds.insert(.illegalParking) }
        if water != nil { kinds.insert(.dirtyWater) }
        if crowd != nil { kinds.insert(.crowd) }
        return kinds
    }

    /// Whether the rules need to know what lies on the ground.
    public var needGround: Bool { !ground.isEmpty || !vending.isEmpty || !smoke.isEmpty }

    public var needColour: Bool { needGround || water != nil }

    /// - Parameter minimumScore: what the mean score of a vehicle's detections must reach, 0…1.
    public func rules(in zone: Zone, minimumScore: Double) -> [any Rule] {
        var rules: [any Rule] = []
        if let parking { rules.append(IllegalParking(zone: zone, settings: parking, minimumScore: minimumScore)) }
        for (kind, settings) in ground.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var settings = settings
            if kind == .exposedGarbage, let pile = ground[.garbagePile] {
                // What is large enough for a pile is one alert, not two.
                let largest = min(settings.size.upperBound, pile.size.lowerBound.nextDown)
                settings.size = settings.size.lowerBound...max(settings.size.lowerBound, largest)
            }
            rules.append(LeftObjectRule(kind: kind, zone: zone, settings: settings))
        }
        for (kind, settings) in vending.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rules.append(SuspectedVending(kind: kind, zone: zone, settings: settings))
        }
        for (kind, dwell) in smoke.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rules.append(SmokeRule(kind: kind, zone: zone, dwell: dwell))
        }
        if let water { rules.append(WaterColour(zone: zone, settings: water)) }
        if let crowd { rules.append(Crowd(zone: zone, settings: crowd)) }
        return rules
    }
}

public import Domain

/// What rules would have said of a history: the rules themselves, over looks that are made of it.
extension StayHistory {
    /// That a rule took notice of something, and since when it would have been reported.
    public struct Told: Sendable, Hashable {
        public let kind: AlertKind
        public let zone: String
        /// The number of the `Stay`.
        public let stay: Int
        /// Nil where it was inside, and not long enough.
        public let at: MediaTime?
    }

    /// Seconds between two looks; besides these there is one at each beginning and each last sight.
    private static let step = 4.0

    /// What the rules of these zones would have told of what is in `stays`, were they as they are now all the time. Rules that go
    /// by something else than what stands or lies say nothing (`RuleDescriptor.replay`).
    ///
    /// - Parameter minimumScore: see `ZoneRules.rules`.
    public func replay(_ zones: [(zone: Zone, rules: ZoneRules)], minimumScore: Double) -> [Told] {
        var set = RuleSet(
            zones.flatMap { zone, rules in
                ZoneRules(
                    Dictionary(
                        uniqueKeysWithValues: rules.kinds.filter { Rules[$0]?.replay != nil }.compactMap { kind in
                            rules[kind].map { (kind, $0) }
                        })
                ).rules(in: zone, minimumScore: minimumScore)
            })
        struct Key: Hashable {
            let kind: AlertKind
            let zone: String
            let place: Int
        }
        var found: [Key: MediaTime?] = [:]
        var previous: MediaTime?
        for time in looks {
            for finding in set.evaluate(look(at: time, after: previous)) {
                let key = Key(kind: finding.kind, zone: finding.zone, place: finding.place)
                let isTold = finding.phase == .standing || finding.phase == .hidden
                let known = found[key] ?? nil
                found.updateValue(known ?? (isTold ? time : nil), forKey: key)
            }
            previous = time
        }
        let numbers = Set(stays.map(\.number))
        return found.filter { numbers.contains($0.key.place) }
            .map { Told(kind: $0.key.kind, zone: $0.key.zone, stay: $0.key.place, at: $0.value) }
            .sorted { ($0.zone, $0.kind.rawValue, $0.stay) < ($1.zone, $1.kind.rawValue, $1.stay) }
    }

    /// The times of the looks that are made.
    private var looks: [MediaTime] {
        guard let begin, let end else { return [] }
        let earliest = max(begin, (standing + lying).map(\.found).min() ?? end)
        let grid = stride(from: earliest.seconds, through: end.seconds, by: Self.step)
        let sights = (standing + lying).flatMap { [$0.found, $0.lastSeen] }.map(\.seconds)
        return Set(Array(grid) + sights + [end.seconds]).sorted().map(MediaTime.init)
    }

    private func look(at time: MediaTime, after previous: MediaTime?) -> Observation {
        let there = { (stay: Stay) in stay.found <= time && stay.until.map { time < $0 } ?? true }
        let ended = { (stay: Stay) in
            stay.until.map { until in until <= time && previous.map { $0 < until } ?? true } ?? false
        }
        return Observation(
            scene: Scene(time: time, date: date(of: time), detections: [], picture: Self.blank),
            stationary: standing.filter(there).map { $0.standing(at: time, after: previous) },
            ended: standing.filter(ended).map { stay in
                .init(object: stay.standing(at: time, after: previous), at: stay.until ?? time)
            },
            objects: lying.filter(there).map { $0.lying(at: time) }
                + lying.filter(ended).map { stay in
                    var object = stay.lying(at: time)
                    object.presence = .gone(at: stay.until ?? time)
                    return object
                })
    }

    private static let blank = GreyImage(Plane(width: 1, height: 1))
}

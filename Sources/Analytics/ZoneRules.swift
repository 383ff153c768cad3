public import Domain

/// The settings of each kind that one zone is watched for. A kind without settings is not watched for.
public struct ZoneRules: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    private var settings: [AlertKind: any RuleSettings]

    public init(_ settings: [AlertKind: any RuleSettings] = [:]) { self.settings = settings }

    public init(dictionaryLiteral elements: (AlertKind, any RuleSettings)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }

    public subscript(kind: AlertKind) -> (any RuleSettings)? {
        get { settings[kind] }
        set { settings[kind] = newValue }
    }

    public var kinds: Set<AlertKind> { Set(settings.keys) }

    /// The inputs of all its rules.
    public var needs: RuleDescriptor.Needs {
        kinds.reduce(into: []) { $0.formUnion(Rules[$1]?.needs ?? []) }
    }

    /// For how long its rules can do without a look while nothing happens, in seconds: a tenth of the shortest dwell, ten at
    /// most; infinite without rules. Nil where one of them needs every look.
    ///
    /// - Parameter shed: kinds for which no look is promised.
    public func rest(without shed: Set<AlertKind> = []) -> Double? {
        let promised = settings.filter { !shed.contains($0.key) }
        guard promised.keys.allSatisfy({ Rules[$0]?.isPatient == true }) else { return nil }
        return promised.values.map { min(10, $0.dwell / 10) }.min() ?? .infinity
    }

    /// - Parameter minimumScore: least mean score of a vehicle's detections, 0…1.
    public func rules(in zone: Zone, minimumScore: Double) -> [any Rule] {
        let context = RuleDescriptor.Context(zone: zone, rules: self, minimumScore: minimumScore)
        return Rules.all.flatMap { rule in
            rule.kinds.sorted { $0.rawValue < $1.rawValue }.compactMap { kind in
                settings[kind].flatMap { rule.rule(kind, $0, context) }
            }
        }
    }

    public static func == (a: ZoneRules, b: ZoneRules) -> Bool { a.comparable == b.comparable }
    public func hash(into hasher: inout Hasher) { hasher.combine(comparable) }

    private var comparable: [AlertKind: AnyHashable] { settings.mapValues { AnyHashable($0) } }
}

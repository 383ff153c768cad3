public import Domain
public import Foundation

/// The description of a rule for the rest of the system: it stands beside the rule, and a line in `Rules.all` registers
/// it.
public struct RuleDescriptor: Sendable {
    /// The inputs of a rule besides the detections in whole pictures.
    public struct Needs: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Objects on the ground. The background is learnt in colour.
        public static let ground = Needs(rawValue: 1 << 0).union(.colour)
        public static let colour = Needs(rawValue: 1 << 1)
        /// Plumes and flames. Haze is recognised against a known background.
        public static let smoke = Needs(rawValue: 1 << 2).union(.ground)
        /// Motor vehicles, however small: parts of the picture are also detected enlarged. Where nothing else is needed, the
        /// detector may be one for vehicles.
        public static let vehicles = Needs(rawValue: 1 << 3)
    }

    /// What a rule goes by alone, so that its word on the past can be had of a `StayHistory`.
    public enum Replay: Sendable {
        /// Vehicles that stand.
        case standing
        /// Things on the ground.
        case lying
    }

    /// How long a restored open incident may go without being found again.
    public enum Grace: Sendable {
        /// A visible object is found in the first looks.
        case short
        /// The rule needs a while to find it again: a minute, or its dwell where that is longer.
        case long

        func seconds(threshold: Double) -> Double {
            switch self {
            case .short: Self.shortest
            case .long: max(Self.least, threshold)
            }
        }

        private static let shortest = 15.0
        private static let least = 60.0
    }

    /// The inputs of a rule besides its settings.
    public struct Context: Sendable {
        public let zone: Zone
        /// All rules of the zone.
        public let rules: ZoneRules
        /// Least mean score of a vehicle's detections, 0…1.
        public let minimumScore: Double
    }

    /// The kinds that the rule finds, in the order in which choices are listed. Each has a row in the catalogue.
    public let kinds: [AlertKind]
    public let needs: Needs
    /// The only surface for which the rule makes sense; nil for any.
    public let surface: Zone.Surface?
    /// Least overlap (IoU) of two boxes that show the same thing before and after a restart.
    public let sameness: Double
    public let grace: Grace
    /// Lesser kinds: they are silent about an object that this rule reports in a zone. One object is one alert.
    public let outranks: Set<AlertKind>
    /// The classifier of `models/heads` that describes the place of an alert; nil for none.
    public let looks: String?
    /// Whether it needs no more looks than tell when something came and whether it is still there.
    public let isPatient: Bool
    /// Nil where it goes by something else.
    public let replay: Replay?
    /// Seconds of dwell in a benchmark without one for the kind; nil for the benchmark's common dwell.
    public let trialDwell: Double?

    private let fields: @Sendable (AlertKind) -> [Field]
    private let read: @Sendable (AlertKind, Double?, TimeZone?, [String: FieldValue]) -> any RuleSettings
    private let make: @Sendable (AlertKind, any RuleSettings, Context) -> (any Rule)?

    /// - Parameters:
    ///   - fields: the configuration keys, in the order in which faults list them.
    ///   - standard: the default settings of a kind.
    ///   - make: creates the rule for one kind in one zone.
    init<Settings: RuleSettings>(
        _ kinds: [AlertKind], fields: [RuleField<Settings>], needs: Needs = [], surface: Zone.Surface? = nil,
        sameness: Double = 0.4, grace: Grace = .short, outranks: Set<AlertKind> = [], looks: String? = nil,
        isPatient: Bool = false, replay: Replay? = nil,
        trialDwell: Double? = nil, standard: @escaping @Sendable (AlertKind) -> Settings,
        make: @escaping @Sendable (AlertKind, Settings, Context) -> any Rule
    ) {
        self.kinds = kinds
        self.needs = needs
        self.surface = surface
        self.sameness = sameness
        self.grace = grace
        self.outranks = outranks
        self.looks = looks
        self.isPatient = isPatient
        self.replay = replay
        self.trialDwell = trialDwell
        self.fields = { kind in fields.map { $0.field(standard(kind)) } }
        read = { kind, dwell, timeZone, values in
            var settings = standard(kind)
            settings.dwell = dwell ?? settings.dwell
            if let timeZone { Self.place(&settings, in: timeZone) }
            for field in fields {
                if let value = values[field.key] { field.enter(value, &settings) }
            }
            return settings
        }
        self.make = { kind, settings, context in (settings as? Settings).map { make(kind, $0, context) } }
    }

    /// The configuration keys for `kind`.
    ///
    /// - Parameter dwell: the default in seconds; that of the catalogue for a file.
    public func fields(of kind: AlertKind, dwell: Double? = nil) -> [Field] {
        fields(kind).map { field in
            guard field.key == "dwell", let dwell else { return field }
            return field.defaulting(to: Field.spelled(dwell))
        }
    }

    /// The settings for `kind`: the defaults, overridden by the given values.
    ///
    /// - Parameters:
    ///   - dwell: seconds, where `values` has none.
    ///   - timeZone: of the windows, where `values` has none.
    ///   - values: by the keys of the fields; a value that does not have its field's form is ignored.
    public func settings(
        of kind: AlertKind, dwell: Double? = nil, timeZone: TimeZone? = nil, values: [String: FieldValue] = [:]
    ) -> any RuleSettings {
        read(kind, dwell, timeZone, values)
    }

    /// Nil where the settings belong to another rule.
    func rule(_ kind: AlertKind, _ settings: any RuleSettings, _ context: Context) -> (any Rule)? {
        make(kind, settings, context)
    }

    private static func place<Settings: RuleSettings>(_ settings: inout Settings, in timeZone: TimeZone) {
        guard var timed = settings as? any TimedRuleSettings else { return }
        timed.windows.timeZone = timeZone
        if let placed = timed as? Settings { settings = placed }
    }
}

public import Domain
public import Foundation

/// All that is to be known of a rule from outside: it stands beside the rule, and a line in `Rules.all` puts it to work.
public struct RuleDescriptor: Sendable {
    /// What a rule goes by, besides what the detector finds in whole pictures.
    public struct Needs: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// What lies on the ground. It is learnt in colour.
        public static let ground = Needs(rawValue: 1 << 0).union(.colour)
        public static let colour = Needs(rawValue: 1 << 1)
        /// Plumes and flames. What drifts is seen before a ground that is known.
        public static let smoke = Needs(rawValue: 1 << 2).union(.ground)
        /// Vehicles that are small in the zone: parts of the picture are looked at enlarged.
        public static let smallVehicles = Needs(rawValue: 1 << 3)
    }

    /// How long an incident that was open when the last run ended may go without being found again.
    public enum Grace: Sendable {
        /// What can be seen is found in the first looks.
        case short
        /// The rule needs a while to find again what it had found: a minute, or its dwell where that is longer.
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

    /// What a rule is made from, besides its settings.
    public struct Context: Sendable {
        public let zone: Zone
        /// All that the zone is watched for.
        public let rules: ZoneRules
        /// What the mean score of a vehicle's detections must reach, 0…1.
        public let minimumScore: Double
    }

    /// What the rule finds, in the order in which choices are listed. Each has a row in the catalogue.
    public let kinds: [AlertKind]
    public let needs: Needs
    /// The only ground that it makes sense on; nil for any.
    public let surface: Zone.Surface?
    /// Least overlap (IoU) of two boxes that show the same thing before and after a restart.
    public let sameness: Double
    public let grace: Grace
    /// Lesser kinds: where this rule speaks of a thing in a zone, they say nothing of it. One thing is one alert.
    public let outranks: Set<AlertKind>
    /// The head of `models/heads` that says what the place of an alert looks like; nil where none does.
    public let looks: String?
    /// Whether it needs no more looks than tell when something came and whether it is still there.
    public let isPatient: Bool
    /// Seconds of dwell in a benchmark that is given none for the kind; nil for those that it gives to all.
    public let trialDwell: Double?

    private let fields: @Sendable (AlertKind) -> [Field]
    private let read: @Sendable (AlertKind, Double?, TimeZone?, [String: FieldValue]) -> any RuleSettings
    private let make: @Sendable (AlertKind, any RuleSettings, Context) -> (any Rule)?

    /// - Parameters:
    ///   - fields: what the configuration takes, in the order in which faults list it.
    ///   - standard: the settings of a kind where nothing is said.
    ///   - make: the rule for one kind in one zone.
    init<Settings: RuleSettings>(
        _ kinds: [AlertKind], fields: [RuleField<Settings>], needs: Needs = [], surface: Zone.Surface? = nil,
        sameness: Double = 0.4, grace: Grace = .short, outranks: Set<AlertKind> = [], looks: String? = nil, isPatient: Bool = false,
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

    /// What the configuration takes for `kind`.
    ///
    /// - Parameter dwell: seconds, the default; the catalogue's for a file.
    public func fields(of kind: AlertKind, dwell: Double? = nil) -> [Field] {
        fields(kind).map { field in
            guard field.key == "dwell", let dwell else { return field }
            return field.defaulting(to: Field.spelled(dwell))
        }
    }

    /// The settings for `kind`: the defaults, and what is given in their place.
    ///
    /// - Parameters:
    ///   - dwell: seconds, where `values` has none.
    ///   - timeZone: of the hours, where `values` has none.
    ///   - values: by the keys of the fields; what is not in a field's form changes nothing.
    public func settings(
        of kind: AlertKind, dwell: Double? = nil, timeZone: TimeZone? = nil, values: [String: FieldValue] = [:]
    ) -> any RuleSettings {
        read(kind, dwell, timeZone, values)
    }

    /// Nil where the settings are those of another rule.
    func rule(_ kind: AlertKind, _ settings: any RuleSettings, _ context: Context) -> (any Rule)? {
        make(kind, settings, context)
    }

    private static func place<Settings: RuleSettings>(_ settings: inout Settings, in timeZone: TimeZone) {
        guard var timed = settings as? any TimedRuleSettings else { return }
        timed.windows.timeZone = timeZone
        if let placed = timed as? Settings { settings = placed }
    }
}

public import Domain

/// Where alerts go besides the broker, and what becomes of one that is refused.
public struct DeliverySettings: Sendable, Hashable {
    /// What becomes of an alert that its receiver refuses for good, as the file spells it.
    public enum Refusals: String, Sendable, CaseIterable {
        /// It is tried again, and all later ones wait behind it.
        case hold
        /// It becomes a dead letter, and the next one goes.
        case skip
    }

    /// In what form a receiver gets its alerts, as the file spells it.
    public enum Dialect: String, Sendable, CaseIterable {
        /// A CloudEvent, as on the broker.
        case native
        /// A flat map for a webhook trigger.
        case homeAssistant = "home_assistant"
    }

    /// An address that alerts are posted to.
    public struct Webhook: Sendable, Hashable {
        public var id: String
        /// `https://…` or `http://…`, without user and password. Its path may hold a secret: never print or send it.
        public var url: String
        /// Kinds and families such as `vending.*`; empty: all.
        public var kinds: [String] = []
        /// Each with all below it; empty: all.
        public var areas: [AreaCode] = []
        /// The name of a header whose value is the first line of `headerFile`; both or neither.
        public var header: String?
        public var headerFile: String?
        public var caFile: String?
        public var dialect = Dialect.native
        public var refusals = Refusals.hold
        /// Seconds, 1…120, for one attempt.
        public var timeout = 20

        public init(id: String, url: String) {
            self.id = id
            self.url = url
        }
    }

    /// What becomes of an alert that the broker refuses.
    public var refusals = Refusals.hold
    /// The ids differ.
    public var webhooks: [Webhook] = []

    public init() {}
}

/// Who may review alerts and send commands to the site.
public struct InboundSettings: Sendable, Hashable {
    /// A name as requests carry it, and where it may ask.
    public struct Party: Sendable, Hashable {
        public var by: String
        /// With everything below it; nil is everywhere.
        public var area: AreaCode?

        public init(by: String, area: AreaCode? = nil) {
            self.by = by
            self.area = area
        }
    }

    /// False: nothing is listened to.
    public var isEnabled = true
    /// Empty: everybody whom the broker lets write.
    public var reviewers: [Party] = []
    /// Empty: everybody whom the broker lets write.
    public var commanders: [Party] = []

    public init() {}
}

public import Domain

/// The receivers of alerts besides the broker, and the policy for refused ones.
public struct DeliverySettings: Sendable, Hashable {
    /// The policy for an alert that its receiver permanently refuses, as the file names it.
    public enum Refusals: String, Sendable, CaseIterable {
        /// It is tried again, and all later ones wait behind it.
        case hold
        /// It becomes a dead letter, and the next one is sent.
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
        /// `https://…` or `http://…`, without user and password. Its path may contain a secret: never print or send it.
        public var url: String
        /// Kinds and families such as `vending.*`; empty: all.
        public var kinds: [String] = []
        /// Each including everything below it; empty: all.
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

    /// The policy for an alert that the broker refuses.
    public var refusals = Refusals.hold
    /// Ids are unique.
    public var webhooks: [Webhook] = []

    public init() {}
}

/// Who may review alerts and send commands to the site.
public struct InboundSettings: Sendable, Hashable {
    /// False: no requests are accepted.
    public var isEnabled = true
    /// Who may, where requests are accepted.
    public var policy = AccessPolicy()

    public init() {}
}

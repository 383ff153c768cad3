public import Domain
public import Foundation

/// The retained state of a daemon.
public struct SiteReport: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable { case online, offline }

    /// Messages that were given up before any broker had them.
    public struct Dropped: Codable, Sendable, Hashable {
        public var messages: Int
        /// First and last sequence of each span; the newest 16 spans.
        public var sequences: [[Int64]]
    }

    /// The end of the audit log: who keeps it can prove later that the log was not written anew.
    public struct Audit: Codable, Sendable, Hashable {
        public var entries: Int64
        public var hash: String

        package init(entries: Int64, hash: String) {
            self.entries = entries
            self.hash = hash
        }
    }

    /// What the outbox knows of itself.
    package struct Facts: Hashable {
        let epoch: String
        let counts: OutboxCounts
        package let dropped: [ClosedRange<Int64>]
        package let evicted: EvictedEvidence
        package let tallies: [ReviewTally]
        let audit: Audit
        package let damaged: [String]
        package let sinks: [SinkReport]

        package init(
            epoch: String, counts: OutboxCounts, dropped: [ClosedRange<Int64>], evicted: EvictedEvidence,
            tallies: [ReviewTally], audit: Audit, damaged: [String], sinks: [SinkReport]
        ) {
            self.epoch = epoch
            self.counts = counts
            self.dropped = dropped
            self.evicted = evicted
            self.tallies = tallies
            self.audit = audit
            self.damaged = damaged
            self.sinks = sinks
        }
    }

    private static let mostSpans = 16
    /// Seconds from a report to the next, at most.
    public static let period = 60.0
    /// Seconds beyond that for the way, the broker and the two clocks.
    public static let grace = 60.0

    public var site: String
    public var state: State
    /// Nil in the last will: nobody knows when the connection will break.
    public var at: String?
    /// When the next report comes at the latest; only while it is online. A site that has let this pass by more than
    /// `grace` is lost, whatever its state says.
    public var nextAt: String?
    /// Of the last will: when the broken connection had been made.
    public var connected: String?
    public var software: String
    /// The generation of the site's store: another one than before counts its sequence from 1.
    public var epoch: String?
    public var lastSequence: Int64?
    public var undelivered: Int?
    /// Nil where all goes out.
    public var blocked: BlockedDelivery?
    /// Nil where nothing was.
    public var dropped: Dropped?
    /// Nil where none was.
    public var evictedEvidence: EvictedEvidence?
    /// Databases that were damaged and set aside, by name, until somebody takes them away; nil where there is none.
    public var damagedStores: [String]?
    /// What reviews say of each rule at each camera.
    public var reviews: [ReviewTally]?
    public var audit: Audit?
    /// The public key that signs the ledger of the evidence; nil where none is kept.
    public var ledgerKey: String?
    /// Requests that were refused since the daemon's start, by their class and reason; nil where none was.
    public var refusals: [String: [String: Int]]?

    /// What an operator should know besides: a disk that takes nothing, a folder that is gone; nil where all is well.
    public var warnings: [String]?
    /// Of the connection to the broker; nil without TLS.
    public var certificates: [Certificate]?
    /// Durable sinks beside the broker, and what the broker refused for good; nil where there is neither.
    public var sinks: [SinkReport]?
    /// How this site reaches the broker; nil in what is said for a site that is away.
    public var broker: BrokerLink?

    public struct Certificate: Codable, Sendable, Hashable {
        public var role: CertificateExpiry.Role
        public var notAfter: String
        /// Whole days, at the time of the report.
        public var daysLeft: Int

        private enum CodingKeys: String, CodingKey {
            case role
            case notAfter = "not_after"
            case daysLeft = "days_left"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case site, state, at, connected, software, epoch, undelivered, blocked, dropped, reviews, audit, certificates
        case warnings, refusals, broker, sinks
        case nextAt = "next_at"
        case lastSequence = "last_sequence"
        case ledgerKey = "ledger_key"
        case evictedEvidence = "evicted_evidence"
        case damagedStores = "damaged_stores"
    }

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(SiteReport.self, from: json) }

    package init(
        _ site: SiteIdentity, _ state: State, at: Date? = nil, connected: Date? = nil, facts: Facts? = nil,
        blocked: BlockedDelivery? = nil, certificates: [CertificateExpiry] = [], warnings: [String] = [],
        refusals: [String: [String: Int]] = [:], broker: BrokerLink? = nil, sinks: [SinkReport] = []
    ) {
        let zone = site.timeZone
        self.site = site.id
        self.state = state
        self.at = at.map { RFC3339.string(from: $0, in: zone) }
        self.connected = connected.map { RFC3339.string(from: $0, in: zone) }
        if state == .online, let at { nextAt = RFC3339.string(from: at.addingTimeInterval(Self.period), in: zone) }
        software = site.software
        ledgerKey = site.ledgerKey
        if !refusals.isEmpty { self.refusals = refusals }
        self.blocked = blocked
        if !warnings.isEmpty { self.warnings = warnings }
        self.broker = broker
        if !sinks.isEmpty { self.sinks = sinks.map { $0.bounded(to: Self.mostSpans) } }
        if let at, !certificates.isEmpty {
            self.certificates = certificates.map {
                Certificate(
                    role: $0.role, notAfter: RFC3339.string(from: $0.notAfter, in: zone), daysLeft: $0.daysLeft(at: at))
            }
        }
        guard let facts else { return }
        epoch = facts.epoch
        lastSequence = facts.counts.lastSequence
        undelivered = facts.counts.undelivered
        reviews = facts.tallies
        audit = facts.audit
        if !facts.damaged.isEmpty { damagedStores = facts.damaged }
        if facts.evicted.incidents > 0 { evictedEvidence = facts.evicted }
        guard !facts.dropped.isEmpty else { return }
        dropped = Dropped(
            messages: facts.dropped.reduce(0) { $0 + $1.count },
            sequences: facts.dropped.suffix(Self.mostSpans).map { [$0.lowerBound, $0.upperBound] })
    }
}

/// How the broker is reached: which one, and what it does not take.
public struct BrokerLink: Codable, Sendable, Hashable {
    /// Host and port.
    public var address: String
    /// The version of MQTT: 5 or 3.1.1.
    public var version: String
    /// Retained topics that are left out because of the broker: `site`, `camera`, `open`, or one topic; nil where none are.
    public var omits: [String]?
    /// Filters that the broker refuses, the first 16: requests that come there are not heard. They are asked for again; nil
    /// where all are taken.
    public var unheard: [String]?
    /// Why the connection broke of late, where that may happen again; nil once it has held for a while.
    public var trouble: String?

    package init(
        address: String, version: String, omits: [String]? = nil, unheard: [String]? = nil, trouble: String? = nil
    ) {
        self.address = address
        self.version = version
        self.omits = omits
        self.unheard = unheard
        self.trouble = trouble
    }

    private enum CodingKeys: String, CodingKey {
        case address, omits, trouble, unheard
        case version = "protocol"
    }
}

/// The message that the broker refuses, and behind which all others wait, so that they come in sequence.
public struct BlockedDelivery: Codable, Sendable, Hashable {
    public var topic: String
    public var sequence: Int64
    /// Of the store that counted it, where that is another one than the present store; nil otherwise.
    public var epoch: String?
    /// The broker's word.
    public var reason: String

    /// - Parameter topic: as the broker has it.
    package init(_ message: AlertMessage, topic: String, reason: String) {
        (sequence, epoch) = message.name
        self.topic = topic
        self.reason = reason
    }
}

/// Until when a certificate of the connection to the broker holds.
public struct CertificateExpiry: Codable, Sendable, Hashable {
    public enum Role: String, Codable, Sendable {
        /// This site's own.
        case client
        /// The broker's, as it showed it.
        case broker
        /// Of those that signed the broker's, the one that ends first.
        case authority
    }

    public let role: Role
    public let notAfter: Date

    public init(_ role: Role, notAfter: Date) {
        self.role = role
        self.notAfter = notAfter
    }

    /// Whole days that are left; negative once it has expired.
    public func daysLeft(at now: Date) -> Int { Int((notAfter.timeIntervalSince(now) / 86_400).rounded(.down)) }
}

/// How much evidence was deleted before its time because its budget was spent, since the site began.
public struct EvictedEvidence: Codable, Sendable, Hashable {
    public var incidents: Int
    public var bytes: Int

    public init(incidents: Int, bytes: Int) {
        self.incidents = incidents
        self.bytes = bytes
    }
}

/// What the outbox holds.
public struct OutboxCounts: Sendable, Hashable {
    public var undelivered: Int
    public var delivered: Int
    /// Of all payloads, delivered or not.
    public var bytes: Int
    public var openIncidents: Int
    /// Of the newest message ever written; 0 before the first.
    public var lastSequence: Int64

    package init(undelivered: Int, delivered: Int, bytes: Int, openIncidents: Int, lastSequence: Int64) {
        self.undelivered = undelivered
        self.delivered = delivered
        self.bytes = bytes
        self.openIncidents = openIncidents
        self.lastSequence = lastSequence
    }
}

/// What reviews say of one rule at one camera; each incident counts once, by its newest verdict.
public struct ReviewTally: Codable, Sendable, Hashable {
    public let camera: String
    public let kind: AlertKind
    /// `confirmed` or `handled`.
    public let right: Int
    /// `false_positive` or `wrong_kind`.
    public let wrong: Int
    /// Verdicts that do not say: `duplicate`, `out_of_scope`, `insufficient_evidence`.
    public let open: Int

    package init(camera: String, kind: AlertKind, right: Int, wrong: Int, open: Int) {
        self.camera = camera
        self.kind = kind
        self.right = right
        self.wrong = wrong
        self.open = open
    }

    /// The share of judged alerts that were right, 0…1; nil before the first judgement.
    public var precision: Double? { right + wrong > 0 ? Double(right) / Double(right + wrong) : nil }
}

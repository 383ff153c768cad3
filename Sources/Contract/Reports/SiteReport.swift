public import Domain
public import Foundation

/// The retained state of a daemon.
public struct SiteReport: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable { case online, offline }

    /// Messages that were dropped before any broker had them.
    public struct Dropped: Codable, Sendable, Hashable {
        public var messages: Int
        /// First and last sequence of each span; the newest 16 spans.
        public var sequences: [[Int64]]
    }

    /// The end of the audit log: a copy can prove later that the log was not rewritten.
    public struct Audit: Codable, Sendable, Hashable {
        public var entries: Int64
        public var hash: String

        package init(entries: Int64, hash: String) {
            self.entries = entries
            self.hash = hash
        }
    }

    /// The part of the report that the outbox provides.
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
    /// Longest time from one report to the next, in seconds.
    public static let period = 60.0
    /// Seconds to add for transport, the broker and the difference of the two clocks.
    public static let grace = 60.0

    public var site: String
    public var state: State
    /// Nil in the last will: the time of the disconnection is not known in advance.
    public var at: String?
    /// The latest time of the next report; only while online. A site that exceeds this by more than `grace` is lost,
    /// whatever its state says.
    public var nextAt: String?
    /// In a last will: when the connection was made.
    public var connected: String?
    public var software: String
    /// The generation of the site's store: with a new one the sequence restarts at 1.
    public var epoch: String?
    public var lastSequence: Int64?
    public var undelivered: Int?
    /// Nil while messages are delivered.
    public var blocked: BlockedDelivery?
    /// Nil where there are none.
    public var dropped: Dropped?
    /// Nil where there is none.
    public var evictedEvidence: EvictedEvidence?
    /// Names of renamed damaged databases, until they are removed; nil where there is none.
    public var damagedStores: [String]?
    /// The reviews of each rule at each camera.
    public var reviews: [ReviewTally]?
    public var audit: Audit?
    /// The public key that signs the evidence ledger; nil where none is kept.
    public var ledgerKey: String?
    /// Requests refused since the daemon's start, by their class and reason; nil where there are none.
    public var refusals: [String: [String: Int]]?

    /// Other conditions that an operator should know: a disk that accepts no writes, a missing folder; nil where there
    /// are none.
    public var warnings: [String]?
    /// Kinds that no look is promised for, since there is more to look at than time, the least severe first; nil where there are
    /// none.
    public var shedding: [String]?
    /// Of the connection to the broker; nil without TLS.
    public var certificates: [Certificate]?
    /// Durable sinks beside the broker, and the broker's permanent refusals; nil where there is neither.
    public var sinks: [SinkReport]?
    /// The connection of this site to the broker; nil in the last will.
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
        case warnings, shedding, refusals, broker, sinks
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
        shedding: [String] = [], refusals: [String: [String: Int]] = [:], broker: BrokerLink? = nil,
        sinks: [SinkReport] = []
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
        if !shedding.isEmpty { self.shedding = shedding }
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

/// The connection to the broker, and what it does not accept.
public struct BrokerLink: Codable, Sendable, Hashable {
    /// Host and port.
    public var address: String
    /// The version of MQTT: 5 or 3.1.1.
    public var version: String
    /// Retained topics that are left out because of the broker: `site`, `camera`, `open`, or one topic; nil where there
    /// are none.
    public var omits: [String]?
    /// Filters that the broker refuses, the first 16: requests on them are not received. They are requested again; nil
    /// where all are accepted.
    public var unheard: [String]?
    /// Why the connection broke recently, where that may happen again; nil once it has held for a while.
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

/// The message that the broker refuses; all others wait behind it, to stay in sequence.
public struct BlockedDelivery: Codable, Sendable, Hashable {
    public var topic: String
    public var sequence: Int64
    /// Of the store that the sequence belongs to, where that is not the present one; nil otherwise.
    public var epoch: String?
    /// The broker's reason.
    public var reason: String

    /// - Parameter topic: as sent to the broker.
    package init(_ message: AlertMessage, topic: String, reason: String) {
        (sequence, epoch) = message.name
        self.topic = topic
        self.reason = reason
    }
}

/// The expiry of a certificate of the connection to the broker.
public struct CertificateExpiry: Codable, Sendable, Hashable {
    public enum Role: String, Codable, Sendable {
        /// The site's own.
        case client
        /// The broker's own.
        case broker
        /// Of the certificates that signed the broker's, the one that expires first.
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

/// How much evidence was deleted early because its budget was exceeded, since the first start of the site.
public struct EvictedEvidence: Codable, Sendable, Hashable {
    public var incidents: Int
    public var bytes: Int

    public init(incidents: Int, bytes: Int) {
        self.incidents = incidents
        self.bytes = bytes
    }
}

/// The content of the outbox.
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

/// The reviews of one rule at one camera; each incident counts once, by its newest verdict.
public struct ReviewTally: Codable, Sendable, Hashable {
    public let camera: String
    public let kind: AlertKind
    /// `confirmed` or `handled`.
    public let right: Int
    /// `false_positive` or `wrong_kind`.
    public let wrong: Int
    /// Undecided verdicts: `duplicate`, `out_of_scope`, `insufficient_evidence`.
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

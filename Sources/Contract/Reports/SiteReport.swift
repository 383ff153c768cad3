package import Domain
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

public import Foundation

/// The state of a durable sink: its position, missed messages, and current trouble. The one called `broker` is included
/// only where the broker has permanently refused something; its waiting messages are reported elsewhere.
public struct SinkReport: Codable, Sendable, Hashable {
    /// Why nothing is delivered to a sink.
    public struct Trouble: Codable, Sendable, Hashable {
        public var reason: String
        /// The sink refuses this very message; false where it is unreachable or busy.
        public var refused: Bool
        /// Of the next message.
        public var sequence: Int64
        /// RFC 3339.
        public var since: String

        public init(reason: String, refused: Bool, sequence: Int64, since: String) {
            self.reason = reason
            self.refused = refused
            self.sequence = sequence
            self.since = since
        }
    }

    public var name: String
    /// Messages that it has not finished, including those it will skip; nil for the broker.
    public var waiting: Int?
    /// First and last sequence of each span that was evicted before the sink had it; nil where there is none. In the
    /// site's state the newest 16.
    public var missed: [[Int64]]?
    /// Number of messages that it permanently refused and that were skipped; nil where there is none.
    public var deadLetters: Int?
    /// Nil while messages are delivered.
    public var trouble: Trouble?

    public init(
        name: String, waiting: Int? = nil, missed: [[Int64]]? = nil, deadLetters: Int? = nil, trouble: Trouble? = nil
    ) {
        self.name = name
        self.waiting = waiting
        self.missed = missed
        self.deadLetters = deadLetters
        self.trouble = trouble
    }

    private enum CodingKeys: String, CodingKey {
        case name, waiting, missed, trouble
        case deadLetters = "dead_letters"
    }

    /// The sum over all spans.
    public var missedMessages: Int64 { missed?.reduce(0) { $0 + $1[1] - $1[0] + 1 } ?? 0 }

    /// With the newest spans only.
    package func bounded(to spans: Int) -> SinkReport {
        var report = self
        report.missed = missed.map { Array($0.suffix(spans)) }
        return report
    }

    /// Reads the key in both forms: the status of a site is read with keys converted from snake case.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        name = try keys.decode(String.self, forKey: .name)
        waiting = try keys.decodeIfPresent(Int.self, forKey: .waiting)
        missed = try keys.decodeIfPresent([[Int64]].self, forKey: .missed)
        deadLetters =
            try keys.decodeIfPresent(Int.self, forKey: .deadLetters)
            ?? decoder.container(keyedBy: OtherKeys.self).decodeIfPresent(Int.self, forKey: .deadLetters)
        trouble = try keys.decodeIfPresent(Trouble.self, forKey: .trouble)
    }

    private enum OtherKeys: String, CodingKey { case deadLetters }

    /// The part whose change is worth a report of its own: not the number of waiting messages, which changes with each
    /// message.
    package var news: SinkReport {
        var news = self
        news.waiting = nil
        return news
    }
}

/// When a message was written and when a broker acknowledged it.
public struct DeliveryReceipt: Sendable, Hashable {
    public let sequence: Int64
    public let id: String
    public let written: Date
    /// The moment of the broker's PUBACK; nil while it waits.
    public let acknowledged: Date?

    package init(sequence: Int64, id: String, written: Date, acknowledged: Date?) {
        self.sequence = sequence
        self.id = id
        self.written = written
        self.acknowledged = acknowledged
    }
}

/// The sequences that a site has written, and their state.
public struct GapReport: Sendable, Hashable {
    /// Of the newest message ever written; 0 before the first.
    public let lastSequence: Int64
    /// No longer held: delivered and deleted, or dropped.
    public let missing: [ClosedRange<Int64>]
    /// Dropped before any broker had them: lost.
    public let dropped: [ClosedRange<Int64>]
    /// Held, and not delivered to a broker yet.
    public let undelivered: [ClosedRange<Int64>]

    package init(
        lastSequence: Int64, missing: [ClosedRange<Int64>], dropped: [ClosedRange<Int64>],
        undelivered: [ClosedRange<Int64>]
    ) {
        self.lastSequence = lastSequence
        self.missing = missing
        self.dropped = dropped
        self.undelivered = undelivered
    }
}

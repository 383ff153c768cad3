public import Contract
public import Foundation
import GRDB

/// Retention periods of the outbox.
extension Outbox {
    /// Nil before it was first saved.
    public func retentionClock() throws(OutboxError) -> RetentionClock? {
        try Self.explaining("read since when the date is believed") {
            let state = try pool.read { try Data.fetchOne($0, sql: "SELECT state FROM retention") }
            return state.flatMap { try? JSONDecoder().decode(RetentionClock.self, from: $0) }
        }
    }

    public func save(_ clock: RetentionClock) throws(OutboxError) {
        try Self.explaining("write since when the date is believed") {
            let state = try JSONEncoder().encode(clock)
            try pool.write { try $0.execute(sql: "UPDATE retention SET state = ?", arguments: [state]) }
        }
    }

    /// Entries with an impossible date, before this software was written or in the future, age from now on.
    public func redate(at now: Date) throws(OutboxError) {
        try Self.explaining("correct impossible dates") {
            try pool.write { db in
                let latest = now.addingTimeInterval(RetentionClock.largestStep).timeIntervalSince1970
                let earliest = RetentionClock.earliest.timeIntervalSince1970
                for (table, column) in [
                    ("messages", "delivered_at"), ("requests", "received"), ("reviews", "received"),
                ] {
                    try db.execute(
                        sql: "UPDATE \(table) SET \(column) = ? WHERE \(column) < ? OR \(column) > ?",
                        arguments: [now.timeIntervalSince1970, earliest, latest])
                }
            }
        }
    }

    /// Deletes the oldest entries of the audit log and the oldest answered requests beyond these numbers; the chain of
    /// the log continues.
    ///
    /// Returns the number of deleted entries of the log.
    @discardableResult
    public func limit(auditEntries: Int, requests: Int) throws(OutboxError) -> Int {
        try Self.explaining("keep the audit log to its limit") {
            try pool.write { db in
                try db.execute(
                    sql: """
                        DELETE FROM requests WHERE answered AND received < \
                        (SELECT received FROM requests ORDER BY received DESC LIMIT 1 OFFSET ?)
                        """, arguments: [max(0, requests - 1)])
                let oldest = try Self.newest(db).number - Int64(auditEntries)
                return try Self.deleteAudit(through: oldest, db)
            }
        }
    }
}

extension Outbox {
    /// For monitoring, all values of one moment.
    public func standing() throws(OutboxError) -> OutboxStanding {
        try Self.explaining("read how the outbox stands") {
            try pool.read { db in
                let oldest = try Double.fetchOne(
                    db, sql: "SELECT created FROM messages WHERE delivered_at IS NULL ORDER BY sequence LIMIT 1")
                let open = try Row.fetchAll(
                    db, sql: "SELECT camera, COUNT(*) AS open FROM incidents WHERE open GROUP BY camera")
                return OutboxStanding(
                    epoch: epoch, counts: try Self.counts(db),
                    oldestUndelivered: oldest.map(Date.init(timeIntervalSince1970:)),
                    openIncidents: Dictionary(uniqueKeysWithValues: open.map { ($0["camera"], $0["open"]) }),
                    tallies: try Self.tallies(db), evicted: try Self.evicted(db), damaged: damaged,
                    sinks: try Self.sinkReports(db))
            }
        }
    }
}

/// The state of the outbox at one moment.
public struct OutboxStanding: Sendable, Hashable {
    public let epoch: String
    public let counts: OutboxCounts
    /// When the oldest message without an acknowledgement was written; nil where there is none.
    public let oldestUndelivered: Date?
    /// By camera id; cameras without any are left out.
    public let openIncidents: [String: Int]
    public let tallies: [ReviewTally]
    public let evicted: EvictedEvidence
    /// Renamed damaged databases.
    public let damaged: [String]
    /// Without their current trouble.
    public let sinks: [SinkReport]
}

/// The size limits of the outbox.
public struct OutboxBudget: Sendable, Hashable {
    public var messages: Int
    /// Of payloads; the file itself is somewhat larger.
    public var bytes: Int

    public init(messages: Int = 200_000, bytes: Int = 512 << 20) {
        self.messages = messages
        self.bytes = bytes
    }
}

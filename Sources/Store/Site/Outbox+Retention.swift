public import Foundation
import GRDB

/// What the outbox keeps for how long.
extension Outbox {
    /// As it was last saved; nil before the first time.
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

    /// What carries a date that cannot be right, before this software was written or to come, ages from now on.
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
    /// the log goes on.
    ///
    /// Returns how many entries of the log went.
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

package import Contract
import Foundation
package import GRDB

/// Stored messages that are sent again on request.
extension Outbox {
    /// Most replays that may wait.
    private static let mostReplays = 8

    /// Enqueues a replay; returns how many messages it will send and what is missing.
    package static func enqueueReplay(
        _ span: ClosedRange<Int64>, _ db: Database
    ) throws -> (messages: Int, missing: [ClosedRange<Int64>]) {
        guard try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM replays") ?? 0 < mostReplays else {
            throw Rejection(.busy, "\(mostReplays) replays are under way: ask again when they are done")
        }
        let last = min(span.upperBound, try lastSequence(db))
        let count = try Int.fetchOne(
            db,
            sql: "SELECT COUNT(*) FROM messages WHERE sequence BETWEEN ? AND ? AND delivered_at IS NOT NULL",
            arguments: [span.lowerBound, last])
        if let count, count > 0 {
            try db.execute(
                sql: "INSERT INTO replays (next, last) VALUES (?, ?)", arguments: [span.lowerBound, last])
        }
        return (count ?? 0, try missing(in: span.lowerBound, through: last, db))
    }

    /// The next delivered messages of the oldest replay that continues after `position`; empty where it has ended.
    package func replayed(
        limit: Int, after position: DeliveryProgress.Replay? = nil
    ) throws(OutboxError) -> (number: Int64, messages: [AlertMessage])? {
        try Self.explaining("read messages to be sent again") {
            try pool.read { db in
                let oldest = position.map { $0.next == nil ? $0.number + 1 : $0.number } ?? 0
                let sql = "SELECT * FROM replays WHERE number >= ? ORDER BY number LIMIT 1"
                guard let row = try Row.fetchOne(db, sql: sql, arguments: [oldest]) else { return nil }
                let (number, stored, last): (Int64, Int64, Int64) = (row["number"], row["next"], row["last"])
                let next = position?.number == number ? position?.next ?? stored : stored
                let messages = try OutboxSchema.messages(
                    db, where: "sequence BETWEEN ? AND ? AND delivered_at IS NOT NULL ORDER BY sequence LIMIT ?",
                    arguments: [next, last, limit])
                return (number, messages)
            }
        }
    }

    static func advance(_ replay: DeliveryProgress.Replay, at date: Date, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM replays WHERE number < ?", arguments: [replay.number])
        if let next = replay.next {
            try db.execute(sql: "UPDATE replays SET next = ? WHERE number = ?", arguments: [next, replay.number])
        } else {
            try db.execute(sql: "DELETE FROM replays WHERE number = ?", arguments: [replay.number])
        }
        guard let skipped = replay.skipped else { return }
        let facts = ["messages": "\(skipped.messages)", "reason": skipped.reason]
        try audit(.replayIncomplete, by: "", facts: facts, at: date, db)
    }
}

import GRDB

/// Stored messages that are sent again on request.
extension Outbox {
    /// That may wait at a time.
    private static let mostReplays = 8

    /// Puts a replay in line; returns how many messages it will send and what is missing.
    static func enqueueReplay(
        _ span: ClosedRange<Int64>, _ db: Database
    ) throws -> (messages: Int, missing: [ClosedRange<Int64>]) {
        guard try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM replays") ?? 0 < mostReplays else {
            throw Refusal(.busy, "\(mostReplays) replays are under way: ask again when they are done")
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

    /// The next delivered messages of the oldest replay, marked as sent again; empty where none waits.
    func replayed(limit: Int) throws(OutboxError) -> (number: Int64, messages: [AlertMessage])? {
        try Self.explaining("read messages to be sent again") {
            try pool.read { db in
                guard let row = try Row.fetchOne(db, sql: "SELECT * FROM replays ORDER BY number LIMIT 1") else {
                    return nil
                }
                let (next, last): (Int64, Int64) = (row["next"], row["last"])
                let messages = try OutboxSchema.messages(
                    db, where: "sequence BETWEEN ? AND ? AND delivered_at IS NOT NULL ORDER BY sequence LIMIT ?",
                    arguments: [next, last, limit])
                return (row["number"], messages)
            }
        }
    }

    /// The replay goes on after `sequence`; nil ends it.
    func advanceReplay(_ number: Int64, after sequence: Int64?) throws(OutboxError) {
        try Self.explaining("go on with a replay") {
            try pool.write { db in
                if let sequence {
                    try db.execute(
                        sql: "UPDATE replays SET next = ? WHERE number = ?", arguments: [sequence + 1, number])
                } else {
                    try db.execute(sql: "DELETE FROM replays WHERE number = ?", arguments: [number])
                }
            }
        }
    }
}

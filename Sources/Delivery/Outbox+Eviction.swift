public import Foundation
import GRDB

/// What goes when the budget is spent, in this order, the oldest of each first:
///
/// 1. what was delivered, except
/// 2. the newest delivered message of each open incident, which is retained,
/// 3. what no broker has; its sequences are kept and told.
extension Outbox {
    private static let newestOfOpen = """
        SELECT MAX(m.sequence) FROM messages m JOIN incidents i ON i.id = m.subject \
        WHERE i.open AND m.delivered_at IS NOT NULL GROUP BY m.subject
        """
    private static let order = [
        "delivered_at IS NOT NULL AND sequence NOT IN (\(newestOfOpen))", "delivered_at IS NOT NULL",
        "delivered_at IS NULL",
    ]

    /// - Parameter keeping: the message that has just been written.
    static func evict(to budget: OutboxBudget, keeping newest: Int64, _ db: Database) throws {
        for (index, condition) in order.enumerated() {
            guard let totals = try Row.fetchOne(db, sql: "SELECT messages, bytes FROM totals") else { return }
            let (messages, bytes): (Int, Int) = (totals["messages"], totals["bytes"])
            let excess = (messages: messages - budget.messages, bytes: bytes - budget.bytes)
            guard excess.messages > 0 || excess.bytes > 0 else { return }
            var doomed: [Int64] = []
            var freed = 0
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT sequence, LENGTH(payload) AS bytes FROM messages \
                    WHERE \(condition) AND sequence <> ? ORDER BY sequence
                    """, arguments: [newest])
            while doomed.count < excess.messages || freed < excess.bytes, let row = try rows.next() {
                doomed.append(row["sequence"])
                freed += row["bytes"] as Int
            }
            try delete(doomed, db)
            if index == order.count - 1 { for sequence in doomed { try noteDrop(sequence, db) } }
        }
    }

    /// Returns how many messages went.
    static func evictDelivered(atMost count: Int, _ db: Database) throws -> Int {
        let doomed = try Int64.fetchAll(
            db, sql: "SELECT sequence FROM messages WHERE \(order[0]) ORDER BY sequence LIMIT ?", arguments: [count])
        try delete(doomed, db)
        return doomed.count
    }

    private static func delete(_ sequences: [Int64], _ db: Database) throws {
        let statement = try db.makeStatement(sql: "DELETE FROM messages WHERE sequence = ?")
        for sequence in sequences { try statement.execute(arguments: [sequence]) }
    }

    /// Drops go upwards: mostly the newest span grows by one.
    private static func noteDrop(_ sequence: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE drops SET last = ? WHERE last = ? AND NOT audited", arguments: [sequence, sequence - 1])
        if db.changesCount == 0 {
            try db.execute(sql: "INSERT INTO drops VALUES (?, ?, 0)", arguments: [sequence, sequence])
        }
    }

    /// Writes to the audit log what was dropped since the last call.
    public func auditDrops(at date: Date = Date()) throws(OutboxError) {
        try Self.explaining("write what was dropped to the audit log") {
            try pool.write { db in
                let rows = try Row.fetchAll(db, sql: "SELECT first, last FROM drops WHERE NOT audited ORDER BY first")
                for row in rows {
                    let (first, last): (Int64, Int64) = (row["first"], row["last"])
                    let facts = [
                        "first": "\(first)", "last": "\(last)", "reason": "the budget of the outbox was spent",
                    ]
                    try Self.audit(.messagesDropped, by: "", facts: facts, at: date, db)
                }
                try db.execute(sql: "UPDATE drops SET audited = 1")
            }
        }
    }

    /// What was written and is not here any more, and what no broker has had.
    public func gapReport() throws(OutboxError) -> GapReport {
        try Self.explaining("look for gaps") {
            try pool.read { db in
                let last = try Self.lastSequence(db)
                return GapReport(
                    lastSequence: last, missing: try Self.missing(in: 1, through: last, db),
                    dropped: try Self.drops(db), undelivered: try Self.undelivered(db))
            }
        }
    }

    /// When the broker acknowledged each message of a span; nil for those that wait.
    public func receipts(from first: Int64, through last: Int64) throws(OutboxError) -> [DeliveryReceipt] {
        try Self.explaining("read the receipts \(first) to \(last)") {
            try pool.read { db in
                let sql = """
                    SELECT sequence, id, created, delivered_at FROM messages \
                    WHERE sequence BETWEEN ? AND ? ORDER BY sequence
                    """
                return try Row.fetchAll(db, sql: sql, arguments: [first, last]).map { row in
                    let acknowledged: Double? = row["delivered_at"]
                    return DeliveryReceipt(
                        sequence: row["sequence"], id: row["id"], written: Date(timeIntervalSince1970: row["created"]),
                        acknowledged: acknowledged.map(Date.init(timeIntervalSince1970:)))
                }
            }
        }
    }

    /// Spans of sequences within `first…last` that the outbox does not hold.
    static func missing(in first: Int64, through last: Int64, _ db: Database) throws -> [ClosedRange<Int64>] {
        guard first <= last else { return [] }
        let sql = """
            SELECT sequence + 1 AS first, following - 1 AS last FROM (
                SELECT sequence, LEAD(sequence, 1, \(last + 1)) OVER (ORDER BY sequence) AS following FROM (
                    SELECT \(first - 1) AS sequence UNION ALL
                    SELECT sequence FROM messages WHERE sequence BETWEEN \(first) AND \(last)))
            WHERE following > sequence + 1 ORDER BY first
            """
        return try spans(sql, db)
    }

    static func drops(_ db: Database) throws -> [ClosedRange<Int64>] {
        try spans("SELECT first, last FROM drops ORDER BY first", db)
    }

    private static func undelivered(_ db: Database) throws -> [ClosedRange<Int64>] {
        let sql = """
            SELECT MIN(sequence) AS first, MAX(sequence) AS last FROM (
                SELECT sequence, sequence - ROW_NUMBER() OVER (ORDER BY sequence) AS island
                FROM messages WHERE delivered_at IS NULL)
            GROUP BY island ORDER BY first
            """
        return try spans(sql, db)
    }

    private static func spans(_ sql: String, _ db: Database) throws -> [ClosedRange<Int64>] {
        try Row.fetchAll(db, sql: sql).compactMap { row in
            let (first, last): (Int64, Int64) = (row["first"], row["last"])
            return first <= last ? first...last : nil
        }
    }
}

public import Contract
public import Foundation
import GRDB

/// The order of eviction when the budget is exceeded, the oldest of each first:
///
/// 1. messages delivered to broker and sinks, except those with a pending picture, and
/// 2. then those; but not the newest delivered message of each open incident, which is retained,
/// 3. messages that the broker has and another sink lacks, with the same exception; their sequences are recorded and
///    reported;
/// 4. the exceptions;
/// 5. messages that no broker has; their sequences are recorded as well; and at the very last
/// 6. the newest message of each open incident, without which the incident would be unknown to subscribers.
///
/// Runs for every message while the broker is unreachable, so it never scans what is kept.
extension Outbox {
    /// The message is not the newest one of an open incident among those of `condition`. Evaluated for each candidate,
    /// oldest first, so that the cost depends on the evicted messages, not on the kept ones.
    private static func isNotNewestOfOpen(_ condition: String) -> String {
        """
        (NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = messages.subject AND i.open) \
        OR EXISTS (SELECT 1 FROM messages n \
        WHERE n.subject = messages.subject AND n.sequence > messages.sequence AND n.\(condition)))
        """
    }
    private static let delivered = "INDEXED BY messages_delivered WHERE delivered_at IS NOT NULL"
    private static let waiting = "INDEXED BY messages_undelivered WHERE delivered_at IS NULL"
    /// No sink's cursor is behind this message.
    private static let everywhere = "sequence <= IFNULL((SELECT MIN(cursor) FROM sinks), \(Int64.max))"
    private static let order = [
        """
        \(delivered) AND \(everywhere) AND \(isNotNewestOfOpen("delivered_at IS NOT NULL")) \
        AND sequence NOT IN (SELECT sequence FROM pictures WHERE done IS NULL)
        """,
        "\(delivered) AND \(everywhere) AND \(isNotNewestOfOpen("delivered_at IS NOT NULL"))",
        "\(delivered) AND \(isNotNewestOfOpen("delivered_at IS NOT NULL"))",
        delivered,
        "\(waiting) AND \(isNotNewestOfOpen("sequence IS NOT NULL"))",
        waiting,
    ]
    /// From this index on an eviction is a loss.
    private static let undelivered = 4

    /// - Parameter keeping: the message that has just been written.
    static func evict(to budget: OutboxBudget, keeping newest: Int64, _ db: Database) throws {
        for (index, condition) in order.enumerated() {
            // Runs for every message while the broker is unreachable: parsing the SQL would cost more than the query.
            let sum = try db.cachedStatement(sql: "SELECT messages, bytes FROM totals")
            guard let totals = try Row.fetchOne(sum) else { return }
            let (messages, bytes): (Int, Int) = (totals["messages"], totals["bytes"])
            let excess = (messages: messages - budget.messages, bytes: bytes - budget.bytes)
            guard excess.messages > 0 || excess.bytes > 0 else { return }
            var doomed: [Int64] = []
            var freed = 0
            let candidates = try db.cachedStatement(
                sql: """
                    SELECT sequence, LENGTH(payload) AS bytes FROM messages \
                    \(condition) AND sequence <> ? ORDER BY sequence
                    """)
            let rows = try Row.fetchCursor(candidates, arguments: [newest])
            while doomed.count < excess.messages || freed < excess.bytes, let row = try rows.next() {
                doomed.append(row["sequence"])
                freed += row["bytes"] as Int
            }
            if index >= undelivered { try noteDrops(doomed, db) }
            try delete(doomed, db)
        }
    }

    /// Returns the number of deleted messages.
    static func evictDelivered(atMost count: Int, _ db: Database) throws -> Int {
        // Last, messages that a sink lacks: its receiver must not keep new alerts from the disk.
        for condition in order.prefix(3) {
            let sql = "SELECT sequence FROM messages \(condition) ORDER BY sequence LIMIT ?"
            let doomed = try Int64.fetchAll(db, sql: sql, arguments: [count])
            guard doomed.isEmpty else {
                try delete(doomed, db)
                return doomed.count
            }
        }
        return 0
    }

    /// Of the messages that a broker has and that are not marked yet: all but the newest message of each open incident.
    static func evict(acknowledged sequences: some Sequence<Int64>, _ db: Database) throws -> Int {
        let isNeeded = """
            SELECT 1 FROM messages m JOIN incidents i ON i.id = m.subject WHERE m.sequence = ?1 AND i.open \
            AND NOT EXISTS (SELECT 1 FROM messages n WHERE n.subject = m.subject AND n.sequence > m.sequence) \
            UNION ALL SELECT 1 FROM sinks WHERE cursor < ?1
            """
        let doomed = try sequences.filter { try Int.fetchOne(db, sql: isNeeded, arguments: [$0]) == nil }
        try delete(doomed, db)
        return doomed.count
    }

    /// Deletes and records a message that this broker can never accept.
    static func drop(_ sequence: Int64, reason: String, at date: Date, _ db: Database) throws {
        let condition = "sequence = ?"
        guard let message = try OutboxSchema.messages(db, where: condition, arguments: [sequence]).first else { return }
        try delete([sequence], db)
        try db.execute(sql: "INSERT OR IGNORE INTO drops VALUES (?, ?, 1)", arguments: [sequence, sequence])
        try audit(drop: [message.name], reason: reason, at: date, db)
    }

    /// - Parameter names: of one store, in their order.
    private static func audit(
        drop names: [(sequence: Int64, epoch: String?)], reason: String, at date: Date, _ db: Database
    ) throws {
        guard let first = names.first, let last = names.last else { return }
        var facts = ["first": "\(first.sequence)", "last": "\(last.sequence)", "reason": reason]
        facts["epoch"] = first.epoch
        try audit(.messagesDropped, by: "", facts: facts, at: date, db)
    }

    private static let spent = "the budget of the outbox was spent"

    /// To be called before they are deleted: messages of an earlier store are reported by their original numbers.
    private static func noteDrops(_ sequences: [Int64], _ db: Database) throws {
        let earlier = sequences.filter { $0 < 1 }
        let names = try earlier.compactMap {
            try OutboxSchema.messages(db, where: "sequence = ?", arguments: [$0]).first?.name
        }
        for names in Dictionary(grouping: names, by: \.epoch).values {
            try audit(drop: names, reason: spent, at: Date(), db)
        }
        for sequence in earlier {
            try db.execute(sql: "INSERT OR IGNORE INTO drops VALUES (?, ?, 1)", arguments: [sequence, sequence])
        }
        for sequence in sequences where sequence > 0 { try noteDrop(sequence, db) }
    }

    private static func delete(_ sequences: [Int64], _ db: Database) throws {
        try noteMissed(sequences, db)
        let waiting = try db.cachedStatement(sql: "SELECT COUNT(*) FROM pictures WHERE done IS NULL AND sequence = ?")
        let statement = try db.cachedStatement(sql: "DELETE FROM messages WHERE sequence = ?")
        var pictures = 0
        for sequence in sequences {
            pictures += try Int.fetchOne(waiting, arguments: [sequence]) ?? 0
            try statement.execute(arguments: [sequence])
        }
        try note(unsentPictures: pictures, reason: "their messages had to make room", at: Date(), db)
    }

    /// Records in the audit log pictures that were deleted with their messages before any broker had them.
    static func note(unsentPictures count: Int, reason: String, at date: Date, _ db: Database) throws {
        guard count > 0 else { return }
        try audit(.evidenceDropped, by: "", facts: ["pictures": "\(count)", "reason": reason], at: date, db)
    }

    /// Drops go upwards: usually the newest span grows by one.
    private static func noteDrop(_ sequence: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE drops SET last = ? WHERE last = ? AND first > 0 AND NOT audited",
            arguments: [sequence, sequence - 1])
        if db.changesCount == 0 {
            try db.execute(sql: "INSERT INTO drops VALUES (?, ?, 0)", arguments: [sequence, sequence])
        }
    }

    /// Records in the audit log the messages dropped since the last call.
    public func auditDrops(at date: Date = Date()) throws(OutboxError) {
        try Self.explaining("write what was dropped to the audit log") {
            try pool.write { try Self.auditDrops(at: date, $0) }
        }
    }

    static func auditDrops(at date: Date, _ db: Database) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT first, last FROM drops WHERE NOT audited ORDER BY first")
        for row in rows {
            let (first, last): (Int64, Int64) = (row["first"], row["last"])
            let facts = ["first": "\(first)", "last": "\(last)", "reason": spent]
            try audit(.messagesDropped, by: "", facts: facts, at: date, db)
        }
        try db.execute(sql: "UPDATE drops SET audited = 1")
    }

    /// Messages that were written and are no longer held, and those that no broker has.
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

    /// When the broker acknowledged each message of a span; nil for those not acknowledged yet.
    public func receipts(from first: Int64, through last: Int64) throws(OutboxError) -> [DeliveryReceipt] {
        try Self.explaining("read the receipts \(first) to \(last)") {
            try pool.read { db in
                let isTaken = try Self.hasSinks(db) ? Self.isTaken("messages") : "TRUE"
                let sql = """
                    SELECT sequence, id, created, IIF(\(isTaken), delivered_at, NULL) AS delivered_at FROM messages \
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

    /// Spans of messages that were dropped before any broker had them, by their position in the outbox: those of an
    /// earlier store are below 1.
    package func dropped() throws(OutboxError) -> [ClosedRange<Int64>] {
        try Self.explaining("read what was dropped") { try pool.read { try Self.drops(from: .min, $0) } }
    }

    /// Of this store's sequences.
    static func drops(_ db: Database) throws -> [ClosedRange<Int64>] { try drops(from: 1, db) }

    private static func drops(from least: Int64, _ db: Database) throws -> [ClosedRange<Int64>] {
        let sql = "SELECT MAX(first, \(least)) AS first, last FROM drops ORDER BY first"
        return joined(try spans(sql, db))
    }

    /// Sorted spans, with adjacent and overlapping ones merged.
    static func joined(_ spans: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        spans.reduce(into: []) { spans, span in
            if let last = spans.last, last.upperBound + 1 >= span.lowerBound {
                spans[spans.count - 1] = last.lowerBound...max(last.upperBound, span.upperBound)
            } else {
                spans.append(span)
            }
        }
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

    static func spans(
        _ sql: String, arguments: StatementArguments = [], _ db: Database
    ) throws -> [ClosedRange<Int64>] {
        try Row.fetchAll(db, sql: sql, arguments: arguments).compactMap { row in
            let (first, last): (Int64, Int64) = (row["first"], row["last"])
            return first <= last ? first...last : nil
        }
    }
}

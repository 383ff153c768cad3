public import Contract
public import Foundation
import GRDB

/// A message that a sink has permanently refused, and that was skipped.
public struct DeadLetter: Sendable, Hashable {
    public let sink: String
    /// Of the message.
    public let sequence: Int64
    public let topic: String
    /// The sink's reason.
    public let reason: String
    public let at: Date
}

/// Who manages a sink.
public enum SinkFamily: Sendable {
    case webhooks
    /// What the broker gets in other dialects. A webhook's id has no underscore.
    case dialects

    private static let prefix = "dialect_"

    init(sink name: String) { self = name.hasPrefix(Self.prefix) ? .dialects : .webhooks }

    /// The name of a dialect's sink.
    public static func sink(of dialect: String) -> String { prefix + dialect }
}

/// Durable sinks beside the broker: each has its own cursor, and messages behind a cursor are kept as long as the
/// budget allows.
extension Outbox {
    /// The name of the broker's dead letters.
    public static let broker = "broker"
    /// Beyond this number the oldest of a sink are deleted.
    private static let mostDeadLetters = 1000

    /// Sets the list of sinks of one family; those of others stay. A new one starts with the messages written from now
    /// on; one no longer listed is forgotten, with its missed messages.
    public func serve(sinks names: [String], of family: SinkFamily = .webhooks) throws(OutboxError) {
        try Self.explaining("take over the sinks of messages") {
            try writeMakingRoom { db in
                let known = try String.fetchAll(db, sql: "SELECT name FROM sinks").filter {
                    SinkFamily(sink: $0) == family
                }
                for name in known where !names.contains(name) {
                    // Record what is discarded, for whoever removed the sink.
                    try Self.audit(
                        .messagesDropped, by: "", facts: ["sink": name, "reason": "the sink was taken out"], at: Date(),
                        db)
                    try db.execute(sql: "DELETE FROM sinks WHERE name = ?", arguments: [name])
                    try db.execute(sql: "DELETE FROM sink_gaps WHERE sink = ?", arguments: [name])
                    try db.execute(sql: "DELETE FROM dead_letters WHERE sink = ?", arguments: [name])
                    if family == .dialects { try Self.forget(dialect: name, db) }
                }
                for name in names where !known.contains(name) {
                    try db.execute(
                        sql: "INSERT INTO sinks (name, cursor) VALUES (?, ?)",
                        arguments: [name, try Self.lastSequence(db)])
                }
            }
        }
    }

    /// The oldest messages that a sink has not finished, in sequence, without held ones. Empty for an unknown sink.
    public func pending(sink name: String, limit: Int) throws(OutboxError) -> [AlertMessage] {
        try Self.explaining("read the messages for \(name)") {
            try held.reading { end in
                try pool.read { db in
                    try OutboxSchema.messages(
                        db,
                        where: """
                            sequence > (SELECT cursor FROM sinks WHERE name = ?) AND sequence < ? \
                            ORDER BY sequence LIMIT ?
                            """, arguments: [name, end, limit])
                }
            }
        }
    }

    /// A sink has finished all messages up to this one.
    ///
    /// - Parameter refusal: the reason of a permanent refusal of this one; it is kept as a dead letter.
    public func settle(
        sink name: String, through message: AlertMessage, refusal: String? = nil, at date: Date = Date()
    ) throws(OutboxError) {
        try Self.explaining("write down what \(name) has had") {
            try writeMakingRoom { db in
                try db.execute(
                    sql: "UPDATE sinks SET cursor = MAX(cursor, ?) WHERE name = ?",
                    arguments: [message.sequence, name])
                if let refusal {
                    try Self.insert(deadLetter: message, sink: name, reason: refusal, at: date, db)
                }
            }
        }
    }

    static func insert(
        deadLetter message: AlertMessage, sink: String, reason: String, at date: Date, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO dead_letters (sink, sequence, topic, reason, at) VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [sink, message.sequence, message.topic, reason, date.timeIntervalSince1970])
        try db.execute(
            sql: """
                DELETE FROM dead_letters WHERE sink = ? AND sequence <= (
                    SELECT sequence FROM dead_letters WHERE sink = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?)
                """, arguments: [sink, sink, mostDeadLetters])
        let facts = ["sink": sink, "sequence": "\(message.name.sequence)", "reason": reason]
        try audit(.messagesDropped, by: "", facts: facts, at: date, db)
    }

    /// Messages that sinks have permanently refused, the newest first.
    public func deadLetters(limit: Int = 100) throws(OutboxError) -> [DeadLetter] {
        try Self.explaining("read the dead letters") {
            try pool.read { db in
                guard try Self.hasSinks(db) else { return [] }
                let sql = "SELECT * FROM dead_letters ORDER BY at DESC, sequence DESC LIMIT ?"
                return try Row.fetchAll(db, sql: sql, arguments: [limit]).map { row in
                    DeadLetter(
                        sink: row["sink"], sequence: row["sequence"], topic: row["topic"], reason: row["reason"],
                        at: Date(timeIntervalSince1970: row["at"]))
                }
            }
        }
    }

    /// The number of permanently refused messages of each sink, by the sink's name.
    static func deadLetterCounts(_ db: Database) throws -> [String: Int] {
        let rows = try Row.fetchAll(db, sql: "SELECT sink, COUNT(*) AS count FROM dead_letters GROUP BY sink")
        return Dictionary(rows.map { ($0["sink"], $0["count"]) }) { first, _ in first }
    }

    /// The state of the sinks, by their names; the broker only where it has permanently refused something. Their
    /// current trouble is not known here.
    public func sinkReports() throws(OutboxError) -> [SinkReport] {
        try Self.explaining("read how far the sinks have come") { try pool.read { try Self.sinkReports($0) } }
    }

    static func sinkReports(_ db: Database, isCounting: Bool = true) throws -> [SinkReport] {
        guard try hasSinks(db) else { return [] }
        let dead = try deadLetterCounts(db)
        let reports = try Row.fetchAll(db, sql: "SELECT name, cursor FROM sinks ORDER BY name").map { row in
            let (name, cursor): (String, Int64) = (row["name"], row["cursor"])
            let gaps = "SELECT first, last FROM sink_gaps WHERE sink = ? ORDER BY first"
            let missed = joined(try spans(gaps, arguments: [name], db)).map { [$0.lowerBound, $0.upperBound] }
            return SinkReport(
                name: name, waiting: isCounting ? try waiting(behind: cursor, db) : 0,
                missed: missed.isEmpty ? nil : missed, deadLetters: dead[name])
        }
        return reports + [dead[broker].map { SinkReport(name: broker, deadLetters: $0) }].compactMap { $0 }
    }

    /// By the two partial indexes, which are a hundredth of the size of the messages.
    private static func waiting(behind cursor: Int64, _ db: Database) throws -> Int {
        let sql = """
            SELECT (SELECT COUNT(*) FROM messages INDEXED BY messages_delivered \
            WHERE delivered_at IS NOT NULL AND sequence > ?1) \
            + (SELECT COUNT(*) FROM messages INDEXED BY messages_undelivered \
            WHERE delivered_at IS NULL AND sequence > ?1)
            """
        return try Int.fetchOne(db, sql: sql, arguments: [cursor]) ?? 0
    }

    /// The broker has not permanently refused the message.
    static func isTaken(_ messages: String) -> String {
        "\(messages).sequence NOT IN (SELECT sequence FROM dead_letters WHERE sink = '\(broker)')"
    }

    /// The database of an older version, opened for reading only, has none.
    static func hasSinks(_ db: Database) throws -> Bool { try db.tableExists("dead_letters") }

    /// The broker has refused the message and it is skipped: it is finished, and kept as a dead letter.
    static func passOver(_ sequence: Int64, reason: String, at date: Date, _ db: Database) throws {
        let condition = "sequence = ?"
        guard let message = try OutboxSchema.messages(db, where: condition, arguments: [sequence]).first else { return }
        try mark([sequence: date], db)
        try insert(deadLetter: message, sink: broker, reason: reason, at: date, db)
    }

    /// To be called before messages are deleted: each sink that has not finished them misses them.
    static func noteMissed(_ sequences: [Int64], _ db: Database) throws {
        guard let newest = sequences.max() else { return }
        let behind = try Row.fetchAll(
            db, sql: "SELECT name, cursor FROM sinks WHERE cursor < ?", arguments: [newest])
        for row in behind {
            let (name, cursor): (String, Int64) = (row["name"], row["cursor"])
            for sequence in sequences.sorted() where sequence > cursor {
                // Usually the newest span grows by one.
                try db.execute(
                    sql: "UPDATE sink_gaps SET last = ? WHERE sink = ? AND last = ?",
                    arguments: [sequence, name, sequence - 1])
                guard db.changesCount == 0 else { continue }
                try db.execute(
                    sql: "INSERT OR IGNORE INTO sink_gaps (sink, first, last) VALUES (?, ?, ?)",
                    arguments: [name, sequence, sequence])
            }
        }
    }
}

import Contract
public import Foundation
import GRDB
import Synchronization

extension Outbox {
    /// The generation of this database: a UUIDv7. A sequence means something only together with it, for a database that
    /// takes the place of a lost one begins at 1 again. Empty where an older version wrote the database and it is opened
    /// for reading only.
    public var epoch: String { generation.withLock(\.self) }

    static func epoch(_ db: Database) throws -> String {
        guard let epoch = try String.fetchOne(db, sql: "SELECT epoch FROM store") else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the database has no epoch")
        }
        return epoch
    }

    /// Counts from 1 again under another epoch, in one transaction with the audit log's word on it: what was counted from
    /// here on before is with subscribers, and the database does not know it.
    ///
    /// To be called before anything is written or sent. What was counted before stays, for reviews and because some of it
    /// waits to be sent, by numbers below 1: each of these messages bears its own epoch and sequence.
    public func beginEpoch(
        _ event: AuditEntry.Event, facts: [String: String] = [:], at date: Date = Date()
    ) throws(OutboxError) {
        try beginEpoch(event, facts: facts, at: date, as: UUIDv7.make(date: date).text)
    }

    func beginEpoch(
        _ event: AuditEntry.Event, facts: [String: String] = [:], at date: Date = Date(), as epoch: String
    ) throws(OutboxError) {
        try Self.explaining("begin another epoch of the outbox \(file.path)") {
            try pool.write { db in
                try Self.auditDrops(at: date, db)
                try db.execute(sql: "DELETE FROM drops; DELETE FROM replays")
                let lowest = try Int64.fetchOne(db, sql: "SELECT MIN(sequence) FROM messages") ?? 1
                // Below all that is there: no number is taken twice on the way.
                let step = try Self.lastSequence(db) - min(lowest, 1) + 1
                try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
                for table in ["messages", "pictures", "evidence_due", "dead_letters"] {
                    try db.execute(sql: "UPDATE \(table) SET sequence = sequence - ?", arguments: [step])
                }
                // What a sink missed before has another number now, by which nobody knows it.
                try db.execute(sql: "UPDATE sinks SET cursor = cursor - ?; DELETE FROM sink_gaps", arguments: [step])
                try db.execute(sql: "UPDATE sequence SET last = 0")
                try db.execute(sql: "UPDATE store SET epoch = ?", arguments: [epoch])
                try Self.audit(
                    event, by: "", facts: facts.merging(["epoch": epoch]) { $1 }, at: date, db)
            }
        }
        generation.withLock { $0 = epoch }
    }
}

/// How far the ledger over the evidence had come, kept where the ledger is not: what was taken from its end shows.
public struct LedgerMark: Sendable, Hashable {
    /// Of the last record.
    public let number: Int
    public let hash: String

    public init(number: Int, hash: String) {
        self.number = number
        self.hash = hash
    }

    fileprivate init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let number = Int(parts[0]) else { return nil }
        self.init(number: number, hash: String(parts[1]))
    }

    fileprivate var text: String { "\(number) \(hash)" }
}

extension Outbox {
    /// Nil before the first one.
    public func ledgerMark() throws(OutboxError) -> LedgerMark? {
        try Self.explaining("read how far the ledger had come") {
            try pool.read { try String.fetchOne($0, sql: "SELECT ledger FROM store").flatMap(LedgerMark.init) }
        }
    }

    public func save(_ mark: LedgerMark) throws(OutboxError) {
        try Self.explaining("keep how far the ledger has come") {
            try pool.write { try $0.execute(sql: "UPDATE store SET ledger = ?", arguments: [mark.text]) }
        }
    }
}

import Contract
public import Foundation
import GRDB
import Synchronization

extension Outbox {
    /// The generation of this database: a UUIDv7. A sequence is only meaningful together with it, since a database that
    /// replaces a lost one starts at 1 again. Empty where the database of an older version is opened for reading only.
    public var epoch: String { generation.withLock(\.self) }

    static func epoch(_ db: Database) throws -> String {
        guard let epoch = try String.fetchOne(db, sql: "SELECT epoch FROM store") else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the database has no epoch")
        }
        return epoch
    }

    /// Restarts the sequence at 1 under another epoch, in one transaction with its audit entry: messages with later
    /// sequences were delivered before, and the database does not know them.
    ///
    /// To be called before anything is written or sent. Earlier messages are kept, for reviews and because some of them
    /// are not sent yet, under numbers below 1: each retains its own epoch and sequence.
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
                // Below all existing numbers: no number is used twice on the way.
                let step = try Self.lastSequence(db) - min(lowest, 1) + 1
                try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
                for table in ["messages", "pictures", "evidence_due", "dead_letters", "incident_index"] {
                    try db.execute(sql: "UPDATE \(table) SET sequence = sequence - ?", arguments: [step])
                }
                // The messages that a sink missed now have other numbers, which are meaningless to others.
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

/// The position of the evidence ledger, stored apart from it: a truncated ledger is detected.
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

public import Foundation
import GRDB

/// The audit log is in the same database as the data it describes, so that one transaction writes both.
extension Outbox {
    /// Adds an entry about an action of the site itself.
    public func audit(
        _ event: AuditEntry.Event, by: String = "", facts: [String: String] = [:], at date: Date = Date()
    ) throws(OutboxError) {
        try Self.explaining("write to the audit log") {
            try pool.write { try Self.audit(event, by: by, facts: facts, at: date, $0) }
        }
    }

    static func audit(
        _ event: AuditEntry.Event, by: String, facts: [String: String], at date: Date, _ db: Database
    ) throws {
        try AuditLog.add(event, by: by, facts: facts, at: date, SQLiteConnection(db))
    }

    /// Entries after `number`, oldest first.
    public func auditEntries(after number: Int64 = 0, limit: Int = 1000) throws(OutboxError) -> [AuditEntry] {
        try Self.explaining("read the audit log") {
            try pool.read { try AuditLog.entries(after: number, limit, SQLiteConnection($0)) }
        }
    }

    /// Checks the whole log; throws an `AuditChain.Break` where it differs from what was written. Returns the number of
    /// entries.
    ///
    /// - Parameter head: an earlier hash of the log, such as one from the site's state.
    @discardableResult
    public func verifyAudit(head: String? = nil) throws -> Int {
        try pool.read { db in
            let log = SQLiteConnection(db)
            var last = try AuditLog.anchor(log)
            var count = 0
            while true {
                let part = try AuditLog.verify(after: last, limit: 1000, log)
                last = part.through
                count += part.entries
                if part.isEnd { break }
            }
            if let head = head?.lowercased(), try AuditLog.anchor(log).hash != head,
                try Int.fetchOne(db, sql: "SELECT 1 FROM audit WHERE hash = ?", arguments: [head]) == nil
            {
                throw AuditChain.Break(
                    number: last.number + 1,
                    cause:
                        "no entry has the hash \(head): the log was cut off before it or written anew, or the entry is "
                        + "older than what is kept")
            }
            return count
        }
    }

    /// The end of the log. A copy kept elsewhere can prove that the log was not rewritten.
    public func auditHead() throws(OutboxError) -> AuditChain.Anchor {
        try Self.explaining("read the audit log") { try pool.read(Self.newest) }
    }

    /// Deletes entries that were written before `date`; the chain continues from the newest of them.
    ///
    /// An entry with an impossible date, before this software was written or after `now`, has the age of the next entry
    /// with a possible one.
    @discardableResult
    public func pruneAudit(before date: Date, now: Date = .distantFuture) throws(OutboxError) -> Int {
        try Self.explaining("delete old entries of the audit log") {
            try pool.write { db in
                // A clock that stepped back must not delete a younger entry with it.
                let sql = """
                    SELECT MAX(number) FROM audit WHERE written BETWEEN ?1 AND ?2 AND number < \
                    COALESCE((SELECT MIN(number) FROM audit WHERE written >= ?3 AND written <= ?2), number + 1)
                    """
                let latest = now.timeIntervalSince1970 + RetentionClock.largestStep
                let number = try Int64.fetchOne(
                    db, sql: sql,
                    arguments: [
                        RetentionClock.earliest.timeIntervalSince1970, latest, date.timeIntervalSince1970,
                    ])
                return try number.map { try Self.deleteAudit(through: $0, db) } ?? 0
            }
        }
    }

    /// Returns the number of deleted entries; the chain continues from the newest of them.
    static func deleteAudit(through number: Int64, _ db: Database) throws -> Int {
        let sql = "SELECT hash FROM audit WHERE number = ?"
        guard let hash = try String.fetchOne(db, sql: sql, arguments: [number]) else { return 0 }
        try db.execute(sql: "UPDATE audit_ends SET oldest = ?, hash = ?", arguments: [number, hash])
        try db.execute(sql: "DELETE FROM audit WHERE number <= ?", arguments: [number])
        return db.changesCount
    }

    /// The end of the chain.
    static func newest(_ db: Database) throws -> AuditChain.Anchor { try AuditLog.newest(SQLiteConnection(db)) }
}

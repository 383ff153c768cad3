import Contract
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
        let last = try newest(db)
        let entry = try AuditEntry(
            number: last.number + 1, at: RFC3339.string(from: date, in: .gmt), event: event, by: by, facts: facts,
            previous: last.hash)
        try db.execute(
            sql: """
                INSERT INTO audit (number, written, at, event, by, facts, previous, hash) \
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                entry.number, date.timeIntervalSince1970, entry.at, entry.event.rawValue, entry.by,
                String(decoding: try WireJSON.encode(entry.facts), as: UTF8.self), entry.previous, entry.hash,
            ])
    }

    /// Entries after `number`, oldest first.
    public func auditEntries(after number: Int64 = 0, limit: Int = 1000) throws(OutboxError) -> [AuditEntry] {
        try Self.explaining("read the audit log") { try pool.read { try Self.entries(after: number, limit, $0) } }
    }

    /// Checks the whole log; throws an `AuditChain.Break` where it differs from what was written. Returns the number of
    /// entries.
    ///
    /// - Parameter head: an earlier hash of the log, such as one from the site's state.
    @discardableResult
    public func verifyAudit(head: String? = nil) throws -> Int {
        try pool.read { db in
            var last = try Self.anchor(db)
            var count = 0
            while true {
                let entries = try Self.entries(after: last.number, 1000, db)
                guard let newest = entries.last else { break }
                try AuditChain.verify(entries, after: last)
                last = .init(number: newest.number, hash: newest.hash)
                count += entries.count
            }
            // Entries cut off at the end are detected by the count.
            let written = try Int64.fetchOne(db, sql: "SELECT newest FROM audit_ends") ?? 0
            guard written == last.number else {
                throw AuditChain.Break(number: last.number + 1, cause: "the log ends before entry \(written)")
            }
            if let head = head?.lowercased(), try Self.anchor(db).hash != head,
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

    private static func anchor(_ db: Database) throws -> AuditChain.Anchor {
        guard let row = try Row.fetchOne(db, sql: "SELECT oldest, hash FROM audit_ends") else { return .init() }
        return .init(number: row["oldest"], hash: row["hash"])
    }

    /// The end of the chain. A copy kept elsewhere can prove that the log was not rewritten.
    static func newest(_ db: Database) throws -> AuditChain.Anchor {
        let row = try Row.fetchOne(db, sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        return try row.map { .init(number: $0["number"], hash: $0["hash"]) } ?? anchor(db)
    }

    private static func entries(after number: Int64, _ limit: Int, _ db: Database) throws -> [AuditEntry] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?", arguments: [number, limit]
        ).map { row in
            // An unreadable event or fact was changed from outside: it breaks the chain, not the reader.
            try AuditEntry(row)
        }
    }
}

extension AuditEntry {
    fileprivate init(_ row: Row) throws {
        number = row["number"]
        let (event, facts): (String, String) = (row["event"], row["facts"])
        guard let known = Event(rawValue: event),
            let read = try? JSONDecoder().decode([String: String].self, from: Data(facts.utf8))
        else { throw AuditChain.Break(number: number, cause: "it cannot be read") }
        at = row["at"]
        self.event = known
        by = row["by"]
        self.facts = read
        previous = row["previous"]
        hash = row["hash"]
    }
}

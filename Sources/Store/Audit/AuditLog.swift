import Contract
import Foundation

/// Which entries are asked for. Nil asks for all.
package struct AuditFilter: Sendable {
    package var event: String?
    /// The name as it stands there; empty for the site itself.
    package var by: String?
    /// A part of the facts.
    package var words: String?

    package init() {}
}

/// An entry as it stands in the log, which somebody may have changed: nothing of it is taken for granted.
package struct AuditLine: Sendable, Hashable {
    package let number: Int64
    package let at: String
    package let event: String
    package let by: String
    /// Empty where they cannot be read.
    package let facts: [String: String]
}

/// A part of the log that was checked.
package struct AuditPart: Sendable {
    /// The last entry that is as it was written.
    package let through: AuditChain.Anchor
    /// The entry before the oldest one.
    package let oldest: AuditChain.Anchor
    package let entries: Int
    package let isEnd: Bool
}

/// The tables `audit` and `audit_ends`, of a site and of a centre alike.
enum AuditLog {
    private static let columns = "number, at, event, by, facts, previous, hash"

    static func add(
        _ event: AuditEntry.Event, by: String, facts: [String: String], at date: Date, _ db: any SQLConnection
    ) throws {
        // Whoever else adds an entry waits from here on: two of one number would be a fork.
        try db.execute("UPDATE audit_ends SET newest = newest")
        let last = try newest(db)
        let entry = try AuditEntry(
            number: last.number + 1, at: RFC3339.string(from: date, in: .gmt), event: event, by: by, facts: facts,
            previous: last.hash)
        try db.execute(
            "INSERT INTO audit (number, written, at, event, by, facts, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(entry.number), .real(date.timeIntervalSince1970), .text(entry.at),
                .text(entry.event.rawValue), .text(entry.by),
                .text(String(decoding: try WireJSON.encode(entry.facts), as: UTF8.self)), .text(entry.previous),
                .text(entry.hash),
            ])
        try db.execute("UPDATE audit_ends SET newest = ?", [.integer(entry.number)])
    }

    static func lines(
        _ filter: AuditFilter, before number: Int64?, limit: Int, _ db: any SQLConnection
    ) throws -> [AuditLine] {
        var (parts, values): ([String], [SQLValue]) = ([], [])
        func add(_ part: String, _ value: SQLValue) {
            parts.append(part)
            values.append(value)
        }
        if let number { add("number < ?", .integer(number)) }
        if let event = filter.event { add("event = ?", .text(event)) }
        if let by = filter.by { add("by = ?", .text(by)) }
        if let words = filter.words {
            let pattern = words.map { "\\%_".contains($0) ? "\\\($0)" : $0.isASCII ? $0.lowercased() : "\($0)" }
                .joined()
            add("lower(facts) LIKE ? ESCAPE '\\'", .text("%\(pattern)%"))
        }
        let condition = parts.isEmpty ? "" : "WHERE \(parts.joined(separator: " AND ")) "
        return try db.rows(
            "SELECT number, at, event, by, facts FROM audit \(condition)ORDER BY number DESC LIMIT ?",
            values + [.count(limit)]
        ).map { row in
            AuditLine(
                number: row.integer(0) ?? 0, at: row.name(1), event: row.name(2), by: row.name(3),
                facts: (try? JSONDecoder().decode([String: String].self, from: Data(row.name(4).utf8))) ?? [:])
        }
    }

    /// - Parameter last: nil, or one that is not kept any more, begins at the oldest entry.
    static func verify(
        after last: AuditChain.Anchor?, limit: Int, _ db: any SQLConnection
    ) throws -> AuditPart {
        let oldest = try anchor(db)
        let last = last.flatMap { $0.number >= oldest.number ? $0 : nil } ?? oldest
        let entries = try entries(after: last.number, limit, db)
        try AuditChain.verify(entries, after: last)
        let through = entries.last.map { AuditChain.Anchor(number: $0.number, hash: $0.hash) } ?? last
        if entries.count < limit {
            // Entries cut off at the end are detected by the count.
            let written = try db.row("SELECT newest FROM audit_ends")?.integer(0) ?? 0
            guard written == through.number else {
                throw AuditChain.Break(number: through.number + 1, cause: "the log ends before entry \(written)")
            }
        }
        return AuditPart(
            through: through, oldest: oldest, entries: entries.count, isEnd: entries.count < limit)
    }

    /// The entry before the oldest one that is kept.
    static func anchor(_ db: any SQLConnection) throws -> AuditChain.Anchor {
        guard let row = try db.row("SELECT oldest, hash FROM audit_ends") else { return .init() }
        return .init(number: row.integer(0) ?? 0, hash: row.name(1))
    }

    /// The end of the chain. A copy kept elsewhere can prove that the log was not rewritten.
    static func newest(_ db: any SQLConnection) throws -> AuditChain.Anchor {
        let row = try db.row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        return try row.map { .init(number: $0.integer(0) ?? 0, hash: $0.name(1)) } ?? anchor(db)
    }

    static func entries(after number: Int64, _ limit: Int, _ db: any SQLConnection) throws -> [AuditEntry] {
        try db.rows(
            "SELECT \(columns) FROM audit WHERE number > ? ORDER BY number LIMIT ?", [.integer(number), .count(limit)]
        ).map { row in
            // An unreadable event or fact was changed from outside: it breaks the chain, not the reader.
            try AuditEntry(row)
        }
    }
}

extension AuditEntry {
    fileprivate init(_ row: SQLRow) throws {
        number = row.integer(0) ?? 0
        guard let known = Event(rawValue: row.name(2)),
            let read = try? JSONDecoder().decode([String: String].self, from: Data(row.name(4).utf8))
        else { throw AuditChain.Break(number: number, cause: "it cannot be read") }
        at = row.name(1)
        event = known
        by = row.name(3)
        facts = read
        previous = row.name(5)
        hash = row.name(6)
    }
}

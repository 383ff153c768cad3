package import Contract
package import Domain
package import Foundation
import GRDB

/// How many incidents of one rule a dialect has told, and when it last told a change.
package struct DialectTotal: Sendable, Hashable {
    package var camera: String
    package var zone: String
    package var kind: String
    package var opened: Int
    /// RFC 3339.
    package var changed: String

    package init(camera: String, zone: String, kind: String, opened: Int, changed: String) {
        (self.camera, self.zone, self.kind) = (camera, zone, kind)
        (self.opened, self.changed) = (opened, changed)
    }
}

/// A topic that a broker may retain for a dialect, and the picture there; nil where it is none.
package struct DialectTopic: Sendable, Hashable {
    package struct Picture: Sendable, Hashable {
        /// Relative to the evidence folder.
        package var file: String
        package var sha256: String

        package init(file: String, sha256: String) { (self.file, self.sha256) = (file, sha256) }
    }

    package var dialect: String
    package var topic: String
    package var picture: Picture?
}

/// What a dialect has told by the messages up to its cursor.
package struct DialectState: Sendable {
    package var cursor: Int64
    /// The message that it told last of each incident that is open for it.
    package var told: [[UInt8]]
    package var totals: [DialectTotal]
}

/// What messages have changed for a dialect: written down together, or not at all.
package struct DialectProgress: Sendable {
    /// The newest message that it is done with; nil where the changes follow from no message.
    package var through: AlertMessage?
    /// Why each of these was permanently refused.
    package var refusals: [(message: AlertMessage, reason: String)] = []
    /// By incident; nil where it is over.
    package var told: [String: [UInt8]?] = [:]
    package var totals: [DialectTotal] = []
    /// By topic.
    package var pictures: [String: DialectTopic.Picture] = [:]

    package init() {}

    package var isEmpty: Bool { through == nil && told.isEmpty && totals.isEmpty && pictures.isEmpty }
}

/// What a dialect has not told although it is so: messages that would have said it had to make room, or were written
/// before there was the dialect.
package struct DialectDifferences: Sendable {
    /// The newest message of each incident that is open and was not told.
    package var opens: [AlertMessage]
    /// Incidents that were told as open and are over, with their last state where that is known.
    package var ends: [(incident: String, last: Incident?)]
}

/// Dialects are sinks with a memory: what is open for their receivers.
extension Outbox {
    /// What a sink of `SinkFamily.dialects` has told.
    package func dialectState(sink name: String) throws(OutboxError) -> DialectState {
        try Self.explaining("read what \(name) has told") {
            try pool.read { db in
                DialectState(
                    cursor: try Int64.fetchOne(
                        db, sql: "SELECT cursor FROM sinks WHERE name = ?", arguments: [name]) ?? 0,
                    told: try Data.fetchAll(
                        db, sql: "SELECT payload FROM dialect_incidents WHERE dialect = ? ORDER BY incident",
                        arguments: [name]
                    ).map { Array($0) },
                    totals: try Row.fetchAll(
                        db, sql: "SELECT * FROM dialect_totals WHERE dialect = ?", arguments: [name]
                    ).map {
                        DialectTotal(
                            camera: $0["camera"], zone: $0["zone"], kind: $0["kind"], opened: $0["opened"],
                            changed: $0["changed"])
                    })
            }
        }
    }

    /// Moves the cursor and the memory of a dialect's sink, in one transaction.
    package func settle(
        dialect name: String, _ progress: DialectProgress, at date: Date = Date()
    ) throws(OutboxError) {
        try Self.explaining("write down what \(name) has told") {
            try writeMakingRoom { db in
                if let message = progress.through {
                    try db.execute(
                        sql: "UPDATE sinks SET cursor = MAX(cursor, ?) WHERE name = ?",
                        arguments: [message.sequence, name])
                }
                for (message, reason) in progress.refusals {
                    try Self.insert(deadLetter: message, sink: name, reason: reason, at: date, db)
                }
                for (incident, payload) in progress.told {
                    if let payload {
                        try db.execute(
                            sql: "INSERT OR REPLACE INTO dialect_incidents VALUES (?, ?, ?)",
                            arguments: [name, incident, Data(payload)])
                    } else {
                        try db.execute(
                            sql: "DELETE FROM dialect_incidents WHERE dialect = ? AND incident = ?",
                            arguments: [name, incident])
                    }
                }
                for total in progress.totals {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO dialect_totals VALUES (?, ?, ?, ?, ?, ?)",
                        arguments: [name, total.camera, total.zone, total.kind, total.opened, total.changed])
                }
                for (topic, picture) in progress.pictures {
                    try Self.note(DialectTopic(dialect: name, topic: topic, picture: picture), db)
                }
            }
        }
    }

    /// What the dialect has not told, as far as no message that says it is still before it.
    package func dialectDifferences(sink name: String) throws(OutboxError) -> DialectDifferences {
        try Self.explaining("compare what \(name) has told with what is open") {
            try pool.read { db in
                let cursor =
                    try Int64.fetchOne(db, sql: "SELECT cursor FROM sinks WHERE name = ?", arguments: [name]) ?? 0
                let opens = try OutboxSchema.messages(
                    db,
                    where: """
                        sequence IN (
                            SELECT MAX(m.sequence) FROM messages m JOIN incidents i ON i.id = m.subject
                            WHERE i.open GROUP BY m.subject)
                        AND sequence <= ? AND is_open
                        AND subject NOT IN (SELECT incident FROM dialect_incidents WHERE dialect = ?)
                        ORDER BY sequence
                        """, arguments: [cursor, name])
                let over = try String.fetchAll(
                    db,
                    sql: """
                        SELECT incident FROM dialect_incidents WHERE dialect = ?
                        AND incident NOT IN (SELECT id FROM incidents WHERE open)
                        AND incident NOT IN (SELECT subject FROM messages WHERE sequence > ?)
                        ORDER BY incident
                        """, arguments: [name, cursor])
                let ends = try over.map { id in
                    (incident: id, last: try UUID(uuidString: id).flatMap { try OutboxSchema.incident($0, db) })
                }
                return DialectDifferences(opens: opens, ends: ends)
            }
        }
    }

    /// What a broker may retain for dialects, in the order in which it was first noted.
    package func dialectTopics() throws(OutboxError) -> [DialectTopic] {
        try Self.explaining("read what is retained for dialects") {
            try pool.read { db in
                let sql = "SELECT dialect, topic, file, sha256 FROM dialect_topics ORDER BY number"
                return try Row.fetchAll(db, sql: sql).map { row in
                    let (file, sha256): (String?, String?) = (row["file"], row["sha256"])
                    let picture = file.flatMap { file in
                        sha256.map { DialectTopic.Picture(file: file, sha256: $0) }
                    }
                    return DialectTopic(dialect: row["dialect"], topic: row["topic"], picture: picture)
                }
            }
        }
    }

    /// To be called before they are published.
    package func note(dialect name: String, topics: [String]) throws(OutboxError) {
        guard !topics.isEmpty else { return }
        try Self.explaining("note what is retained for \(name)") {
            try pool.write { db in
                for topic in topics { try Self.note(DialectTopic(dialect: name, topic: topic), db) }
            }
        }
    }

    /// They were emptied.
    package func forget(dialectTopics topics: [String]) throws(OutboxError) {
        try Self.explaining("note what is retained for dialects no more") {
            try pool.write { db in
                for topic in topics {
                    try db.execute(sql: "DELETE FROM dialect_topics WHERE topic = ?", arguments: [topic])
                }
            }
        }
    }

    private static func note(_ topic: DialectTopic, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO dialect_topics (dialect, topic, file, sha256) VALUES (?, ?, ?, ?)
                ON CONFLICT (topic) DO UPDATE SET dialect = excluded.dialect,
                    file = COALESCE(excluded.file, file), sha256 = COALESCE(excluded.sha256, sha256)
                """,
            arguments: [topic.dialect, topic.topic, topic.picture?.file, topic.picture?.sha256])
    }

    /// Its memory; what is retained for it is forgotten once it was emptied.
    static func forget(dialect name: String, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM dialect_incidents WHERE dialect = ?", arguments: [name])
        try db.execute(sql: "DELETE FROM dialect_totals WHERE dialect = ?", arguments: [name])
    }
}

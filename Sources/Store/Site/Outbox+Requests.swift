package import Contract
public import Foundation
package import GRDB

/// The state of requests, so that each is carried out and answered once. Every method is one transaction, including its
/// audit entry.
extension Outbox {
    /// The state of a request's id.
    package enum Known { case new, answered, underWay, other }

    package func known(_ class: Reply.Class, _ id: String, digest: String) throws -> Known {
        try pool.read { try Self.known(`class`, id, digest, $0) }
    }

    static func known(_ class: Reply.Class, _ id: String, _ digest: String, _ db: Database) throws -> Known {
        let sql = "SELECT digest, answered FROM requests WHERE class = ? AND id = ?"
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [`class`.rawValue, id]) else { return .new }
        guard row["digest"] == digest else { return .other }
        return row["answered"] ? .answered : .underWay
    }

    /// Records a command that takes a while, so that it is carried out once.
    package func begin(_ command: Command, digest: String, replyTopic: String, at date: Date) throws {
        try pool.write { db in
            try Self.remember(.command, command.id, digest, replyTopic, isAnswered: false, at: date, db)
            try Self.audit(.commandAccepted, by: command.by ?? "", facts: command.facts, at: date, db)
        }
    }

    /// Answers a command and finishes it.
    ///
    /// - Parameter isBegun: whether `begin` has already written the audit entry.
    package func finish(
        _ command: Command, digest: String, replyTopic: String, isBegun: Bool, at date: Date,
        reply: (Database) throws -> Reply
    ) throws {
        try pool.write { db in
            try Self.remember(.command, command.id, digest, replyTopic, isAnswered: true, at: date, db)
            if !isBegun { try Self.audit(.commandAccepted, by: command.by ?? "", facts: command.facts, at: date, db) }
            try Self.insert(reply(db), topic: replyTopic, db)
        }
    }

    /// Answers with a refusal.
    ///
    /// - Parameter digest: nil to leave the id unused: a stranger must not use up the ids of others.
    package func refuse(_ reply: Reply, by: String, digest: String?, replyTopic: String, at date: Date) throws {
        try pool.write { db in
            if let digest, let id = reply.request {
                try Self.remember(reply.class, id, digest, replyTopic, isAnswered: true, at: date, db)
            }
            var facts = ["reason": reply.reason?.rawValue ?? "", "text": reply.text ?? "", "topic": replyTopic]
            facts["id"] = reply.request
            facts["incident"] = reply.incident
            try Self.audit(
                reply.class == .review ? .reviewRefused : .commandRefused, by: by, facts: facts, at: date, db)
            try Self.insert(reply, topic: replyTopic, db)
        }
    }

    /// Commands begun by an earlier run and not answered, as ids and topics of their replies.
    package func unanswered() throws -> [(id: String, digest: String, topic: String)] {
        try pool.read { db in
            try Row.fetchAll(db, sql: "SELECT id, digest, topic FROM requests WHERE NOT answered ORDER BY received, id")
                .map { ($0["id"], $0["digest"], $0["topic"]) }
        }
    }

    /// Forgets requests and reviews received before these dates.
    public func prune(requestsBefore requests: Date, reviewsBefore reviews: Date) throws(OutboxError) {
        try Self.explaining("delete old requests") {
            try pool.write { db in
                try db.execute(
                    sql: "DELETE FROM requests WHERE answered AND received < ?",
                    arguments: [requests.timeIntervalSince1970])
                try db.execute(
                    sql: "DELETE FROM reviews WHERE received < ?", arguments: [reviews.timeIntervalSince1970])
            }
        }
    }

    static func remember(
        _ class: Reply.Class, _ id: String, _ digest: String, _ topic: String, isAnswered: Bool, at date: Date,
        _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (class, id) DO UPDATE SET answered = excluded.answered
                """,
            arguments: [`class`.rawValue, id, digest, topic, date.timeIntervalSince1970, isAnswered])
    }
}

extension Command {
    /// As recorded in the audit log.
    var facts: [String: String] {
        switch action {
        case .ping: ["id": id, "command": "ping"]
        case .replay(let span, _):
            ["id": id, "command": "replay", "from": "\(span.lowerBound)", "to": "\(span.upperBound)"]
        case .snapshot(let camera): ["id": id, "command": "snapshot", "camera": camera]
        }
    }
}

/// Replies that no broker has yet.
extension Outbox {
    /// Beyond this number the oldest are deleted.
    private static let mostReplies = 1000

    static func insert(_ reply: Reply, topic: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO replies (topic, payload) VALUES (?, ?)", arguments: [topic, try WireJSON.encode(reply)])
        try db.execute(
            sql: "DELETE FROM replies WHERE number <= (SELECT MAX(number) FROM replies) - ?", arguments: [mostReplies])
    }

    /// The oldest replies after `number` that no broker has.
    package func replies(limit: Int, after number: Int64 = 0) throws(OutboxError) -> [(
        number: Int64, topic: String, payload: Data
    )] {
        try Self.explaining("read the replies") {
            try pool.read { db in
                try Row.fetchAll(
                    db, sql: "SELECT number, topic, payload FROM replies WHERE number > ? ORDER BY number LIMIT ?",
                    arguments: [number, limit]
                ).map { row in
                    (row["number"], row["topic"], row["payload"])
                }
            }
        }
    }
}

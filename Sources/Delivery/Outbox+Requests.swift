public import Analytics
public import Foundation
import GRDB

/// What came in and what is answered. Every method is one transaction, its entry in the audit log included.
extension Outbox {
    /// What became of a review.
    struct Reviewed {
        let incident: Incident
        /// Nil where nothing changed.
        let message: AlertMessage?
    }

    /// Replies that no broker has; beyond, the oldest go.
    private static let mostReplies = 1000
    /// Replays that may wait at a time.
    private static let mostReplays = 8

    // MARK: Reviews

    /// Stores a review and what it changes. Throws a `Refusal`, an `OutboxError`, or SQLite's own error.
    ///
    /// - Parameters:
    ///   - place: the area's levels of the topic that it came on: the incident must lie there.
    ///   - reply: makes the answer from what became of it.
    func apply(
        _ review: Review, digest: String, place: String, replyTopic: String, topics: AlertTopics, at date: Date,
        reply: (Reviewed) throws -> Reply
    ) throws -> Reviewed {
        try writeMakingRoom { db in
            guard let incident = try OutboxSchema.incident(review.incident, db),
                let last = try OutboxSchema.messages(
                    db, where: "subject = ? ORDER BY sequence DESC LIMIT 1", arguments: [review.incident.text]
                ).first
            else { throw Refusal(.unknownIncident, "this site holds no such incident") }
            guard topics.place(of: last.topic) == place else {
                throw Refusal(.unauthorised, "the incident lies in another area than the topic of the review")
            }
            // Without an id of its own a review is known by its bytes.
            let id = review.id ?? digest
            let known = try Self.known(.review, id, digest, db)
            guard known != .other else { throw Refusal(.idReused, "another review had the id \(id)") }
            guard known != .new || incident.state != .withdrawn || incident.review == review.verdict else {
                throw Refusal(
                    .withdrawn, "the incident was withdrawn before (\(incident.review?.rawValue ?? "by the site"))")
            }
            let outcome: Reviewed
            if known == .new, let changed = incident.reviewed(review.verdict) {
                let message = try append(
                    changed, message: { try AlertMessage(reviewed: last, as: $0, sequence: $1, at: date) }, db)
                outcome = Reviewed(incident: changed, message: message)
                let suppresses = incident.isOpen && !changed.isOpen
                if suppresses {
                    try db.execute(
                        sql: "UPDATE incidents SET suppressed = 1 WHERE id = ?", arguments: [incident.id.text])
                }
                try save(review, of: changed, at: date, db)
            } else {
                outcome = Reviewed(incident: incident, message: nil)
            }
            try Self.remember(.review, id, digest, replyTopic, isAnswered: true, at: date, db)
            var facts = ["incident": review.incident.text, "verdict": review.verdict.rawValue]
            facts["id"] = review.id
            if outcome.message == nil { facts["repeated"] = "true" }
            try Self.audit(.reviewAccepted, by: review.by, facts: facts, at: date, db)
            try Self.insert(reply(outcome), topic: replyTopic, db)
            return outcome
        }
    }

    private func save(_ review: Review, of incident: Incident, at date: Date, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                review.incident.text, incident.camera, incident.kind.rawValue, review.verdict.rawValue, review.by,
                review.at, review.note, date.timeIntervalSince1970,
            ])
    }

    /// What reviews say of each rule at each camera.
    public func tallies() throws(OutboxError) -> [ReviewTally] {
        try Self.explaining("count reviews") { try pool.read(Self.tallies) }
    }

    static func tallies(_ db: Database) throws -> [ReviewTally] {
        func names(_ isRight: Bool?) -> String {
            Verdict.allCases.filter { $0.isRight == isRight }.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        }
        let sql = """
            SELECT camera, kind, SUM(verdict IN (\(names(true)))) AS right, SUM(verdict IN (\(names(false)))) AS wrong,
                SUM(verdict IN (\(names(nil)))) AS open
            FROM reviews GROUP BY camera, kind ORDER BY camera, kind
            """
        return try Row.fetchAll(db, sql: sql).map {
            ReviewTally(
                camera: $0["camera"], kind: AlertKind(rawValue: $0["kind"]), right: $0["right"], wrong: $0["wrong"],
                open: $0["open"])
        }
    }

    /// Incidents that a review ended while their objects stood there, and still do.
    public func suppressedIncidents(camera: String) throws(OutboxError) -> [Incident] {
        try Self.explaining("read what is suppressed at camera \(camera)") {
            try pool.read { db in
                let sql = "SELECT state FROM incidents WHERE suppressed AND camera = ? ORDER BY id"
                return try Data.fetchAll(db, sql: sql, arguments: [camera]).map {
                    try JSONDecoder().decode(Incident.self, from: $0)
                }
            }
        }
    }

    /// The objects of these incidents have gone.
    public func release(_ incidents: [UUID]) throws(OutboxError) {
        try Self.explaining("end the suppression of \(incidents.count) incidents") {
            try pool.write { db in
                for incident in incidents {
                    try db.execute(
                        sql: "UPDATE incidents SET suppressed = 0 WHERE id = ?", arguments: [incident.text])
                }
            }
        }
    }

    // MARK: Requests

    /// What is known of a request's id.
    enum Known { case new, answered, underWay, other }

    func known(_ class: Reply.Class, _ id: String, digest: String) throws -> Known {
        try pool.read { try Self.known(`class`, id, digest, $0) }
    }

    private static func known(_ class: Reply.Class, _ id: String, _ digest: String, _ db: Database) throws -> Known {
        let sql = "SELECT digest, answered FROM requests WHERE class = ? AND id = ?"
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [`class`.rawValue, id]) else { return .new }
        guard row["digest"] == digest else { return .other }
        return row["answered"] ? .answered : .underWay
    }

    /// Remembers a command that takes a while, so that it is carried out once.
    func begin(_ command: Command, digest: String, replyTopic: String, at date: Date) throws {
        try pool.write { db in
            try Self.remember(.command, command.id, digest, replyTopic, isAnswered: false, at: date, db)
            try Self.audit(.commandAccepted, by: command.by ?? "", facts: command.facts, at: date, db)
        }
    }

    /// Answers a command, and with it is done.
    ///
    /// - Parameter isBegun: whether `begin` has told the audit log of it.
    func finish(
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
    /// - Parameter digest: nil where the id stays free: a stranger must not use up the ids of others.
    func refuse(_ reply: Reply, by: String, digest: String?, replyTopic: String, at date: Date) throws {
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

    /// Commands that a run began and did not answer, as ids and topics of their replies.
    func unanswered() throws -> [(id: String, digest: String, topic: String)] {
        try pool.read { db in
            try Row.fetchAll(db, sql: "SELECT id, digest, topic FROM requests WHERE NOT answered ORDER BY received, id")
                .map { ($0["id"], $0["digest"], $0["topic"]) }
        }
    }

    /// Forgets requests and reviews that came in before these dates.
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

    // MARK: Replies

    static func insert(_ reply: Reply, topic: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO replies (topic, payload) VALUES (?, ?)", arguments: [topic, try WireJSON.encode(reply)])
        try db.execute(
            sql: "DELETE FROM replies WHERE number <= (SELECT MAX(number) FROM replies) - ?", arguments: [mostReplies])
    }

    /// The oldest replies that no broker has.
    func replies(limit: Int) throws(OutboxError) -> [(number: Int64, message: MQTTMessage)] {
        try Self.explaining("read the replies") {
            try pool.read { db in
                try Row.fetchAll(
                    db, sql: "SELECT number, topic, payload FROM replies ORDER BY number LIMIT ?", arguments: [limit]
                ).map { row in
                    let payload: Data = row["payload"]
                    return (row["number"], MQTTMessage(topic: row["topic"], payload: Array(payload)))
                }
            }
        }
    }

    /// A broker has the reply.
    func forgetReply(_ number: Int64) throws(OutboxError) {
        try Self.explaining("mark a reply as sent") {
            try pool.write { try $0.execute(sql: "DELETE FROM replies WHERE number = ?", arguments: [number]) }
        }
    }

    // MARK: Replays

    static func lastSequence(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT last FROM sequence") ?? 0
    }

    /// Puts a replay in line; returns how many messages it will send and what is missing.
    static func enqueueReplay(
        _ span: ClosedRange<Int64>, _ db: Database
    ) throws -> (messages: Int, missing: [ClosedRange<Int64>]) {
        guard try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM replays") ?? 0 < mostReplays else {
            throw Refusal(.busy, "\(mostReplays) replays are under way: ask again when they are done")
        }
        let last = min(span.upperBound, try lastSequence(db))
        let count = try Int.fetchOne(
            db,
            sql: "SELECT COUNT(*) FROM messages WHERE sequence BETWEEN ? AND ? AND delivered_at IS NOT NULL",
            arguments: [span.lowerBound, last])
        if let count, count > 0 {
            try db.execute(
                sql: "INSERT INTO replays (next, last) VALUES (?, ?)", arguments: [span.lowerBound, last])
        }
        return (count ?? 0, try missing(in: span.lowerBound, through: last, db))
    }

    /// The next delivered messages of the oldest replay, marked as sent again; empty where none waits.
    func replayed(limit: Int) throws(OutboxError) -> (number: Int64, messages: [AlertMessage])? {
        try Self.explaining("read messages to be sent again") {
            try pool.read { db in
                guard let row = try Row.fetchOne(db, sql: "SELECT * FROM replays ORDER BY number LIMIT 1") else {
                    return nil
                }
                let (next, last): (Int64, Int64) = (row["next"], row["last"])
                let messages = try OutboxSchema.messages(
                    db, where: "sequence BETWEEN ? AND ? AND delivered_at IS NOT NULL ORDER BY sequence LIMIT ?",
                    arguments: [next, last, limit])
                return (row["number"], messages)
            }
        }
    }

    /// The replay goes on after `sequence`; nil ends it.
    func advanceReplay(_ number: Int64, after sequence: Int64?) throws(OutboxError) {
        try Self.explaining("go on with a replay") {
            try pool.write { db in
                if let sequence {
                    try db.execute(
                        sql: "UPDATE replays SET next = ? WHERE number = ?", arguments: [sequence + 1, number])
                } else {
                    try db.execute(sql: "DELETE FROM replays WHERE number = ?", arguments: [number])
                }
            }
        }
    }
}

extension Command {
    /// As the audit log tells it.
    var facts: [String: String] {
        switch action {
        case .ping: ["id": id, "command": "ping"]
        case .replay(let span):
            ["id": id, "command": "replay", "from": "\(span.lowerBound)", "to": "\(span.upperBound)"]
        case .snapshot(let camera): ["id": id, "command": "snapshot", "camera": camera]
        }
    }
}

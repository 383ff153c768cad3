public import Contract
public import Domain
public import Foundation
import GRDB

/// Grid workers' verdicts.
extension Outbox {
    /// The result of a review.
    package struct Reviewed {
        package let incident: Incident
        /// Nil where nothing changed.
        package let message: AlertMessage?
    }

    /// Stores a review and its effect. Throws a `Rejection`, an `OutboxError`, or SQLite's own error.
    ///
    /// - Parameters:
    ///   - place: the area levels of its topic: the incident must lie there.
    ///   - address: from which it was asked for by another way than MQTT; for the audit log.
    ///   - reply: makes the answer from the result; nil where it is told in another way than by MQTT.
    package func apply(
        _ review: Review, digest: String, place: String, replyTopic: String, topics: AlertTopics,
        from address: String = "", at date: Date, reply: (Reviewed) throws -> Reply?
    ) throws -> Reviewed {
        try writeMakingRoom { db in
            guard let incident = try OutboxSchema.incident(review.incident, db),
                let last = try OutboxSchema.newestMessage(of: review.incident, db)
            else { throw Rejection(.unknownIncident, "this site holds no such incident") }
            guard topics.place(of: last.topic) == place else {
                throw Rejection(.unauthorised, "the incident lies in another area than the topic of the review")
            }
            // A review without an id is identified by its bytes.
            let id = review.id ?? digest
            let known = try Self.known(.review, id, digest, db)
            guard known != .other else { throw Rejection(.idReused, "another review had the id \(id)") }
            guard known != .new || incident.state != .withdrawn || incident.review == review.verdict else {
                throw Rejection(
                    .withdrawn, "the incident was withdrawn before (\(incident.review?.rawValue ?? "by the site"))")
            }
            let outcome: Reviewed
            if known == .new, let changed = incident.reviewed(review.verdict) {
                let message = try append(
                    changed, message: { try AlertMessage(again: last, as: $0, sequence: $1, epoch: epoch, at: date) },
                    db)
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
            try Self.audit(.reviewAccepted, by: review.by, facts: facts.from(address), at: date, db)
            if let reply = try reply(outcome) { try Self.insert(reply, topic: replyTopic, db) }
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

    /// The reviews of each rule at each camera.
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

    /// Incidents ended by a review whose objects are still there.
    public func suppressedIncidents(camera: String? = nil) throws(OutboxError) -> [Incident] {
        try Self.explaining("read what is suppressed") {
            try pool.read { db in
                let sql = "SELECT state FROM incidents WHERE suppressed AND (? IS NULL OR camera = ?) ORDER BY id"
                return try Data.fetchAll(db, sql: sql, arguments: [camera, camera]).map {
                    try JSONDecoder().decode(Incident.self, from: $0)
                }
            }
        }
    }

    /// The objects of these incidents have gone.
    public func unsuppress(_ incidents: [UUID]) throws(OutboxError) {
        try Self.explaining("end the suppression of \(incidents.count) incidents") {
            try pool.write { try Self.unsuppress(incidents, $0) }
        }
    }

    static func unsuppress(_ incidents: [UUID], _ db: Database) throws {
        for incident in incidents {
            try db.execute(sql: "UPDATE incidents SET suppressed = 0 WHERE id = ?", arguments: [incident.text])
        }
    }
}

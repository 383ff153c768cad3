package import Contract
import Domain
public import Foundation
import GRDB

/// The outbox's view of evidence that was deleted for the budget.
extension Outbox {
    /// Why the evidence of each incident is still needed.
    public func claims() throws(OutboxError) -> EvidenceClaims {
        try Self.explaining("read which evidence is wanted") {
            try pool.read { db in
                var claims: [String: EvidenceClaims.Claim] = [:]
                func claim(_ claim: EvidenceClaims.Claim, _ sql: String) throws {
                    for incident in try String.fetchAll(db, sql: sql) { claims[incident] = claim }
                }
                try claim(
                    .undelivered,
                    """
                    SELECT subject FROM messages WHERE delivered_at IS NULL UNION \
                    SELECT m.subject FROM pictures p JOIN messages m ON m.sequence = p.sequence WHERE p.done IS NULL
                    """)
                let right = Verdict.allCases.filter { $0.isRight == true }.map { "'\($0.rawValue)'" }
                    .joined(separator: ", ")
                try claim(.confirmed, "SELECT incident FROM reviews WHERE verdict IN (\(right))")
                try claim(.open, "SELECT id FROM incidents WHERE open")
                return EvidenceClaims(claims)
            }
        }
    }

    /// Counts an incident whose evidence was deleted because the budget was exceeded.
    ///
    /// - Parameters:
    ///   - bytes: freed by that.
    ///   - record: the hash of the ledger's record of it, by which it is counted once.
    public func note(evicted bytes: Int, record: String) throws(OutboxError) {
        try Self.explaining("count evidence that was dropped") {
            try pool.write { db in
                try db.execute(
                    sql: """
                        UPDATE evictions SET incidents = incidents + 1, bytes = bytes + ?, record = ? WHERE record <> ?
                        """, arguments: [bytes, record, record])
            }
        }
    }

    /// Records in the audit log how much evidence was deleted for the budget since the last call.
    public func auditEvictions(at date: Date = Date()) throws(OutboxError) {
        try Self.explaining("write what evidence was dropped to the audit log") {
            try pool.write { db in
                let new = try Int.fetchOne(db, sql: "SELECT incidents - audited FROM evictions") ?? 0
                guard new > 0 else { return }
                let facts = ["incidents": "\(new)", "reason": "the budget of the evidence was spent"]
                try Self.audit(.evidenceDropped, by: "", facts: facts, at: date, db)
                try db.execute(sql: "UPDATE evictions SET audited = incidents")
            }
        }
    }

    static func evicted(_ db: Database) throws -> EvictedEvidence {
        let row = try Row.fetchOne(db, sql: "SELECT incidents, bytes FROM evictions")
        return EvictedEvidence(incidents: row?["incidents"] ?? 0, bytes: row?["bytes"] ?? 0)
    }
}

extension Outbox {
    static func insert(_ pictures: [AlertPicture], of message: AlertMessage, _ db: Database) throws {
        for picture in pictures {
            try db.execute(
                sql: "INSERT OR IGNORE INTO pictures (topic, sequence, file, sha256) VALUES (?, ?, ?, ?)",
                arguments: [picture.topic, message.sequence, picture.file, picture.sha256])
        }
    }

    /// The oldest picture that no broker has, of a message that a broker has.
    ///
    /// - Parameter topics: of finished pictures.
    package func nextPicture(except topics: some Collection<String> = [String]()) throws(OutboxError) -> AlertPicture? {
        try Self.explaining("read the pictures that wait") {
            try pool.read { db in
                let sql = """
                    SELECT p.topic, p.file, p.sha256 FROM pictures p JOIN messages m ON m.sequence = p.sequence \
                    WHERE p.done IS NULL AND m.delivered_at IS NOT NULL AND \(Self.isTaken("m")) ORDER BY p.sequence, p.topic
                    """
                let rows = try Row.fetchCursor(db, sql: sql)
                while let row = try rows.next() {
                    let picture = AlertPicture(topic: row["topic"], file: row["file"], sha256: row["sha256"])
                    if !topics.contains(picture.topic) { return picture }
                }
                return nil
            }
        }
    }

    /// The picture is with the broker, or can never be sent, which the audit log records.
    static func finish(_ done: DeliveryProgress.Picture, at date: Date, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE pictures SET done = ? WHERE topic = ?",
            arguments: [date.timeIntervalSince1970, done.picture.topic])
        guard let fault = done.fault else { return }
        let facts = ["file": done.picture.file, "sha256": done.picture.sha256, "reason": fault]
        try audit(.evidenceDropped, by: "", facts: facts, at: date, db)
    }
}

/// Why the files of an incident are still needed.
public struct EvidenceClaims: Sendable, Hashable {
    /// In the order of deletion when the evidence budget is exceeded.
    public enum Claim: Sendable, CaseIterable {
        /// Ended, and a broker has everything.
        case delivered
        /// A broker lacks a message or a picture of it.
        case undelivered
        /// Confirmed by a review.
        case confirmed
        /// Never deleted.
        case open
    }

    private let claims: [String: Claim]

    init(_ claims: [String: Claim]) { self.claims = claims }

    /// `delivered` for a forgotten incident, or for a picture on request.
    public subscript(incident: UUID) -> Claim { claims[incident.text] ?? .delivered }
}

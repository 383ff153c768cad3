import Contract
import Domain
public import Foundation
import GRDB

/// What the outbox knows of evidence that had to make room.
extension Outbox {
    /// What is still wanted of which incident.
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

    /// Counts an incident whose evidence was deleted because the budget was spent.
    ///
    /// - Parameters:
    ///   - bytes: what that freed.
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

    /// Writes to the audit log how much evidence went since the last call because the budget was spent.
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

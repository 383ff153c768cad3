import Foundation
import GRDB

extension Outbox {
    static func insert(_ pictures: [AlertPicture], of message: AlertMessage, _ db: Database) throws {
        for picture in pictures {
            try db.execute(
                sql: "INSERT OR IGNORE INTO pictures (topic, sequence, file, sha256) VALUES (?, ?, ?, ?)",
                arguments: [picture.topic, message.sequence, picture.file, picture.sha256])
        }
    }

    /// The oldest picture whose message a broker has and that no broker has itself.
    func nextPicture() throws(OutboxError) -> AlertPicture? {
        try Self.explaining("read the pictures that wait") {
            try pool.read { db in
                let sql = """
                    SELECT p.topic, p.file, p.sha256 FROM pictures p JOIN messages m ON m.sequence = p.sequence \
                    WHERE p.done IS NULL AND m.delivered_at IS NOT NULL ORDER BY p.sequence, p.topic LIMIT 1
                    """
                return try Row.fetchOne(db, sql: sql).map {
                    AlertPicture(topic: $0["topic"], file: $0["file"], sha256: $0["sha256"])
                }
            }
        }
    }

    /// The picture is with the broker, or can never be.
    ///
    /// - Parameter fault: why it was given up, for the audit log.
    func finish(_ picture: AlertPicture, fault: String? = nil, at date: Date = Date()) throws(OutboxError) {
        try Self.explaining("mark picture \(picture.file) as sent") {
            try pool.write { db in
                try db.execute(
                    sql: "UPDATE pictures SET done = ? WHERE topic = ?",
                    arguments: [date.timeIntervalSince1970, picture.topic])
                guard let fault else { return }
                let facts = ["file": picture.file, "sha256": picture.sha256, "reason": fault]
                try Self.audit(.evidenceDropped, by: "", facts: facts, at: date, db)
            }
        }
    }
}

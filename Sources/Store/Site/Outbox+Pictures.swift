package import Contract
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
    ///
    /// - Parameter topics: of pictures that are done with.
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

    /// The picture is with the broker, or can never be; then the audit log says why.
    static func finish(_ done: DeliveryProgress.Picture, at date: Date, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE pictures SET done = ? WHERE topic = ?",
            arguments: [date.timeIntervalSince1970, done.picture.topic])
        guard let fault = done.fault else { return }
        let facts = ["file": done.picture.file, "sha256": done.picture.sha256, "reason": fault]
        try audit(.evidenceDropped, by: "", facts: facts, at: date, db)
    }
}

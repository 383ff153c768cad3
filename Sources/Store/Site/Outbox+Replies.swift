import Contract
package import Foundation
import GRDB

/// Answers that no broker has yet.
extension Outbox {
    /// Beyond, the oldest go.
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

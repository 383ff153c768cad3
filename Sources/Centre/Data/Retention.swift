import Foundation
import Store

/// How long things are kept, and their end.
package struct Retention: Sendable {
    /// Seconds between two looks.
    static let period = 3600.0
    /// Rows in one transaction.
    private static let most = 2000

    package var messageDays: Int
    package var caseDays: Int
    package var evidenceDays: Int
    let pictures: PictureFolder?

    /// Deletes a part of what is too old. Returns whether nothing is left of it.
    ///
    /// A message goes only once everything before it is accounted for: what is missing is found by what is there.
    func prune(_ store: any SQLDatabase, at now: Double) throws -> Bool {
        let day = 86_400.0
        let (messages, cases) = (now - Double(messageDays) * day, now - Double(caseDays) * day)
        let pictures = now - Double(evidenceDays) * day
        let (gone, count) = try store.write { db in
            var count = try db.execute(
                """
                DELETE FROM message WHERE id IN (SELECT message.id FROM message JOIN site ON site.stream = message.stream \
                WHERE message.received_at < ? AND message.sequence <= site.contiguous_to \
                ORDER BY message.received_at LIMIT ?)
                """, [.real(messages), .count(Self.most)])
            let old = try db.rows(
                "SELECT sha256, incident FROM evidence WHERE taken < ? LIMIT ?", [.real(pictures), .count(Self.most)])
            for row in old {
                count += try db.execute(
                    "DELETE FROM evidence WHERE sha256 = ? AND incident = ?", [.text(row.name(0)), .text(row.name(1))])
            }
            let closed = try db.rows(
                "SELECT id FROM casefile WHERE found_at < ? AND closed_at < ? LIMIT ?",
                [.real(cases), .real(cases), .count(Self.most / 10)])
            for row in closed {
                for table in ["case_event", "case_incident", "case_change", "delivery", "request"] {
                    try db.post("DELETE FROM \(table) WHERE case_id = ?", [.text(row.name(0))])
                }
                try db.post("DELETE FROM incident WHERE case_id = ?", [.text(row.name(0))])
                count += try db.execute("DELETE FROM casefile WHERE id = ?", [.text(row.name(0))])
            }
            let gone = try old.map { $0.name(0) }.filter { sha256 in
                try db.row("SELECT 1 FROM evidence WHERE sha256 = ? LIMIT 1", [.text(sha256)]) == nil
            }
            return (gone, count)
        }
        for sha256 in gone { self.pictures?.remove(sha256) }
        return count == 0
    }

    /// Deletes pictures that another centre's rows have outlived: each keeps all pictures, and one of them deletes rows.
    func sweep(at now: Double) {
        pictures?.removeFiles(before: Date(timeIntervalSince1970: now - Double(evidenceDays + 1) * 86_400))
    }
}

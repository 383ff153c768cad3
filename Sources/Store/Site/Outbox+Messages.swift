public import Contract
public import Foundation
import GRDB

extension Outbox {
    /// All messages about an incident that are still kept, in sequence.
    public func messages(of incident: UUID) throws(OutboxError) -> [AlertMessage] {
        try Self.explaining("read the messages of incident \(incident.text)") {
            try pool.read { db in
                try OutboxSchema.messages(db, where: "subject = ? ORDER BY sequence", arguments: [incident.text])
            }
        }
    }
}

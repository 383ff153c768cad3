import Contract
public import Foundation
import GRDB

/// Retained states of cameras and of the site that a broker may still have, so that those no longer configured are
/// emptied.
extension Outbox {
    package func retainedStates() throws(OutboxError) -> Set<String> {
        try Self.explaining("read which states are retained") {
            try pool.read { try Set(String.fetchAll($0, sql: "SELECT topic FROM retained")) }
        }
    }

    package func note(retained topic: String) throws(OutboxError) {
        try Self.explaining("note that \(topic) is retained") {
            try pool.write { try $0.execute(sql: "INSERT OR IGNORE INTO retained VALUES (?)", arguments: [topic]) }
        }
    }

    package func forget(retained topic: String) throws(OutboxError) {
        try Self.explaining("note that \(topic) is retained no more") {
            try pool.write { try $0.execute(sql: "DELETE FROM retained WHERE topic = ?", arguments: [topic]) }
        }
    }

    /// The retained topic of an open incident, from its newest message; nil where it has none.
    public func openTopic(of incident: UUID) throws(OutboxError) -> String? {
        try Self.explaining("read where incident \(incident.text) is retained") {
            try pool.read { try OutboxSchema.newestMessage(of: incident, $0)?.openTopic }
        }
    }
}

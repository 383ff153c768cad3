public import Contract
public import Domain
public import Foundation
import GRDB

extension Outbox {
    /// Closes an incident that no camera will report any more, on the topics of its last message, which this one
    /// repeats.
    ///
    /// - Parameters:
    ///   - incident: in its closed state.
    ///   - date: of the message.
    ///   - configurationSHA256: of the configuration that no longer watches it; nil repeats the one of the last message.
    /// - Returns: The message; nil where a review ended it before, or the budget has evicted its last message: then it
    ///   is closed here, and the retained state is emptied at the next start.
    @discardableResult
    public func close(
        orphan incident: Incident, at date: Date, configurationSHA256: String? = nil
    ) throws(OutboxError) -> AlertMessage? {
        let operation = "close incident \(incident.id.text)"
        let last = try Self.explaining(operation) {
            try pool.read { try OutboxSchema.newestMessage(of: incident.id, $0) }
        }
        guard let last else {
            try Self.explaining(operation) { try pool.write { try OutboxSchema.save(incident, $0) } }
            return nil
        }
        return try append(incident) {
            try AlertMessage(
                again: last, as: $0, sequence: $1, epoch: epoch, at: date, configurationSHA256: configurationSHA256)
        }
    }
}

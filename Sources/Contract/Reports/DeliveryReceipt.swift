public import Foundation

/// When a message was written and when a broker took it over.
public struct DeliveryReceipt: Sendable, Hashable {
    public let sequence: Int64
    public let id: String
    public let written: Date
    /// The moment of the broker's PUBACK; nil while it waits.
    public let acknowledged: Date?

    package init(sequence: Int64, id: String, written: Date, acknowledged: Date?) {
        self.sequence = sequence
        self.id = id
        self.written = written
        self.acknowledged = acknowledged
    }
}

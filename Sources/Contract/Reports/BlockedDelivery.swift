import Foundation

/// The message that the broker refuses, and behind which all others wait, so that they come in sequence.
public struct BlockedDelivery: Codable, Sendable, Hashable {
    public var topic: String
    public var sequence: Int64
    /// Of the store that counted it, where that is another one than the present store; nil otherwise.
    public var epoch: String?
    /// The broker's word.
    public var reason: String

    /// - Parameter topic: as the broker has it.
    package init(_ message: AlertMessage, topic: String, reason: String) {
        (sequence, epoch) = message.name
        self.topic = topic
        self.reason = reason
    }
}

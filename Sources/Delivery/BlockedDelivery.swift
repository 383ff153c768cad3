import Foundation

/// The message that the broker refuses, and behind which all others wait, so that they come in sequence.
public struct BlockedDelivery: Codable, Sendable, Hashable {
    public var topic: String
    public var sequence: Int64
    /// The broker's word.
    public var reason: String
}

public import Contract
public import Foundation

/// What can be told of the outbox at one moment.
public struct OutboxStanding: Sendable, Hashable {
    public let epoch: String
    public let counts: OutboxCounts
    /// When the oldest message was written that no broker has; nil where there is none.
    public let oldestUndelivered: Date?
    /// By the ids of cameras; those without are left out.
    public let openIncidents: [String: Int]
    public let tallies: [ReviewTally]
    public let evicted: EvictedEvidence
    /// Databases that were set aside.
    public let damaged: [String]
    /// Without what troubles them.
    public let sinks: [SinkReport]
}

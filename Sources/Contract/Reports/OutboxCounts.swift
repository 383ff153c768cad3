/// What the outbox holds.
public struct OutboxCounts: Sendable, Hashable {
    public var undelivered: Int
    public var delivered: Int
    /// Of all payloads, delivered or not.
    public var bytes: Int
    public var openIncidents: Int
    /// Of the newest message ever written; 0 before the first.
    public var lastSequence: Int64

    package init(undelivered: Int, delivered: Int, bytes: Int, openIncidents: Int, lastSequence: Int64) {
        self.undelivered = undelivered
        self.delivered = delivered
        self.bytes = bytes
        self.openIncidents = openIncidents
        self.lastSequence = lastSequence
    }
}

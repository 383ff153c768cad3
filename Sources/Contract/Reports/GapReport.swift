/// The sequences that a site has written, and what has become of them.
public struct GapReport: Sendable, Hashable {
    /// Of the newest message ever written; 0 before the first.
    public let lastSequence: Int64
    /// No longer held, whether delivered and deleted or dropped.
    public let missing: [ClosedRange<Int64>]
    /// Dropped before any broker had them: lost.
    public let dropped: [ClosedRange<Int64>]
    /// Held, and not yet with a broker.
    public let undelivered: [ClosedRange<Int64>]

    package init(
        lastSequence: Int64, missing: [ClosedRange<Int64>], dropped: [ClosedRange<Int64>],
        undelivered: [ClosedRange<Int64>]
    ) {
        self.lastSequence = lastSequence
        self.missing = missing
        self.dropped = dropped
        self.undelivered = undelivered
    }
}

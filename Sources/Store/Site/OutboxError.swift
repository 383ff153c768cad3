/// Why the outbox could not do its work, and what helps.
public struct OutboxError: Error, CustomStringConvertible {
    public let operation: String
    public let cause: String
    public let remedy: String
    /// Whether the same would fail again, however often it is tried: the fault is in what was to be written.
    public var isFinal = false
    /// Whether the database is not what was written: trying again does not help.
    public var isDamage = false

    public var description: String { "could not \(operation): \(cause); \(remedy)" }
}

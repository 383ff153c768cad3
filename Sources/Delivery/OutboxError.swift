/// Why the outbox could not do its work, and what helps.
public struct OutboxError: Error, CustomStringConvertible {
    public let operation: String
    public let cause: String
    public let remedy: String

    public var description: String { "could not \(operation): \(cause); \(remedy)" }
}

/// How much the outbox may hold.
public struct OutboxBudget: Sendable, Hashable {
    public var messages: Int
    /// Of payloads; the file itself is somewhat larger.
    public var bytes: Int

    public init(messages: Int = 200_000, bytes: Int = 512 << 20) {
        self.messages = messages
        self.bytes = bytes
    }
}

/// How much the outbox keeps.
public struct OutboxSettings: Sendable, Hashable {
    /// 1000…10000000.
    public var maxMessages = 200_000
    /// Of messages, 8…1000000.
    public var maxMegabytes = 512
    /// Days for the audit log and the reviews, 184…3650.
    public var auditDays = 365

    public init() {}
}

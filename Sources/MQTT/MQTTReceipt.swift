/// A message that was handed over and awaits its acknowledgement.
public struct MQTTReceipt: Sendable {
    let session: MQTTSession
    let id: Int32
    let operation: String

    /// Returns once the broker has acknowledged; throws where it refused or the connection broke. To be called once.
    public func acknowledged() async throws(MQTTError) {
        try await session.acknowledgement(of: id, operation)
    }

    /// Instead of waiting.
    func forget() { session.forget(id) }
}

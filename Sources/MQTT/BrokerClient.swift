public import Contract

/// A connection to a broker: `MQTTClient`, or a replacement in tests.
public protocol BrokerClient: Sendable {
    /// Messages received for the subscriptions; for one reader.
    var messages: AsyncStream<MQTTMessage> { get }
    var isConnected: Bool { get }
    /// The broker that has accepted the connection; nil without one.
    var link: BrokerLink? { get }
    /// Whether this broker keeps retained messages, so far as it says; true without a connection.
    var retains: Bool { get }
    /// Whether this broker has accepted the last will; true without a connection.
    var hasWill: Bool { get }
    /// How often the broker has accepted a connection.
    var sessions: Int { get }

    /// Starts connecting, and reconnects until closed. Throws where the settings can never work.
    func start() throws(MQTTError)
    /// The expiry dates of the certificates.
    func certificates() -> [CertificateExpiry]
    /// The current state of the connection, then every change; ends with the client.
    func connections() -> AsyncStream<MQTTConnection>
    /// Sends a message, in the order of the calls; throws without a connection.
    func send(_ message: MQTTMessage) throws(MQTTError) -> MQTTReceipt
    /// Returns once the broker has acknowledged.
    ///
    /// - Parameters:
    ///   - retainAsPublished: with MQTT 5, a message that is published with the retain flag arrives with it; otherwise
    ///     only one that had been retained before the subscription does.
    ///   - isRenewed: whether the client itself repeats the subscription with every later connection.
    func subscribe(_ filter: String, retainAsPublished: Bool, isRenewed: Bool) async throws(MQTTError)
    /// Returns once the broker has acknowledged; not renewed any more in any case.
    func unsubscribe(_ filter: String) async throws(MQTTError)
    /// Disconnects; messages without an acknowledgement fail.
    func close() async
}

extension BrokerClient {
    /// Returns once there is a connection; throws the broker's refusal, or when the client is closed.
    public func waitForConnection() async throws(MQTTError) {
        for await connection in connections() {
            switch connection {
            case .up: return
            case .down(let error) where error.kind == .refused: throw error
            default: continue
            }
        }
        throw MQTTError.closed
    }

    /// Returns once the broker has acknowledged the message.
    public func publish(_ message: MQTTMessage) async throws(MQTTError) {
        try await send(message).acknowledged()
    }
}

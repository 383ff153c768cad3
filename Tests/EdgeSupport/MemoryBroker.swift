import Contract
package import MQTT
import Synchronization

/// A broker in memory: keeps what it has taken, in sequence, and passes on what somebody asks of a site.
package final class MemoryBroker: Sendable {
    private struct State {
        var received: [MQTTMessage] = []
        var retained: [String: MQTTMessage] = [:]
        var refuses: (@Sendable (MQTTMessage) -> Bool)?
        var admits: (@Sendable (MQTTSettings) -> Bool)?
        var isAway = false
        var clients: [Client] = []
        var connections = 0
        var refusedConnections = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// How many connections it has taken, and refused because of who wanted them.
    package var connections: Int { state.withLock(\.connections) }
    package var refusedConnections: Int { state.withLock(\.refusedConnections) }

    /// All that it has taken and does not retain.
    package var received: [MQTTMessage] { state.withLock(\.received) }
    /// By topic.
    package var retained: [String: MQTTMessage] { state.withLock(\.retained) }

    /// What it refuses from now on, with a word; nil: nothing.
    package func refuses(_ which: (@Sendable (MQTTMessage) -> Bool)?) { state.withLock { $0.refuses = which } }

    /// Whom it lets in from now on; nil: everybody.
    package func admits(_ which: (@Sendable (MQTTSettings) -> Bool)?) { state.withLock { $0.admits = which } }

    /// Whether a site that is connected listens to this topic.
    package func isHeard(_ topic: String) -> Bool { state.withLock(\.clients).contains { $0.listens(to: topic) } }

    /// For a site that names itself by these settings; it connects as soon as it is started and the broker is there.
    package func client(_ settings: MQTTSettings) -> any BrokerClient {
        let client = Client(self, settings)
        state.withLock { $0.clients.append(client) }
        return client
    }

    /// Breaks all connections and takes none until `comesBack`.
    package func goesAway() {
        let clients = state.withLock { state in
            state.isAway = true
            return state.clients
        }
        for client in clients { client.disconnect() }
    }

    package func comesBack() {
        let clients = state.withLock { state in
            state.isAway = false
            return state.clients
        }
        for client in clients { client.connect() }
    }

    /// Loses what it retains, as one without a disk does.
    package func forget() { state.withLock { $0.retained = [:] } }

    /// Somebody publishes something.
    package func publish(_ message: MQTTMessage) {
        let clients = state.withLock { state in
            if message.retain { state.retained[message.topic] = message.payload.isEmpty ? nil : message }
            return state.clients
        }
        for client in clients { client.hear(message) }
    }

    fileprivate func takes(_ settings: MQTTSettings) -> Bool {
        let (isAway, admits) = state.withLock { ($0.isAway, $0.admits) }
        guard !isAway else { return false }
        let isAdmitted = admits?(settings) ?? true
        state.withLock { state in
            if isAdmitted { state.connections += 1 } else { state.refusedConnections += 1 }
        }
        return isAdmitted
    }

    fileprivate func take(_ message: MQTTMessage) throws(MQTTError) {
        let refuses = state.withLock(\.refuses)
        if refuses?(message) == true {
            throw MQTTError(
                kind: .refused, operation: "publish to \(message.topic)", cause: "not authorized", remedy: nil,
                isAboutMessage: true)
        }
        if !message.retain { state.withLock { $0.received.append(message) } }
        publish(message)
    }

    /// What it retains below a filter.
    fileprivate func retained(_ filter: String) -> [MQTTMessage] {
        retained.values.filter { Self.matches(filter, $0.topic) }.sorted { $0.topic < $1.topic }
    }

    fileprivate static func matches(_ filter: String, _ topic: String) -> Bool {
        let (filter, topic) = (filter.split(separator: "/"), topic.split(separator: "/"))
        for (index, level) in filter.enumerated() {
            if level == "#" { return true }
            guard index < topic.count, level == "+" || level == topic[index] else { return false }
        }
        return filter.count == topic.count
    }
}

/// A site's connection to the broker in memory.
private final class Client: BrokerClient {
    private struct State {
        var isStarted = false
        var isClosed = false
        var isConnected = false
        var sessions = 0
        var filters: Set<String> = []
        var listeners: [AsyncStream<MQTTConnection>.Continuation] = []
    }

    let messages: AsyncStream<MQTTMessage>
    private let message: AsyncStream<MQTTMessage>.Continuation
    private let broker: MemoryBroker
    private let settings: MQTTSettings
    private let state = Mutex(State())

    init(_ broker: MemoryBroker, _ settings: MQTTSettings) {
        (self.broker, self.settings) = (broker, settings)
        (messages, message) = AsyncStream.makeStream()
    }

    var isConnected: Bool { state.withLock(\.isConnected) }
    var link: BrokerLink? { isConnected ? BrokerLink(address: "memory:0", version: "5") : nil }
    var retains: Bool { true }
    var hasWill: Bool { true }
    var sessions: Int { state.withLock(\.sessions) }

    func start() throws(MQTTError) {
        state.withLock { $0.isStarted = true }
        connect()
    }

    func certificates() -> [CertificateExpiry] { [] }

    func connections() -> AsyncStream<MQTTConnection> {
        let (stream, continuation) = AsyncStream<MQTTConnection>.makeStream()
        state.withLock { state in
            continuation.yield(state.isConnected ? .up : .connecting)
            state.listeners.append(continuation)
        }
        return stream
    }

    func connect() {
        guard state.withLock({ $0.isStarted && !$0.isClosed && !$0.isConnected }), broker.takes(settings) else {
            return
        }
        state.withLock { state in
            guard state.isStarted, !state.isClosed, !state.isConnected else { return }
            state.isConnected = true
            state.sessions += 1
            for listener in state.listeners { listener.yield(.up) }
        }
    }

    func disconnect() {
        state.withLock { state in
            guard state.isConnected else { return }
            (state.isConnected, state.filters) = (false, [])
            for listener in state.listeners { listener.yield(.down(.notConnected("use the connection"))) }
        }
    }

    func listens(to topic: String) -> Bool {
        state.withLock { $0.isConnected && $0.filters.contains { MemoryBroker.matches($0, topic) } }
    }

    func hear(_ message: MQTTMessage) {
        if listens(to: message.topic) { self.message.yield(message) }
    }

    func send(_ message: MQTTMessage) throws(MQTTError) -> MQTTReceipt {
        guard isConnected else { throw MQTTError.notConnected("publish to \(message.topic)") }
        let outcome = Result { () throws(MQTTError) in try broker.take(message) }
        return MQTTReceipt { () async throws(MQTTError) in try outcome.get() }
    }

    func subscribe(_ filter: String, retainAsPublished: Bool, isRenewed: Bool) async throws(MQTTError) {
        guard isConnected else { throw MQTTError.notConnected("subscribe to \(filter)") }
        state.withLock { _ = $0.filters.insert(filter) }
        for message in broker.retained(filter) { self.message.yield(message) }
    }

    func unsubscribe(_ filter: String) async throws(MQTTError) { state.withLock { _ = $0.filters.remove(filter) } }

    func close() async {
        state.withLock { state in
            (state.isClosed, state.isConnected) = (true, false)
            for listener in state.listeners { listener.finish() }
        }
        message.finish()
    }
}

public import Contract
import Runtime
import Synchronization
import Threading

/// A broker connection on a thread of its own, re-established after every fault until it is closed.
///
/// `close` ends it; a started client that is released without it keeps running.
public final class MQTTClient: BrokerClient {
    private struct State {
        var isStarted = false
        var isClosed = false
        var isFinished = false
        /// The current connection attempt.
        var attempt: MQTTSession?
        /// Only while the broker has accepted the connection.
        var session: MQTTSession?
        var sessions = 0
        /// When that was.
        var since: ContinuousClock.Instant?
        /// Why the latest connection broke, where it broke soon.
        var trouble: MQTTError?
        var dropped = 0
        /// The subscriptions, and whether the retain flag arrives as published.
        var filters: [String: Bool] = [:]
        /// Of the broker, in the latest session.
        var certificates: [CertificateExpiry] = []
        var connection = MQTTConnection.connecting
        var listeners: [Int: AsyncStream<MQTTConnection>.Continuation] = [:]
        var listenerCount = 0
    }

    /// Messages received for the subscriptions; for one reader. The oldest are dropped where it reads too slowly.
    public let messages: AsyncStream<MQTTMessage>

    private let settings: MQTTSettings
    /// Nil where `messages` has them.
    private let take: (@Sendable (MQTTMessage) -> Void)?
    private let clock = ContinuousClock()
    private let message: AsyncStream<MQTTMessage>.Continuation
    private let state = Mutex(State())
    private let waiting = MonotonicEvent()

    public convenience init(_ settings: MQTTSettings) { self.init(settings, take: nil) }

    /// - Parameter take: called with each message in place of `messages`, on the connection's own thread: as long as it waits,
    ///   the broker keeps what follows.
    package convenience init(_ settings: MQTTSettings, taking take: @escaping @Sendable (MQTTMessage) -> Void) {
        self.init(settings, take: take)
    }

    private init(_ settings: MQTTSettings, take: (@Sendable (MQTTMessage) -> Void)?) {
        self.settings = settings
        self.take = take
        (messages, message) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    /// Starts connecting, and reconnects until closed. Throws where the settings can never work.
    public func start() throws(MQTTError) {
        var route = BrokerRoute(settings)
        let first = try makeSession(route.next(at: clock.now))
        let isNew = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted && !state.isClosed
        }
        if isNew { startThread(named: "mqtt") { [route] in self.loop(first, route) } }
    }

    /// Acknowledgements of this connection that are not awaited yet.
    var unclaimedAcknowledgements: Int { state.withLock { $0.session }?.unclaimed ?? 0 }
    public var isConnected: Bool { state.withLock { $0.session != nil } }
    /// The broker that has accepted the connection; nil without one.
    public var link: BrokerLink? {
        let (session, since, trouble) = state.withLock { ($0.session, $0.since, $0.trouble) }
        guard let session, let since else { return nil }
        let isSettled = since.duration(to: clock.now) >= .seconds(settings.settleTime)
        return BrokerLink(
            address: "\(session.attempt.address)", version: session.attempt.version.rawValue,
            trouble: isSettled
                ? nil : trouble.map { settings.secrets.redact($0.cause + ($0.remedy.map { "; \($0)" } ?? "")) })
    }
    /// Whether this broker keeps retained messages, so far as it says; true without a connection.
    public var retains: Bool { state.withLock { $0.session }?.retains ?? true }
    /// Whether this broker has accepted the last will; true without a connection.
    public var hasWill: Bool { state.withLock { $0.session }?.attempt.hasWill ?? true }
    /// How often the broker has accepted a connection.
    public var sessions: Int { state.withLock { $0.sessions } }
    /// Incoming messages that were too long, or not read in time.
    public var droppedMessages: Int { state.withLock { $0.dropped } }

    /// The expiry dates of the certificates: this site's own from the file on disk, the broker's as last presented.
    public func certificates() -> [CertificateExpiry] {
        [settings.tls?.clientExpiry()].compactMap { $0 } + state.withLock { $0.certificates }
    }

    /// The current state of the connection, then every change; ends with the client.
    public func connections() -> AsyncStream<MQTTConnection> {
        let (stream, continuation) = AsyncStream<MQTTConnection>.makeStream(bufferingPolicy: .bufferingNewest(16))
        let (number, isOver) = state.withLock { state in
            state.listenerCount += 1
            continuation.yield(state.connection)
            if !state.isFinished { state.listeners[state.listenerCount] = continuation }
            return (state.listenerCount, state.isFinished)
        }
        if isOver { continuation.finish() }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.listeners[number] = nil }
        }
        return stream
    }

    /// Sends a message, in the order of the calls; throws without a connection.
    public func send(_ message: MQTTMessage) throws(MQTTError) -> MQTTReceipt {
        guard let session = state.withLock({ $0.session }) else {
            throw MQTTError.notConnected("publish to \(message.topic)")
        }
        return try session.publish(message)
    }

    /// Returns once the broker has acknowledged.
    ///
    /// - Parameters:
    ///   - retainAsPublished: with MQTT 5, a message that is published with the retain flag arrives with it; otherwise
    ///     only one that had been retained before the subscription does.
    ///   - isRenewed: whether the client itself repeats the subscription with every later connection.
    public func subscribe(
        _ filter: String, retainAsPublished: Bool = false, isRenewed: Bool = true
    ) async throws(MQTTError) {
        guard let session = state.withLock({ $0.session }) else {
            throw MQTTError.notConnected("subscribe to \(filter)")
        }
        try await session.subscribe(filter, retainAsPublished: retainAsPublished).acknowledged()
        if isRenewed { state.withLock { $0.filters[filter] = retainAsPublished } }
    }

    /// Returns once the broker has acknowledged; not renewed any more in any case.
    public func unsubscribe(_ filter: String) async throws(MQTTError) {
        state.withLock { $0.filters[filter] = nil }
        guard let session = state.withLock({ $0.session }) else { return }
        try await session.unsubscribe(filter).acknowledged()
    }

    /// Disconnects and ends the thread; messages without an acknowledgement fail. Not from a callback.
    public func close() async {
        let attempt = state.withLock { state in
            state.isClosed = true
            if !state.isStarted { state.isFinished = true }
            return state.attempt
        }
        attempt?.disconnect()
        waiting.signal()
        // Unstructured, since a cancelled caller could not wait. A connect that hangs is left to end by itself.
        await Task {
            for _ in 0..<300 where !state.withLock({ $0.isFinished }) {
                try? await Task.sleep(for: .milliseconds(10))
            }
        }.value
        finish()
    }

    private func loop(_ first: MQTTSession, _ start: BrokerRoute) {
        var route = start
        var next: MQTTSession? = first
        while !isClosed {
            var error = MQTTError.closed
            do throws(MQTTError) {
                let session: MQTTSession
                if let next { session = next } else { session = try makeSession(route.next(at: clock.now)) }
                next = nil
                state.withLock { $0.attempt = session }
                change(to: .connecting)
                error = session.run { isClosed }
            } catch let fault { error = fault }
            let since = state.withLock { state in
                state.attempt = nil
                state.session = nil
                defer { state.since = nil }
                return state.since
            }
            let now = clock.now
            let lived = since.map { $0.duration(to: now) / .seconds(1) }
            if lived != nil { route.accepted() }
            let end = route.ended(error, lived: lived, at: now)
            guard !isClosed, end.isDetour else {
                if let lived { state.withLock { $0.trouble = lived < settings.settleTime ? end.error : nil } }
                change(to: .down(isClosed ? .closed : end.error))
                guard !isClosed else { break }
                if end.wait > 0 { waiting.wait(seconds: end.wait) }
                continue
            }
        }
        state.withLock { $0.isFinished = true }
        finish()
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func makeSession(_ attempt: BrokerRoute.Attempt) throws(MQTTError) -> MQTTSession {
        let events = MQTTSession.Events(
            up: { [weak self] in self?.up($0) },
            message: { [weak self] message in
                if let take = self?.take { return take(message) }
                guard let self, case .dropped = self.message.yield(message) else { return }
                state.withLock { $0.dropped += 1 }
            },
            oversized: { [weak self] in self?.state.withLock { $0.dropped += 1 } })
        return try MQTTSession(settings, attempt, events: events)
    }

    private func up(_ session: MQTTSession) {
        let filters = state.withLock { state in
            state.session = session
            state.since = clock.now
            state.sessions += 1
            state.certificates = session.certificates
            return state.filters
        }
        for (filter, asPublished) in filters {
            (try? session.subscribe(filter, retainAsPublished: asPublished))?.forget()
        }
        change(to: .up)
    }

    private func change(to connection: MQTTConnection) {
        let listeners = state.withLock { state in
            state.connection = connection
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield(connection) }
    }

    private func finish() {
        message.finish()
        let listeners = state.withLock { state in
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}

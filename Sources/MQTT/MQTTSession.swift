internal import CMosquitto
import Contract
import Domain
import Foundation
import Runtime
import Synchronization
import Threading

/// One connection from its first to its last packet.
///
/// Each connection has its own handle: libmosquitto keeps unacknowledged messages across a reconnect and would send
/// them in addition to those that the outbox sends again.
final class MQTTSession: Sendable {
    /// The session's events for its client, on the client's thread.
    struct Events: Sendable {
        let up: @Sendable (MQTTSession) -> Void
        let message: @Sendable (MQTTMessage) -> Void
        let oversized: @Sendable () -> Void
    }

    private typealias Outcome = Result<Void, MQTTError>
    private struct State {
        var waiting: [Int32: CheckedContinuation<Outcome, Never>] = [:]
        /// An acknowledgement may arrive before it is awaited.
        var early: [Int32: Int32] = [:]
        /// Messages whose acknowledgement will not be awaited.
        var forgotten: Set<Int32> = []
        var unacknowledged = Unacknowledged()
        /// Calls that are about to add to it: the broker may answer sooner.
        var sending = 0
        /// When the broker last refused something.
        var refused: ContinuousClock.Instant?
        /// The broker's reason before it closed the connection.
        var refusal: MQTTError?
        /// The broker has accepted the connection.
        var isUp = false
        /// False only if the broker says that it does not keep retained messages.
        var retains = true
        var end: MQTTError?
        /// Number of the host's addresses; 0 until it was resolved.
        var addresses = 0
    }

    /// A connection that ends so soon after a refusal ended because of it.
    private static let afterRefusal = Duration.seconds(2)
    private static let library: Void = { mosquitto_lib_init() }()

    let attempt: BrokerRoute.Attempt
    // libmosquitto locks its own handle; the pointer itself never changes.
    private nonisolated(unsafe) let handle: OpaquePointer
    private let settings: MQTTSettings
    private let events: Events
    private let tls: TLSContext?
    private let diagnosis: MQTTDiagnosis
    private let clock = ContinuousClock()
    private let state = Mutex(State())

    init(_ settings: MQTTSettings, _ attempt: BrokerRoute.Attempt, events: Events) throws(MQTTError) {
        _ = Self.library
        let tls = try settings.tls.map { files throws(MQTTError) in
            try TLSContext(files, host: attempt.address.host)
        }
        // A clean start would make the broker publish a will that is still delayed.
        let isClean = settings.sessionExpiry == 0 && settings.willDelay(attempt) == 0
        guard let handle = mosquitto_new(settings.clientID, isClean, nil) else {
            throw MQTTError.library(MOSQ_ERR_INVAL.rawValue, "prepare the client", kind: .settings)
        }
        self.handle = handle
        self.tls = tls
        diagnosis = MQTTDiagnosis(settings: settings, attempt: attempt, tls: tls)
        self.settings = settings
        self.attempt = attempt
        self.events = events
        try configure()
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        setCallbacks()
    }

    deinit { mosquitto_destroy(handle) }

    private func configure() throws(MQTTError) {
        func check(_ code: Int32, _ operation: String) throws(MQTTError) {
            guard code == 0 else { throw MQTTError.library(code, operation, kind: .settings) }
        }
        // Publishing threads then only enqueue, and only the loop's own thread writes to the socket.
        try check(mosquitto_threaded_set(handle, true), "prepare the client")
        let version = attempt.version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
        try check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, version), "choose the protocol version")
        if let username = settings.username {
            try check(mosquitto_username_pw_set(handle, username, settings.password?.text), "set the user name")
        }
        if let tls {
            try check(mosquitto_int_option(handle, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0), "prepare TLS")
            try check(
                mosquitto_void_option(handle, MOSQ_OPT_SSL_CTX, UnsafeMutableRawPointer(tls.handle)), "prepare TLS")
        }
        if attempt.hasWill, let will = settings.will?() {
            let length = Int32(will.payload.count)
            var properties: OpaquePointer?
            let delay = settings.willDelay(attempt)
            if delay > 0 {
                mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_WILL_DELAY_INTERVAL.rawValue), UInt32(delay))
            }
            let code = mosquitto_will_set_v5(handle, will.topic, length, will.payload, 1, true, properties)
            // The library now owns them, except where the call failed.
            if code != 0 { mosquitto_property_free_all(&properties) }
            try check(code, "set the last will")
        }
    }

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, context, code, _, properties in
            var retains: UInt8 = 1
            _ = mosquitto_property_read_byte(properties, Int32(MQTT_PROP_RETAIN_AVAILABLE.rawValue), &retains, false)
            MQTTSession.from(context)?.connected(code, retains: retains != 0)
        }
        // Reason codes of the broker are 128 and more; lower ones come from the library itself.
        mosquitto_disconnect_v5_callback_set(handle) { _, context, reason, _ in
            if reason >= 0x80 { MQTTSession.from(context)?.dismissed(Int(reason)) }
        }
        mosquitto_publish_v5_callback_set(handle) { _, context, id, reason, _ in
            MQTTSession.from(context)?.acknowledge(id, reason)
        }
        mosquitto_subscribe_v5_callback_set(handle) { _, context, id, count, granted, _ in
            MQTTSession.from(context)?.acknowledge(id, count > 0 ? granted?.pointee ?? 0x80 : 0x80)
        }
        mosquitto_unsubscribe_v5_callback_set(handle) { _, context, id, _ in
            MQTTSession.from(context)?.acknowledge(id, 0)
        }
        mosquitto_log_callback_set(handle) { _, context, _, line in
            guard let tls = MQTTSession.from(context)?.tls, let line else { return }
            tls.note(String(cString: line))
        }
        mosquitto_message_v5_callback_set(handle) { _, context, message, _ in
            guard let session = MQTTSession.from(context), let message = message?.pointee, let topic = message.topic
            else { return }
            guard message.payloadlen <= session.settings.largestMessage else { return session.events.oversized() }
            let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            session.events.message(
                MQTTMessage(topic: String(cString: topic), payload: Array(bytes), retain: message.retain))
        }
    }

    /// The expiry dates of the broker's certificates; empty without TLS.
    var certificates: [CertificateExpiry] { tls?.expiries ?? [] }

    private static func from(_ context: UnsafeMutableRawPointer?) -> MQTTSession? {
        context.map { Unmanaged<MQTTSession>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether the broker keeps retained messages, so far as it says.
    var retains: Bool { state.withLock(\.retains) }

    /// Connects, and returns the reason when the connection has ended. Blocks; to be called once.
    func run(until isClosed: () -> Bool) -> MQTTError {
        let fault = dial(until: isClosed) ?? exchange(until: isClosed)
        return state.withLock { state in
            let reason = isClosed() ? MQTTError.closed : state.refusal ?? fault
            state.end = reason
            for waiter in state.waiting.values { waiter.resume(returning: .failure(reason)) }
            state.waiting = [:]
            return reason
        }
    }

    /// Resolves the host and makes a TCP connection; nil on success.
    ///
    /// libmosquitto's own connect blocks for two minutes where packets are lost, and its other variant supports neither
    /// properties of MQTT 5 nor a second address of a host.
    private func dial(until isClosed: () -> Bool) -> MQTTError? {
        let call = BlockingCall(named: "mqtt connect") { [self] in
            let count = addressCount()
            state.withLock { $0.addresses = count }
            let code = connect()
            return (code: code, system: errno)
        }
        var deadline = clock.now + .seconds(settings.connectTimeout)
        var tried = 0
        while true {
            if let (code, system) = call.value(within: 0.1) {
                guard tried > 0, code == MOSQ_ERR_ERRNO.rawValue, system == EINTR else {
                    return code == 0 ? nil : .library(code, diagnosis.connecting, tls, system: system)
                }
                return diagnosis.unanswered
            }
            if isClosed() {
                call.interrupt()
                return .closed
            }
            guard clock.now > deadline else { continue }
            let known = state.withLock(\.addresses)
            guard known > 0 else {
                return diagnosis.nameless
            }
            // The library then continues with the host's next address, or returns.
            call.interrupt()
            tried += 1
            guard tried <= known else { return diagnosis.unanswered }
            deadline += tried < known ? .seconds(settings.connectTimeout) : .seconds(1)
        }
    }

    /// The number of the host's addresses that the library will find; 0 where there is none. Blocks.
    private func addressCount() -> Int {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(attempt.address.host, nil, &hints, &first) == 0 else { return 0 }
        defer { freeaddrinfo(first) }
        return sequence(first: first) { $0?.pointee.ai_next }.prefix { $0 != nil }.reduce(0) { count, _ in count + 1 }
    }

    private func exchange(until isClosed: () -> Bool) -> MQTTError {
        let deadline = clock.now + .seconds(settings.connectTimeout)
        var closing = 0
        // Two more rounds after the close, so that the DISCONNECT is sent.
        while closing < 2 {
            if isClosed() { closing += 1 }
            let code = mosquitto_loop(handle, closing > 0 ? 100 : 500, 1)
            let system = errno
            guard code == 0 else { return ending(code, system) }
            let (isUp, refusal, late) = state.withLock { state in
                (state.isUp, state.refusal, state.unacknowledged.overdue(at: clock.now))
            }
            // A DISCONNECT of the broker is not an error to the library.
            if let refusal { return hangUp(refusal) }
            if let late { return hangUp(diagnosis.silence(late)) }
            if !isUp, clock.now > deadline { return hangUp(diagnosis.unaccepted) }
        }
        return .closed
    }

    /// The meaning of the library's error.
    private func ending(_ code: Int32, _ system: Int32) -> MQTTError {
        let now = clock.now
        let (isUp, isWaiting) = state.withLock { state in
            let isRefused = state.refused.map { now - $0 < Self.afterRefusal } ?? false
            return (state.isUp, !state.unacknowledged.isEmpty || state.sending > 0 || isRefused)
        }
        return diagnosis.ending(code, system, isUp: isUp, isWaiting: isWaiting)
    }

    /// Without a DISCONNECT, so that the broker publishes the last will.
    private func hangUp(_ reason: MQTTError) -> MQTTError {
        let socket = mosquitto_socket(handle)
        if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
        return reason
    }

    private func connect() -> Int32 {
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if attempt.version == .v5 {
            // The library would accept 256 MB: the broker is asked not to send so much.
            mosquitto_property_add_int32(
                &properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), UInt32(2 * settings.largestMessage))
            // A will is delayed no longer than its session lives.
            let expiry = max(settings.sessionExpiry, settings.willDelay(attempt))
            if expiry > 0 {
                mosquitto_property_add_int32(
                    &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), UInt32(expiry))
            }
        }
        return mosquitto_connect_bind_v5(
            handle, attempt.address.host, Int32(attempt.address.port), Int32(settings.keepAlive), nil, properties)
    }

    /// Sends a DISCONNECT; the broker then does not publish the last will.
    func disconnect() { mosquitto_disconnect(handle) }

    func publish(_ message: MQTTMessage) throws(MQTTError) -> MQTTReceipt {
        let operation = "publish to \(message.topic)"
        try begin()
        var id: Int32 = 0
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if let expiry = message.expiry, attempt.version == .v5 {
            mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.rawValue), expiry)
        }
        let code = mosquitto_publish_v5(
            handle, &id, message.topic, Int32(message.payload.count), message.payload, 1, message.retain, properties)
        return try receipt(id, code, operation, bytes: message.payload.count)
    }

    /// - Parameter retainAsPublished: with MQTT 5, a message that is published with the retain flag arrives with it.
    func subscribe(_ filter: String, retainAsPublished: Bool) throws(MQTTError) -> MQTTReceipt {
        let operation = "subscribe to \(filter)"
        try begin()
        var id: Int32 = 0
        let options = retainAsPublished ? Int32(MQTT_SUB_OPT_RETAIN_AS_PUBLISHED.rawValue) : 0
        let code = mosquitto_subscribe_v5(handle, &id, filter, 1, options, nil)
        return try receipt(id, code, operation)
    }

    func unsubscribe(_ filter: String) throws(MQTTError) -> MQTTReceipt {
        let operation = "unsubscribe from \(filter)"
        try begin()
        var id: Int32 = 0
        let code = mosquitto_unsubscribe_v5(handle, &id, filter, nil)
        return try receipt(id, code, operation)
    }

    /// To be called before a call that `receipt` follows.
    private func begin() throws(MQTTError) {
        let end: MQTTError? = state.withLock { state in
            if state.end == nil { state.sending += 1 }
            return state.end
        }
        if let end { throw end }
    }

    /// Starts the broker's time to acknowledge.
    private func receipt(
        _ id: Int32, _ code: Int32, _ operation: String, bytes: Int = 0
    ) throws(MQTTError) -> MQTTReceipt {
        state.withLock { state in
            state.sending -= 1
            // The acknowledgement may have arrived already.
            guard code == 0, state.early[id] == nil else { return }
            state.unacknowledged.add(
                id, operation, bytes: bytes, at: clock.now, within: settings.ackTimeout)
        }
        guard code == 0 else { throw MQTTError.unsent(code, operation) }
        return MQTTReceipt { () async throws(MQTTError) in
            try await self.acknowledgement(of: id, operation)
        } forgotten: {
            self.forget(id)
        }
    }

    private func acknowledgement(of id: Int32, _ operation: String) async throws(MQTTError) {
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            let known: Outcome? = state.withLock { state in
                if let reason = state.early.removeValue(forKey: id) { return Self.outcome(reason, operation) }
                if let end = state.end { return .failure(end) }
                state.waiting[id] = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
        do { try outcome.get() } catch {
            guard error.kind != .disconnected else { throw error }
            var named = error
            named.operation = operation
            throw named
        }
    }

    /// This acknowledgement will not be awaited: a later message with the same id must not take it for its own.
    private func forget(_ id: Int32) {
        state.withLock { state in
            if state.early.removeValue(forKey: id) == nil { state.forgotten.insert(id) }
        }
    }

    /// Acknowledgements that are not awaited yet.
    var unclaimed: Int { state.withLock { $0.early.count } }

    private func acknowledge(_ id: Int32, _ reason: Int32) {
        let waiter: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            state.unacknowledged.remove(id)
            if reason >= 0x80 { state.refused = clock.now }
            if state.forgotten.remove(id) != nil { return nil }
            let waiter = state.waiting.removeValue(forKey: id)
            if waiter == nil { state.early[id] = reason }
            return waiter
        }
        waiter?.resume(returning: Self.outcome(reason, "send"))
    }

    private func connected(_ code: Int32, retains: Bool) {
        guard code == 0 else {
            return state.withLock {
                $0.refusal = MQTTReasons.connection(Int(code), attempt.address)
            }
        }
        state.withLock { state in
            state.isUp = true
            state.retains = retains
        }
        events.up(self)
    }

    private func dismissed(_ reason: Int) {
        state.withLock { state in
            state.refusal = MQTTReasons.disconnection(
                reason, clientID: settings.clientID,
                state.isUp ? diagnosis.keeping : diagnosis.connecting)
        }
    }

    private static func outcome(_ reason: Int32, _ operation: String) -> Outcome {
        reason < 0x80 ? .success(()) : .failure(MQTTReasons.refusal(Int(reason), operation))
    }
}

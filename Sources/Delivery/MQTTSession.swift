internal import CMosquitto
import Foundation
import Synchronization

/// One connection from its first to its last packet.
///
/// Each connection has a handle of its own: libmosquitto keeps unacknowledged messages over a reconnect and would send
/// them beside those that the outbox sends again.
final class MQTTSession: Sendable {
    /// What the session tells its client, on the client's thread.
    struct Events: Sendable {
        let up: @Sendable (MQTTSession) -> Void
        let message: @Sendable (MQTTMessage) -> Void
        let oversized: @Sendable () -> Void
    }

    private typealias Outcome = Result<Void, MQTTError>
    private struct State {
        var waiting: [Int32: CheckedContinuation<Outcome, Never>] = [:]
        /// An acknowledgement may come before anybody waits for it.
        var early: [Int32: Int32] = [:]
        /// Whose acknowledgement nobody will wait for.
        var forgotten: Set<Int32> = []
        var refusal: MQTTError?
        /// The broker has accepted us.
        var isUp = false
        var end: MQTTError?
    }

    /// Longer messages are dropped.
    static let mostBytes = 64 * 1024
    private static let library: Void = { mosquitto_lib_init() }()

    // libmosquitto locks its own handle; the pointer itself never changes.
    private nonisolated(unsafe) let handle: OpaquePointer
    private let settings: MQTTSettings
    private let events: Events
    private let tls: TLSContext?
    private let state = Mutex(State())

    init(_ settings: MQTTSettings, events: Events) throws(MQTTError) {
        _ = Self.library
        tls = try settings.tls.map { files throws(MQTTError) in try TLSContext(files, host: settings.host) }
        guard let handle = mosquitto_new(settings.clientID, settings.sessionExpiry == 0, nil) else {
            throw MQTTError.library(MOSQ_ERR_INVAL.rawValue, "prepare the client", kind: .settings)
        }
        self.handle = handle
        self.settings = settings
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
        // Publishing threads then only queue, and the loop's own thread alone writes to the socket.
        try check(mosquitto_threaded_set(handle, true), "prepare the client")
        let version = settings.version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
        try check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, version), "choose the protocol version")
        if let username = settings.username {
            try check(mosquitto_username_pw_set(handle, username, settings.password?.text), "set the user name")
        }
        if let tls {
            try check(mosquitto_int_option(handle, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0), "prepare TLS")
            try check(
                mosquitto_void_option(handle, MOSQ_OPT_SSL_CTX, UnsafeMutableRawPointer(tls.handle)), "prepare TLS")
        }
        if let will = settings.will?() {
            let length = Int32(will.payload.count)
            try check(mosquitto_will_set(handle, will.topic, length, will.payload, 1, true), "set the last will")
        }
    }

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, context, code, _, _ in
            MQTTSession.from(context)?.connected(code)
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
            guard message.payloadlen <= MQTTSession.mostBytes else { return session.events.oversized() }
            let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            session.events.message(
                MQTTMessage(topic: String(cString: topic), payload: Array(bytes), retain: message.retain))
        }
    }

    /// Until when the certificates that the broker showed hold; empty without TLS.
    var certificates: [CertificateExpiry] { tls?.expiries ?? [] }

    private static func from(_ context: UnsafeMutableRawPointer?) -> MQTTSession? {
        context.map { Unmanaged<MQTTSession>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Connects, and returns with the reason when it is over. Blocks; to be called once.
    func run(until isClosed: () -> Bool) -> MQTTError {
        let fault = exchange(until: isClosed)
        return state.withLock { state in
            let reason = isClosed() ? MQTTError.closed : state.refusal ?? fault
            state.end = reason
            for waiter in state.waiting.values { waiter.resume(returning: .failure(reason)) }
            state.waiting = [:]
            return reason
        }
    }

    private func exchange(until isClosed: () -> Bool) -> MQTTError {
        let connecting = "connect to the broker \(settings.host):\(settings.port)"
        let code = connect()
        guard code == 0 else { return .library(code, connecting, tls) }
        var closing = 0
        // Twice more after the close, so that the farewell goes out.
        while closing < 2 {
            if isClosed() { closing += 1 }
            // The handshake goes on in the loop.
            let operation = state.withLock { $0.isUp } ? "keep the connection to the broker" : connecting
            let code = mosquitto_loop(handle, closing > 0 ? 100 : 1000, 1)
            guard code == 0 else { return .library(code, operation, tls) }
        }
        return .closed
    }

    private func connect() -> Int32 {
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if settings.version == .v5 {
            // The library would take in 256 MB before we see it: the broker is asked to keep that to itself.
            mosquitto_property_add_int32(
                &properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), UInt32(2 * Self.mostBytes))
            if settings.sessionExpiry > 0 {
                mosquitto_property_add_int32(
                    &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), UInt32(settings.sessionExpiry))
            }
        }
        return mosquitto_connect_bind_v5(
            handle, settings.host, Int32(settings.port), Int32(settings.keepAlive), nil, properties)
    }

    /// Says farewell; the broker then keeps the last will to itself.
    func disconnect() { mosquitto_disconnect(handle) }

    func publish(_ message: MQTTMessage) throws(MQTTError) -> MQTTReceipt {
        let operation = "publish to \(message.topic)"
        if let end = state.withLock({ $0.end }) { throw end }
        var id: Int32 = 0
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if let expiry = message.expiry, settings.version == .v5 {
            mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.rawValue), expiry)
        }
        let code = mosquitto_publish_v5(
            handle, &id, message.topic, Int32(message.payload.count), message.payload, 1, message.retain, properties)
        guard code == 0 else { throw MQTTError.unsent(code, operation) }
        return MQTTReceipt(session: self, id: id, operation: operation)
    }

    /// - Parameter retainAsPublished: with MQTT 5, a message that is published with the retain flag comes with it.
    func subscribe(_ filter: String, retainAsPublished: Bool) throws(MQTTError) -> MQTTReceipt {
        let operation = "subscribe to \(filter)"
        if let end = state.withLock({ $0.end }) { throw end }
        var id: Int32 = 0
        let options = retainAsPublished ? Int32(MQTT_SUB_OPT_RETAIN_AS_PUBLISHED.rawValue) : 0
        let code = mosquitto_subscribe_v5(handle, &id, filter, 1, options, nil)
        guard code == 0 else { throw MQTTError.unsent(code, operation) }
        return MQTTReceipt(session: self, id: id, operation: operation)
    }

    func unsubscribe(_ filter: String) throws(MQTTError) -> MQTTReceipt {
        let operation = "unsubscribe from \(filter)"
        if let end = state.withLock({ $0.end }) { throw end }
        var id: Int32 = 0
        let code = mosquitto_unsubscribe_v5(handle, &id, filter, nil)
        guard code == 0 else { throw MQTTError.unsent(code, operation) }
        return MQTTReceipt(session: self, id: id, operation: operation)
    }

    func acknowledgement(of id: Int32, _ operation: String) async throws(MQTTError) {
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
            throw MQTTError(kind: error.kind, operation: operation, cause: error.cause, remedy: error.remedy)
        }
    }

    /// Nobody will wait for this acknowledgement: a later message of the same id must not take it for its own.
    func forget(_ id: Int32) {
        state.withLock { state in
            if state.early.removeValue(forKey: id) == nil { state.forgotten.insert(id) }
        }
    }

    /// Acknowledgements for which nobody has waited yet.
    var unclaimed: Int { state.withLock { $0.early.count } }

    private func acknowledge(_ id: Int32, _ reason: Int32) {
        let waiter: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            if state.forgotten.remove(id) != nil { return nil }
            let waiter = state.waiting.removeValue(forKey: id)
            if waiter == nil { state.early[id] = reason }
            return waiter
        }
        waiter?.resume(returning: Self.outcome(reason, "send"))
    }

    private func connected(_ code: Int32) {
        guard code == 0 else {
            return state.withLock { $0.refusal = .connection(code, settings.version) }
        }
        state.withLock { $0.isUp = true }
        events.up(self)
    }

    private static func outcome(_ reason: Int32, _ operation: String) -> Outcome {
        reason < 0x80 ? .success(()) : .failure(.refusal(reason, operation))
    }
}

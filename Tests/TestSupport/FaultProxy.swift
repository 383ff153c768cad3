import Foundation
import Glibc
import Synchronization

/// A TCP proxy that does what bad networks do.
public final class FaultProxy: Sendable {
    public enum Fault: Sendable, Equatable {
        case none
        /// Takes bytes and connections and passes nothing on: both sides believe to be connected.
        case silent
        /// Passes on so many bytes in a second and direction.
        case slow(bytes: Int)
        /// Flips bits of what comes from the server, one in so many bytes.
        case corrupt(every: Int)
        /// Passes on all but the acknowledgements (PUBACK) of an MQTT broker: a node that has lost its storage does that.
        case unacknowledged
        /// Passes on what the client says, and none of the answers.
        case unanswered
    }

    private struct State {
        var fault = Fault.none
        var isStopped = false
        var sockets: Set<Int32> = []
        var random = SeededGenerator(seed: 1)
        var corrupted = 0
    }

    /// What the threads hold; they must not keep the proxy alive.
    private final class Shared: Sendable {
        let listener: Int32
        let target: Int
        let state: Mutex<State>

        init(listener: Int32, target: Int, seed: UInt64) {
            self.listener = listener
            self.target = target
            var state = State()
            state.random = SeededGenerator(seed: seed)
            self.state = Mutex(state)
        }
    }

    public let port: Int
    private let shared: Shared

    /// - Parameters:
    ///   - target: a port of the loopback.
    ///   - address: where to listen.
    public init(to target: Int, seed: UInt64 = 1, on address: String = "127.0.0.1") throws {
        let (listener, port) = try LoopbackListener.open(on: address)
        self.port = port
        shared = Shared(listener: listener, target: target, seed: seed)
        Thread.detachNewThread { [shared] in Self.accept(shared) }
    }

    deinit { stop() }

    public func set(_ fault: Fault) { shared.state.withLock { $0.fault = fault } }

    /// Bytes in which bits were flipped.
    public var corrupted: Int { shared.state.withLock(\.corrupted) }

    /// Breaks all connections at once.
    public func reset() {
        shared.state.withLock { for socket in $0.sockets { shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    public func stop() {
        let first = shared.state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard first else { return }
        shutdown(shared.listener, Int32(SHUT_RDWR))
        reset()
    }

    private static func accept(_ shared: Shared) {
        while true {
            let client = Glibc.accept(shared.listener, nil, nil)
            if shared.state.withLock(\.isStopped) || (client < 0 && errno != EINTR && errno != ECONNABORTED) {
                if client >= 0 { close(client) }
                break
            }
            if client >= 0 { Thread.detachNewThread { serve(client, shared) } }
        }
        close(shared.listener)
    }

    /// One connection: one thread for each direction, and the sockets are closed when both have ended.
    private static func serve(_ client: Int32, _ shared: Shared) {
        // A silent network takes no connection to the other side either.
        while shared.state.withLock({ $0.fault == .silent && !$0.isStopped }) { usleep(20_000) }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: shared.target).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        defer {
            shared.state.withLock { $0.sockets.subtract([client, server]) }
            close(client)
            if server >= 0 { close(server) }
        }
        let goesOn = shared.state.withLock { state in
            state.sockets.formUnion([client, server])
            return connected && !state.isStopped
        }
        guard goesOn else { return }
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            pump(from: server, to: client, shared, isFromServer: true)
            done.signal()
        }
        pump(from: client, to: server, shared, isFromServer: false)
        done.wait()
    }

    private static func pump(from source: Int32, to target: Int32, _ shared: Shared, isFromServer: Bool) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var packets = MQTTPackets()
        defer {
            shutdown(source, Int32(SHUT_RDWR))
            shutdown(target, Int32(SHUT_RDWR))
        }
        while true {
            var limit = buffer.count
            if case .slow(let bytes) = shared.state.withLock(\.fault) { limit = max(1, min(limit, bytes / 10)) }
            var count = recv(source, &buffer, limit, 0)
            guard count > 0 else { return }
            if isFromServer, shared.state.withLock(\.fault) == .unanswered { continue }
            if limit < buffer.count { usleep(100_000) }
            while shared.state.withLock({ $0.fault == .silent && !$0.isStopped }) { usleep(20_000) }
            if isFromServer {
                corrupt(&buffer, count, shared)
                let kept = buffer.prefix(count).filter { packets.next($0) != .acknowledgement }
                if shared.state.withLock(\.fault) == .unacknowledged {
                    buffer.replaceSubrange(0..<kept.count, with: kept)
                    count = kept.count
                }
            }
            var sent = 0
            while sent < count {
                let part = buffer[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard part > 0 else { return }
                sent += part
            }
        }
    }

    private static func corrupt(_ buffer: inout [UInt8], _ count: Int, _ shared: Shared) {
        shared.state.withLock { state in
            guard case .corrupt(let every) = state.fault else { return }
            for index in 0..<count where Int.random(in: 0..<every, using: &state.random) == 0 {
                buffer[index] ^= 1 << UInt8.random(in: 0..<8, using: &state.random)
                state.corrupted += 1
            }
        }
    }
}

/// Tells to which packet each byte of a broker's stream belongs.
private struct MQTTPackets {
    enum Kind { case acknowledgement, other }
    private enum Position {
        case header
        case length(value: Int, shift: Int)
        case body(left: Int)
    }

    private static let puback: UInt8 = 4
    private var kind = Kind.other
    private var position = Position.header

    mutating func next(_ byte: UInt8) -> Kind {
        switch position {
        case .header:
            kind = byte >> 4 == Self.puback ? .acknowledgement : .other
            position = .length(value: 0, shift: 0)
        case .length(let value, let shift):
            let value = value | Int(byte & 0x7F) << shift
            // Four bytes at the most; what is not MQTT has no packets anyhow.
            if byte & 0x80 != 0, shift < 21 {
                position = .length(value: value, shift: shift + 7)
            } else {
                position = value > 0 ? .body(left: value) : .header
            }
        case .body(let left): position = left > 1 ? .body(left: left - 1) : .header
        }
        return kind
    }
}

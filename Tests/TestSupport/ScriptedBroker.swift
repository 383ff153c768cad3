import Foundation
import Glibc
import Synchronization

/// A broker on a free port of the loopback that speaks just enough MQTT to misbehave in one way, over and over.
public final class ScriptedBroker: Sendable {
    /// One packet of a client.
    public struct Packet: Sendable {
        public enum Kind: UInt8, Sendable {
            case connect = 1
            case publish = 3
            case subscribe = 8
            case unsubscribe = 10
            case ping = 12
            case disconnect = 14
        }

        public let kind: Kind
        /// Which MQTT the client speaks: 4 is 3.1.1, 5 is 5.
        public let version: UInt8
        /// Of a publish; the filter of a subscribe.
        public let topic: String
        public let retain: Bool
        /// Of a publish.
        public let payload: [UInt8]
        /// Of a connect.
        public let hasWill: Bool
        /// Which connection of this broker, from 1.
        public let connection: Int
    }

    public enum Answer: Sendable, Equatable {
        /// As a broker does: CONNACK, PUBACK, SUBACK, UNSUBACK, PINGRESP.
        case accept
        case ignore
        /// Hangs up.
        case close
        /// CONNACK with a code, below 128 in the form of MQTT 3.1.1.
        case refuse(UInt8)
        /// SUBACK with a code.
        case refuseFilter(UInt8)
        /// PUBACK with a reason (MQTT 5).
        case refuseMessage(UInt8)
        /// CONNACK that says that nothing is retained (MQTT 5).
        case acceptWithoutRetain
        /// DISCONNECT with a reason, and hangs up.
        case dismiss(UInt8)
        /// And says DISCONNECT right after it.
        case acceptAndDismiss(UInt8)
    }

    private final class Shared: Sendable {
        let listener: Int32
        let answer: @Sendable (Packet) -> Answer
        let packets = Mutex<[Packet]>([])
        let connections = Mutex(0)
        let isStopped = Atomic(false)

        init(listener: Int32, answer: @escaping @Sendable (Packet) -> Answer) {
            self.listener = listener
            self.answer = answer
        }
    }

    public let port: Int
    private let shared: Shared

    public init(_ answer: @escaping @Sendable (Packet) -> Answer) throws {
        let (listener, port) = try LoopbackListener.open()
        self.port = port
        let shared = Shared(listener: listener, answer: answer)
        self.shared = shared
        Thread.detachNewThread { Self.accept(shared) }
    }

    deinit { stop() }

    public func stop() {
        if !shared.isStopped.exchange(true, ordering: .relaxed) { shutdown(shared.listener, Int32(SHUT_RDWR)) }
    }

    public var connections: Int { shared.connections.withLock(\.self) }

    /// All that clients have sent.
    public var packets: [Packet] { shared.packets.withLock(\.self) }

    private static func accept(_ shared: Shared) {
        while true {
            let client = Glibc.accept(shared.listener, nil, nil)
            guard client >= 0, !shared.isStopped.load(ordering: .relaxed) else {
                if client >= 0 { close(client) }
                if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            let number = shared.connections.withLock { count in
                count += 1
                return count
            }
            Thread.detachNewThread {
                serve(client, number, shared)
                close(client)
            }
        }
        close(shared.listener)
    }

    private static func serve(_ client: Int32, _ number: Int, _ shared: Shared) {
        var version: UInt8 = 4
        while let (first, body) = read(client), let kind = Packet.Kind(rawValue: first >> 4) {
            // The name of the protocol has four letters, then comes the version, then the flags.
            if kind == .connect, body.count > 7 { version = body[6] }
            let packet = Packet(
                kind: kind, version: version, topic: topic(kind, body, version), retain: first & 1 != 0,
                payload: payload(kind, body, version),
                hasWill: kind == .connect && body.count > 7 && body[7] & 4 != 0, connection: number)
            shared.packets.withLock { $0.append(packet) }
            let answer = shared.answer(packet)
            switch answer {
            case .ignore: continue
            case .close: return
            case .refuse(let code): return write(client, code >= 0x80 ? [0x20, 3, 0, code, 0] : [0x20, 2, 0, code])
            case .dismiss(let reason): return write(client, [0xE0, 1, reason])
            case .acceptAndDismiss(let reason):
                write(client, acceptance(packet, body, answer))
                return write(client, [0xE0, 1, reason])
            case .accept, .acceptWithoutRetain: write(client, acceptance(packet, body, answer))
            case .refuseMessage(let code):
                write(client, [0x40, 3] + acceptance(packet, body, .accept).dropFirst(2) + [code])
            case .refuseFilter(let code): write(client, acceptance(packet, body, .accept).dropLast() + [code])
            }
            if kind == .disconnect { return }
        }
    }

    private static func acceptance(_ packet: Packet, _ body: [UInt8], _ answer: Answer) -> [UInt8] {
        let isNew = packet.version == 5
        switch packet.kind {
        case .connect:
            if answer == .acceptWithoutRetain { return [0x20, 5, 0, 0, 2, 0x25, 0] }
            return isNew ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]
        case .publish:
            let length = Int(body[0]) << 8 | Int(body[1])
            return [0x40, 2] + body[(2 + length)..<(4 + length)]
        case .subscribe: return (isNew ? [0x90, 4] : [0x90, 3]) + body[0..<2] + (isNew ? [0, 1] : [1])
        case .unsubscribe: return (isNew ? [0xB0, 4] : [0xB0, 2]) + body[0..<2] + (isNew ? [0, 0] : [])
        case .ping: return [0xD0, 0]
        case .disconnect: return []
        }
    }

    private static func topic(_ kind: Packet.Kind, _ body: [UInt8], _ version: UInt8) -> String {
        var start = 0
        if kind == .subscribe || kind == .unsubscribe { start = version == 5 ? 3 + Int(body[2]) : 2 }
        guard kind == .publish || start > 0, body.count >= start + 2 else { return "" }
        let length = Int(body[start]) << 8 | Int(body[start + 1])
        return String(decoding: body[(start + 2)...].prefix(length), as: UTF8.self)
    }

    private static func payload(_ kind: Packet.Kind, _ body: [UInt8], _ version: UInt8) -> [UInt8] {
        guard kind == .publish else { return [] }
        // The topic, the packet's number, and with MQTT 5 the length of properties, of less than 128 bytes.
        var start = 2 + (Int(body[0]) << 8 | Int(body[1])) + 2
        if version == 5 { start += 1 + Int(body[start]) }
        return Array(body[start...])
    }

    /// One packet: its first byte, and what comes after the length.
    private static func read(_ client: Int32) -> (UInt8, [UInt8])? {
        guard let first = bytes(client, 1)?[0] else { return nil }
        var (length, shift) = (0, 0)
        while true {
            guard let byte = bytes(client, 1)?[0], shift <= 21 else { return nil }
            length |= Int(byte & 127) << shift
            shift += 7
            if byte & 128 == 0 { break }
        }
        return bytes(client, length).map { (first, $0) }
    }

    private static func bytes(_ client: Int32, _ count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let part = buffer[have...].withUnsafeMutableBytes { recv(client, $0.baseAddress, $0.count, 0) }
            guard part > 0 else { return nil }
            have += part
        }
        return buffer
    }

    private static func write(_ client: Int32, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

import Contract
import Domain
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import MQTT

/// Brokers that do not answer, refuse, or hang up, seen by one client.
struct UnreliableBrokerTests {
    private func client(_ port: Int, _ change: (inout MQTTSettings) -> Void = { _ in }) -> MQTTClient {
        var settings = MQTTSettings(host: "127.0.0.1", port: port, clientID: "site-1", keepAlive: 30, version: nil)
        settings.shortestWait = 0.1
        settings.longestWait = 0.3
        settings.will = { MQTTMessage(topic: "mg/v1/site/x", text: "offline", retain: true) }
        change(&settings)
        return MQTTClient(settings)
    }

    /// Why the connection could not be made or kept, the first time, and how long that took.
    private func fault(_ client: MQTTClient) async throws -> (error: MQTTError, seconds: Double) {
        let start = ContinuousClock().now
        try client.start()
        for await connection in client.connections() {
            if case .down(let error) = connection {
                let time = start.duration(to: ContinuousClock().now) / .seconds(1)
                await client.close()
                return (error, time)
            }
        }
        throw MQTTError.closed
    }

    @Test(.waiting(minutes: 1), arguments: ["publish", "subscribe", "unsubscribe"])
    func `a message that is not acknowledged in time breaks the connection, and who waits is told`(
        what: String
    ) async throws {
        let broker = try ScriptedBroker { $0.kind == .connect ? .accept : .ignore }
        let client = client(broker.port) { $0.ackTimeout = 1 }
        try client.start()
        try await client.waitForConnection()
        let error = await #expect(throws: MQTTError.self) {
            switch what {
            case "publish": try await client.publish(MQTTMessage(topic: "a/b", text: "c"))
            case "subscribe": try await client.subscribe("a/b")
            default: try await client.unsubscribe("a/b")
            }
        }
        #expect(error?.kind == .disconnected)
        #expect(error?.cause == "the broker has not acknowledged a message for 1 s")
        #expect(error?.remedy?.contains("a/b") == true)
        #expect(try await eventually { client.sessions >= 2 })
        await client.close()
    }

    @Test(.waiting(minutes: 1))
    func `a broker that acknowledges late but in time is left alone`() async throws {
        let broker = try Broker()
        let client = client(broker.port) { $0.ackTimeout = 1 }
        try client.start()
        try await client.waitForConnection()
        for _ in 0..<3 {
            try await client.publish(MQTTMessage(topic: "a", text: "b"))
            try await Task.sleep(for: .milliseconds(800))
        }
        #expect(client.sessions == 1)
        await client.close()
    }

    @Test func `a slow line has a second more for each 32 KiB`() {
        var waiting = Unacknowledged()
        let now = ContinuousClock().now
        waiting.add(1, "picture", bytes: 320 << 10, at: now, within: 20)
        waiting.add(2, "alert", bytes: 0, at: now, within: 20)
        #expect(waiting.overdue(at: now + .seconds(29)) == nil)
        #expect(waiting.overdue(at: now + .seconds(31)) != nil)
        waiting.remove(1)
        waiting.add(3, "later", bytes: 0, at: now + .seconds(5), within: 20)
        waiting.remove(2)
        #expect(waiting.overdue(at: now + .seconds(24)) == nil)
        #expect(waiting.overdue(at: now + .seconds(26)) == "later")
    }

    @Test(.waiting(minutes: 1))
    func `a broker that takes the connection and answers nothing is named in time`() async throws {
        let silent = try SilentServer()
        let (error, seconds) = try await fault(client(silent.port) { $0.connectTimeout = 1 })
        #expect(error.cause == "it takes the connection, but does not answer (no CONNACK) within 1 s")
        // keep_alive is 30 s.
        #expect(seconds < 20)
    }

    @Test(.waiting(minutes: 1))
    func `a handshake of TLS that is not answered is named in time`() async throws {
        let certificates = try Certificates()
        let silent = try SilentServer()
        let (error, _) = try await fault(
            client(silent.port) {
                $0.connectTimeout = 1
                $0.tls = .init(authorities: certificates.authority)
            })
        #expect(error.cause == "it takes the connection, but the handshake of TLS is not answered within 1 s")
    }

    @Test(.waiting(minutes: 1))
    func `packets that are lost are named in time`() async throws {
        let full = try FullBacklog()
        let (error, seconds) = try await fault(client(full.port) { $0.connectTimeout = 1 })
        #expect(error.cause == "nobody answers there within 1 s")
        #expect(seconds < 20)
    }

    @Test(.waiting(minutes: 1))
    func `closing does not wait for a connection that hangs`() async throws {
        let full = try FullBacklog()
        let client = client(full.port)
        try client.start()
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock().now
        await client.close()
        #expect(start.duration(to: ContinuousClock().now) < .seconds(2.5))
    }

    @Test(.waiting(minutes: 1))
    func `a broker of 3 1 1 that hangs up is found, and said so where the version is fixed`() async throws {
        let broker = try ScriptedBroker { $0.version == 5 ? .close : .accept }
        let client = client(broker.port)
        try client.start()
        #expect(try await eventually { client.link?.version == "3.1.1" })
        #expect(client.hasWill)
        await client.close()
        let (error, _) = try await fault(self.client(broker.port) { $0.version = .v5 })
        #expect(error.remedy?.contains("perhaps it does not speak MQTT 5: try protocol: mqtt3.1.1") == true)
    }

    @Test(.waiting(minutes: 1), arguments: [0x84, 1])
    func `a broker that refuses MQTT 5 with either form of CONNACK is spoken to in 3 1 1`(code: UInt8) async throws {
        let broker = try ScriptedBroker { $0.version == 5 ? .refuse(code) : .accept }
        let client = client(broker.port)
        try client.start()
        #expect(try await eventually { client.link?.version == "3.1.1" })
        await client.close()
    }

    @Test(
        .waiting(minutes: 1),
        arguments: [
            (0x85, "client_id"), (0x86, "user name"), (0x87, "user name"), (0x88, "busy"), (0x89, "busy"),
            (0x8A, "ban"), (0x8C, "certificate"), (0x90, "topic_root"), (0x95, "max_packet_size"), (0x97, "quota"),
            (0x9B, "QoS 1"), (0x9C, "other broker"), (0x9D, "other broker"), (0x9F, "connections in a time"),
            (0x80, "log"), (0x83, "log"),
        ])
    func `each refusal of a connection has its own remedy`(code: Int, word: String) async throws {
        let broker = try ScriptedBroker { _ in .refuse(UInt8(code)) }
        let (error, _) = try await fault(client(broker.port))
        #expect(error.kind == .refused)
        #expect(error.remedy?.contains(word) == true, "\(error)")
        #expect(error.operation.contains("127.0.0.1:\(broker.port)"))
    }

    @Test(
        .waiting(minutes: 1),
        arguments: [
            (1, "protocol"), (2, "client_id"), (3, "busy"), (4, "user name and the password"), (5, "user name"),
        ])
    func `each refusal of a connection by MQTT 3.1.1 has its own remedy`(code: Int, word: String) async throws {
        let broker = try ScriptedBroker { _ in .refuse(UInt8(code)) }
        let (error, _) = try await fault(client(broker.port) { $0.version = .v311 })
        #expect(error.kind == .refused)
        #expect(error.remedy?.contains(word) == true, "\(error)")
    }

    @Test(
        .waiting(minutes: 1),
        arguments: [
            (0x8E, "two boxes"), (0x89, "busy"), (0x8B, "back"), (0x8D, "keep_alive"), (0x95, "max_packet_size"),
            (0x97, "quota"), (0x98, "administers"), (0x9D, "other broker"), (0xA0, "length"), (0x93, "in flight"),
        ])
    func `the reason of a DISCONNECT is read and said`(reason: Int, word: String) async throws {
        let broker = try ScriptedBroker { _ in .acceptAndDismiss(UInt8(reason)) }
        let (error, _) = try await fault(client(broker.port))
        #expect(error.kind == .disconnected)
        #expect(error.remedy?.contains(word) == true, "\(error)")
        #expect(error.sign == .told(reason))
    }

    @Test(.waiting)
    func `two clients with one id think of each other, and wait longer and longer`() async throws {
        let broker = try Broker()
        let clients = (0..<2).map { _ in client(broker.port) { $0.longestWait = 5 } }
        for client in clients { try client.start() }
        #expect(
            try await eventually {
                clients.compactMap { $0.link?.trouble }
                    .contains { $0.contains("perhaps two boxes have one client id") }
            })
        try await Task.sleep(for: .seconds(5))
        // At waits of a tenth of a second there would be some fifty.
        #expect(clients.reduce(0) { $0 + $1.sessions } < 25)
        for client in clients { await client.close() }
    }

    @Test(.waiting(minutes: 1), arguments: [nil, MQTTSettings.Version.v5])
    func `a broker without retained messages takes us without a last will`(
        version: MQTTSettings.Version?
    ) async throws {
        let broker = try Broker(lines: ["retain_available false"])
        let client = client(broker.port) { $0.version = version }
        try client.start()
        try await client.waitForConnection()
        #expect(!client.hasWill && !client.retains && client.sessions == 1)
        #expect(client.link?.version == "5")
        await client.close()
    }

    @Test(.waiting(minutes: 1))
    func `a broker of MQTT 3.1.1 without retained messages, which only hangs up, takes us too`() async throws {
        let broker = try Broker(lines: ["retain_available false"])
        let client = client(broker.port) { $0.version = .v311 }
        try client.start()
        #expect(try await eventually { client.isConnected && !client.hasWill })
        await client.close()
    }

    @Test(.waiting(minutes: 1))
    func `another broker of the list takes over, and is kept`() async throws {
        let (first, second) = (try Broker(), try Broker())
        let client = client(first.port) {
            $0.addresses = [try? FreePort.tcp(), first.port, second.port].compactMap { $0 }
                .map { .init(host: "127.0.0.1", port: $0) }
        }
        try client.start()
        #expect(try await eventually { client.link?.address == "127.0.0.1:\(first.port)" })
        first.stop()
        #expect(try await eventually { client.link?.address == "127.0.0.1:\(second.port)" })
        try first.start()
        try await client.publish(MQTTMessage(topic: "a", text: "b"))
        #expect(client.link?.address == "127.0.0.1:\(second.port)")
        second.stop()
        #expect(try await eventually { client.link?.address == "127.0.0.1:\(first.port)" })
        await client.close()
    }
}

/// A listener that takes no connection more: the packets of whoever connects are dropped.
private final class FullBacklog {
    let port: Int
    private var sockets: [Int32] = []

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        sockets.append(listener)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, length)
                _ = listen(listener, 0)
                _ = getsockname(listener, $0, &length)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        for _ in 0..<4 {
            let client = socket(
                AF_INET,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            sockets.append(client)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(client, $0, length) }
            }
        }
        usleep(100_000)
    }

    deinit { for socket in sockets { close(socket) } }
}

import Foundation
import Runtime
import TestSupport
import Testing

@testable import MQTT

@Suite(.waiting) struct MQTTClientTests {
    private func settings(_ port: Int, _ change: (inout MQTTSettings) -> Void = { _ in }) -> MQTTSettings {
        var settings = MQTTSettings(host: "127.0.0.1", port: port, clientID: "c-\(UUID().uuidString)", keepAlive: 5)
        settings.shortestWait = 0.1
        settings.longestWait = 0.3
        change(&settings)
        return settings
    }

    @Test(arguments: MQTTSettings.Version.allCases)
    func `what is published arrives, in both versions of the protocol`(version: MQTTSettings.Version) async throws {
        let broker = try Broker()
        let client = MQTTClient(settings(broker.port) { $0.version = version })
        try client.start()
        try await client.waitForConnection()
        try await client.subscribe("a/#")
        for number in 0..<100 { try await client.publish(MQTTMessage(topic: "a/b", text: "\(number)")) }
        var texts: [String] = []
        for await message in client.messages {
            texts.append(String(decoding: message.payload, as: UTF8.self))
            if texts.count == 100 { break }
        }
        #expect(texts == (0..<100).map(String.init))
        await client.close()
    }

    @Test
    func `without a connection nothing is queued behind the caller's back`() async throws {
        let port = try FreePort.tcp()
        let client = MQTTClient(settings(port))
        try client.start()
        let error = await #expect(throws: MQTTError.self) {
            try await client.publish(MQTTMessage(topic: "a", text: "b"))
        }
        #expect(error?.kind == .disconnected)
        await client.close()
    }

    @Test(arguments: MQTTSettings.Version.allCases)
    func `a wrong password is named, and nowhere shown`(version: MQTTSettings.Version) async throws {
        let broker = try Broker(users: ["site": "right"])
        let settings = settings(broker.port) {
            $0.version = version
            $0.username = "site"
            $0.password = "wr0ng-secret"
        }
        let client = MQTTClient(settings)
        try client.start()
        let error = await #expect(throws: MQTTError.self) { try await client.waitForConnection() }
        #expect(error?.kind == .refused)
        #expect(error?.description.contains("check the user name and the password") == true)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(settings)", String(reflecting: settings), dumped, "\(String(describing: error))"] {
            #expect(!text.contains("wr0ng-secret"))
        }
        await client.close()
    }

    @Test
    func `a topic that the broker forbids is refused`() async throws {
        let broker = try Broker(users: ["site": "p"], acl: ["user site", "topic readwrite allowed/#"])
        let client = MQTTClient(
            settings(broker.port) {
                $0.username = "site"
                $0.password = "p"
            })
        try client.start()
        try await client.waitForConnection()
        try await client.publish(MQTTMessage(topic: "allowed/a", text: "x"))
        let error = await #expect(throws: MQTTError.self) {
            try await client.publish(MQTTMessage(topic: "forbidden/a", text: "x"))
        }
        #expect(error?.kind == .refused)
        #expect(error?.description.contains("forbidden/a") == true)
        #expect(error?.remedy == "allow this user the topic at the broker")
        await client.close()
    }

    @Test
    func `a broken connection fails who waits, comes back, and renews subscriptions`() async throws {
        let broker = try Broker()
        let client = MQTTClient(settings(broker.port))
        try client.start()
        try await client.waitForConnection()
        try await client.subscribe("a")
        broker.stop()
        #expect(try await eventually { !client.isConnected })
        try broker.start()
        #expect(try await eventually { client.isConnected && client.sessions == 2 })
        // The renewed subscription goes out before this message.
        try await client.publish(MQTTMessage(topic: "a", text: "again"))
        var messages = client.messages.makeAsyncIterator()
        #expect(await messages.next()?.payload == Array("again".utf8))
        // Its acknowledgement must not stand for that of a later message, whose id is the same.
        #expect(client.unclaimedAcknowledgements == 0)
        await client.close()
    }

    @Test
    func `a message that is too long is dropped and counted`() async throws {
        let broker = try Broker()
        let client = MQTTClient(settings(broker.port))
        try client.start()
        try await client.waitForConnection()
        try await client.subscribe("a")
        try await client.publish(MQTTMessage(topic: "a", payload: Array(repeating: 0, count: 64 * 1024 + 1)))
        try await client.publish(MQTTMessage(topic: "a", payload: Array(repeating: 0, count: 64 * 1024)))
        var messages = client.messages.makeAsyncIterator()
        #expect(await messages.next()?.payload.count == 64 * 1024)
        #expect(client.droppedMessages == 1)
        await client.close()
    }

    @Test
    func `with MQTT 5 the broker keeps to itself what is far too long`() async throws {
        let broker = try Broker()
        let sender = MQTTClient(settings(broker.port))
        let client = MQTTClient(settings(broker.port))
        for client in [sender, client] {
            try client.start()
            try await client.waitForConnection()
        }
        try await client.subscribe("a")
        try await sender.publish(MQTTMessage(topic: "a", payload: Array(repeating: 0, count: 1_000_000)))
        try await sender.publish(MQTTMessage(topic: "a", text: "short"))
        var messages = client.messages.makeAsyncIterator()
        #expect(await messages.next()?.payload == Array("short".utf8))
        #expect(client.droppedMessages == 0)
        for client in [sender, client] { await client.close() }
    }

    @Test
    func `closing ends every stream`() async throws {
        let broker = try Broker()
        let client = MQTTClient(settings(broker.port))
        try client.start()
        try await client.waitForConnection()
        let connections = client.connections()
        await client.close()
        for await _ in connections {}
        for await _ in client.messages {}
        await #expect(throws: MQTTError.self) { try await client.waitForConnection() }
    }
}

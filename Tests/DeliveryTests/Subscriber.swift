import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Contract
@testable import MQTT
@testable import Runtime

/// A screen at a grid centre: keeps all that arrives, and connects again by itself.
final class Subscriber: Sendable {
    let client: MQTTClient
    private let received = Mutex<[MQTTMessage]>([])
    private let reader = Mutex<Task<Void, Never>?>(nil)

    init(
        port: Int, filter: String, version: MQTTSettings.Version = .v5, username: String? = nil,
        password: Secret? = nil
    ) async throws {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: port, clientID: "screen-\(UUID().uuidString)", username: username,
            password: password, keepAlive: 5, version: version)
        settings.shortestWait = 0.05
        settings.longestWait = 0.1
        client = MQTTClient(settings)
        try client.start()
        try await client.waitForConnection()
        try await client.subscribe(filter)
        let task = Task { [weak self, client] in
            for await message in client.messages { self?.received.withLock { $0.append(message) } }
        }
        reader.withLock { $0 = task }
    }

    /// Validates all alerts that came, and ends.
    func close() async throws {
        await client.close()
        let alerts = messages.filter { $0.topic.contains("/alert/") || $0.topic.contains("/open/") }
            .map { Data($0.payload) }.filter { (try? AlertEvent(json: $0)) != nil }
        guard !alerts.isEmpty else { return }
        #expect(try SchemaValidator.incident.violations(in: alerts) == [])
    }

    var messages: [MQTTMessage] { received.withLock { $0 } }

    var events: [AlertEvent] { messages.compactMap { try? AlertEvent(json: Data($0.payload)) } }
}

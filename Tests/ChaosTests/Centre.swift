import Contract
import Foundation
import MQTT
import Synchronization
import TestSupport

/// A subscriber whose session the broker keeps, so that what comes while the broker is away is not lost on its side.
final class Centre: Sendable {
    let client: MQTTClient
    private let payloads = Mutex<[Data]>([])
    private let events = Mutex<[(event: AlertEvent, at: Date)]>([])

    init(port: Int, filter: String) async throws {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: port, clientID: "centre-\(UUID().uuidString)", keepAlive: 5)
        settings.sessionExpiry = 3600
        settings.shortestWait = 0.02
        settings.longestWait = 0.1
        client = MQTTClient(settings)
        try client.start()
        try await client.waitForConnection()
        try await client.subscribe(filter)
        Task { [weak self, client] in
            for await message in client.messages {
                guard let event = try? AlertEvent(json: Data(message.payload)) else { continue }
                self?.payloads.withLock { $0.append(Data(message.payload)) }
                self?.events.withLock { $0.append((event, Date())) }
            }
        }
    }

    /// What is wrong with the messages that came, by the schema.
    func violations() throws -> [String] {
        let documents = payloads.withLock { $0 }
        return documents.isEmpty ? [] : try SchemaValidator.incident.violations(in: documents)
    }

    /// Every message, as it came. A daemon that is killed, or cut off, before it knows of an acknowledgement sends again.
    var received: [(event: AlertEvent, at: Date)] { events.withLock { $0 } }
    /// Each event once, as a centre keeps them: the contract promises each one at least once, repeated by its id.
    var kept: [AlertEvent] {
        var ids = Set<String>()
        return received.map(\.event).filter { ids.insert($0.id).inserted }
    }
    var count: Int { events.withLock(\.count) }
}

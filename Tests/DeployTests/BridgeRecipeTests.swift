import Foundation
import MQTT
import Runtime
import TestSupport
import Testing

/// deploy/broker/bridge.conf between two real brokers, each with the recipe's configuration.
@Suite(.waiting)
struct BridgeRecipeTests {
    private static let place = "32/3205/320583/320583102/320583102201/003/02"
    private static let elsewhere = "32/3205/320583/320583103/320583103201/003/02"

    private let county: RecipeBroker
    private let township: RecipeBroker

    init() throws {
        let certificates = try Certificates()
        try certificates.makeServer("broker")
        for name in ["edge-01", "broker-320583102"] { try certificates.makeClient(name) }
        county = try RecipeBroker(
            certificates: certificates, passwords: ["county-desk": "p", "county-screen": "p"])
        township = try RecipeBroker(
            certificates: certificates, passwords: ["grid-screen-003": "p"], above: county)
    }

    private func desk() async throws -> MQTTClient { try await county.person("county-desk", "p").connected() }

    /// Returns once the bridge carries messages.
    private func waitForBridge(_ edge: MQTTClient, _ desk: MQTTClient) async throws {
        let topic = "mg/v1/site/\(Self.place)/_/edge-01"
        try await desk.subscribe(topic)
        #expect(try await edge.isAllowed(toPublish: topic, retain: true))
        for await message in desk.messages where message.topic == topic { return }
    }

    @Test func `alerts go up, reviews and commands of the township come down`() async throws {
        let edge = try await township.machine("edge-01").connected()
        let desk = try await desk()
        try await waitForBridge(edge, desk)

        let alert = "mg/v1/alert/\(Self.place)/parking.motor"
        try await desk.subscribe("mg/v1/alert/32/#")
        #expect(try await edge.isAllowed(toPublish: alert))
        #expect(await desk.topics(until: alert) == [alert])

        try await edge.subscribe("#")
        let (review, command) = ("mg/v1/review/\(Self.place)/_/edge-01", "mg/v1/command/\(Self.place)/_/edge-01")
        #expect(try await desk.isAllowed(toPublish: "mg/v1/command/\(Self.elsewhere)/_/edge-09"))
        #expect(try await desk.isAllowed(toPublish: review))
        #expect(try await desk.isAllowed(toPublish: command))
        #expect(await edge.topics(until: command) == [review, command])
        for client in [edge, desk] { await client.close() }
    }

    @Test func `what is retained below is retained above`() async throws {
        let edge = try await township.machine("edge-01").connected()
        let desk = try await desk()
        try await waitForBridge(edge, desk)
        let open = "mg/v1/open/\(Self.place)/parking.motor/i"
        try await desk.subscribe("mg/v1/open/#")
        #expect(try await edge.isAllowed(toPublish: open, retain: true))
        #expect(await desk.topics(until: open) == [open])
        let late = try await county.person("county-screen", "p").connected()
        try await late.subscribe("mg/v1/open/#")
        var messages = late.messages.makeAsyncIterator()
        let message = await messages.next()
        #expect(message?.topic == open && message?.retain == true)
        for client in [edge, desk, late] { await client.close() }
    }

    @Test func `what happens while the county is away arrives later`() async throws {
        let edge = try await township.machine("edge-01").connected()
        var desk = try await desk()
        try await waitForBridge(edge, desk)
        await desk.close()
        county.broker.end()
        let topics = (0..<50).map { "mg/v1/open/\(Self.place)/parking.motor/i-\($0)" }
        for topic in topics { #expect(try await edge.isAllowed(toPublish: topic, retain: true)) }
        try county.broker.start()
        desk = try await self.desk()
        try await desk.subscribe("mg/v1/open/32/#")
        var missing = Set(topics)
        for await message in desk.messages {
            missing.remove(message.topic)
            if missing.isEmpty { break }
        }
        #expect(missing.isEmpty)
        for client in [edge, desk] { await client.close() }
    }
}

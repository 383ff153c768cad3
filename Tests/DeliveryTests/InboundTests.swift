import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Runtime
@testable import Store

/// Reviews and commands over a real broker.
@Suite(.waiting) struct InboundTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
    }

    private func isDelivered() throws -> Bool { try outbox.counts().undelivered == 0 }

    private func finish(_ publisher: Publisher, _ run: Task<Void, any Error>) async throws {
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
    }

    private func command(_ id: String, _ rest: String) -> String {
        let expires = RFC3339.string(from: Date().addingTimeInterval(600), in: .gmt)
        return #"{"id":"\#(id)","expires":"\#(expires)",\#(rest)}"#
    }

    private func replies(_ screen: Subscriber) -> [Reply] {
        screen.messages.filter { $0.topic.contains("/reply/") }.compactMap { try? Reply(json: Data($0.payload)) }
    }

    @Test(arguments: MQTTSettings.Version.allCases)
    func `a review withdraws an incident on every screen, and the site's state counts it`(
        version: MQTTSettings.Version
    ) async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let publisher = fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox)) {
            $0.version = version
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually(isDelivered))
        let json = #"{"incident":"\#(incident.id.text)","verdict":"false_positive","by":"worker-17"}"#
        try await screen.client.publish(MQTTMessage(topic: fixtures.reviewTopic, text: json))
        #expect(try await eventually { replies(screen).count == 1 })
        #expect(replies(screen).first?.status == .done)
        #expect(
            try await eventually {
                screen.events.last { $0.type == "gridwarden.incident.withdrawn.v1" } != nil
                    && screen.messages.contains { $0.topic.contains("/open/") && $0.payload.isEmpty }
            })
        #expect(
            try await eventually {
                let states = screen.messages.filter { $0.topic.contains("/site/") }
                let report = try states.last.map { try SiteReport(json: Data($0.payload)) }
                return report?.reviews?.map(\.wrong) == [1] && report?.audit?.entries == 1
            })
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test func `what MQTT 3.1.1 cannot keep of the rules for requests is said`() {
        var settings = MQTTSettings(host: "127.0.0.1", clientID: "site")
        #expect(settings.inboundWarning == nil)
        settings.version = .v311
        #expect(settings.inboundWarning?.contains("retain") == true)
    }

    @Test
    func `a retained request is refused, whether it was there before or comes now`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/reply/#")
        try await screen.client.publish(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-1", #""command":"ping""#), retain: true))
        let publisher = fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox)) {
            $0.clientID = "taken-over"
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually { replies(screen).map(\.reason) == [.retained] })
        try await screen.client.publish(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-2", #""command":"ping""#), retain: true))
        #expect(try await eventually { replies(screen).map(\.request) == ["c-1", "c-2"] })
        #expect(replies(screen).map(\.reason) == [.retained, .retained])
        // Once more with the next connection, for it lies there still.
        let thief = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "taken-over"))
        try thief.start()
        #expect(try await eventually { !publisher.client.isConnected || publisher.client.sessions > 1 })
        await thief.close()
        #expect(try await eventually { replies(screen).count >= 3 && publisher.client.isConnected })
        let sessions = publisher.client.sessions
        try await screen.client.publish(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-3", #""command":"ping""#)))
        #expect(try await eventually { replies(screen).contains { $0.request == "c-3" } })
        #expect(replies(screen).count == 2 + sessions)
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test(arguments: MQTTSettings.Version.allCases)
    func `what is asked while the site is away is done when it is back, and answered once`(
        version: MQTTSettings.Version
    ) async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/reply/#")
        let name = "site-\(UUID().uuidString)"
        func publisher() -> Publisher {
            fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox)) {
                $0.version = version
                $0.clientID = name
            }
        }
        let first = publisher()
        let run = Task { try await first.run() }
        try await screen.client.publish(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-0", #""command":"ping""#)))
        // Once more, should the first have come before the subscription.
        #expect(try await eventually { first.client.isConnected })
        for number in 1... {
            try await screen.client.publish(
                MQTTMessage(topic: fixtures.commandTopic, text: command("w-\(number)", #""command":"ping""#)))
            try await Task.sleep(for: .milliseconds(50))
            if !replies(screen).isEmpty { break }
        }
        try await finish(first, run)
        let json = command("c-1", #""command":"ping""#)
        for _ in 0..<3 { try await screen.client.publish(MQTTMessage(topic: fixtures.commandTopic, text: json)) }
        let second = publisher()
        let rerun = Task { try await second.run() }
        #expect(try await eventually { replies(screen).contains { $0.request == "c-1" } })
        try await screen.client.publish(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-2", #""command":"ping""#)))
        #expect(try await eventually { replies(screen).contains { $0.request == "c-2" } })
        // An answer to the first ones may be under way still.
        #expect(replies(screen).compactMap(\.request).filter { ["c-1", "c-2"].contains($0) } == ["c-1", "c-2"])
        try await finish(second, rerun)
        try await screen.close()
    }

    @Test
    func `a replay sends the same messages again, marked, and names what is missing`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        for _ in 0..<50 { try fixtures.append(fixtures.incident(), to: outbox) }
        let publisher = fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox))
        let run = Task { try await publisher.run() }
        #expect(try await eventually(isDelivered))
        let alerts: @Sendable () -> [AlertEvent] = {
            screen.messages.filter { $0.topic.contains("/alert/") }
                .compactMap { try? AlertEvent(json: Data($0.payload)) }
        }
        #expect(try await eventually { alerts().count == 50 })
        let original = alerts()
        try await outbox.pool.write { try $0.execute(sql: "DELETE FROM messages WHERE sequence IN (7, 8, 30)") }
        let json = command("c-1", #""command":"replay","from":5,"to":"00000000000000000999""#)
        #expect(try SchemaValidator(named: "command").violations(in: [Data(json.utf8)]) == [])
        for _ in 0..<2 { try await screen.client.publish(MQTTMessage(topic: fixtures.commandTopic, text: json)) }
        #expect(try await eventually { alerts().count >= 93 })
        let reply = try #require(replies(screen).first)
        #expect(reply.messages == 43 && reply.missing == [[7, 8], [30, 30]] && reply.lastSequence == 50)
        // A command after it, so that a second replay would have shown.
        try await screen.client.publish(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-2", #""command":"ping""#)))
        #expect(try await eventually { replies(screen).count == 2 })
        let again = alerts().dropFirst(50)
        var expected = original.filter { ![7, 8, 30].contains(Int($0.sequence) ?? 0) }.dropFirst(4)
        for index in expected.indices { expected[index].data.observed.backfilled = true }
        #expect(Array(again) == Array(expected))
        let documents = screen.messages.filter { $0.topic.contains("/alert/") }.map { Data($0.payload) }
        #expect(try SchemaValidator.incident.violations(in: documents) == [])
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test
    func `a replay goes on where a kill cut it short`() async throws {
        for _ in 0..<45 { try fixtures.append(fixtures.incident(), to: outbox) }
        try outbox.markDelivered(Dictionary(uniqueKeysWithValues: (1...45).map { ($0, Date()) }))
        let json = command("c-1", #""command":"replay","from":1,"to":45"#)
        await fixtures.inbox(outbox).take(MQTTMessage(topic: fixtures.commandTopic, text: json))
        // An earlier run got as far as 20.
        let replay = try #require(try outbox.replayed(limit: 20))
        var progress = DeliveryProgress()
        progress.replay = .init(number: replay.number, next: replay.messages.last.map { $0.sequence + 1 })
        try outbox.settle(progress)
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/alert/#")
        let publisher = fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox))
        let run = Task { try await publisher.run() }
        #expect(try await eventually { screen.events.count == 25 })
        #expect(screen.events.compactMap { Int($0.sequence) } == Array(21...45))
        try await finish(publisher, run)
        #expect(try outbox.replayed(limit: 1) == nil)
        try await screen.close()
    }

    @Test
    func `a broker that forbids to listen still gets every alert`() async throws {
        let broker = try Broker(
            users: ["site": "p", "centre": "p"],
            acl: ["user site", "topic write mg/v1/#", "user centre", "topic readwrite mg/v1/#"])
        let screen = try await Subscriber(
            port: broker.port, filter: "mg/v1/alert/#", username: "centre", password: "p")
        try fixtures.append(fixtures.incident(), to: outbox)
        let publisher = fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox)) {
            $0.username = "site"
            $0.password = "p"
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually { screen.events.count == 1 })
        try await finish(publisher, run)
        try await screen.close()
    }

    /// The lines of the example in docs/subscriber.md.
    private func documentedACL() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/subscriber.md"), encoding: .utf8)
        let block = try #require(text.split(separator: "```").first { $0.contains("user edge01") })
        return block.split(separator: "\n").map(String.init)
    }

    @Test
    func `the documented access list lets a site work, a reviewer review, and nobody else`() async throws {
        let broker = try Broker(
            users: ["edge01": "p", "kunshan": "p", "statistics": "p"], acl: try documentedACL())
        let screen = try await Subscriber(
            port: broker.port, filter: "mg/v1/+/32/3205/320583/#", username: "kunshan", password: "p")
        let reader = try await Subscriber(
            port: broker.port, filter: "mg/v1/alert/32/3205/320583/#", username: "statistics", password: "p")
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let publisher = fixtures.publisher(outbox, port: broker.port, inbox: fixtures.inbox(outbox)) {
            $0.username = "edge01"
            $0.password = "p"
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually(isDelivered))
        let json = #"{"incident":"\#(incident.id.text)","verdict":"confirmed","by":"worker-17"}"#
        let forbidden = MQTTMessage(topic: fixtures.reviewTopic, text: json.replacing("confirmed", with: "duplicate"))
        await #expect(throws: MQTTError.self) { try await reader.client.publish(forbidden) }
        let order = MQTTMessage(topic: fixtures.commandTopic, text: command("c", #""command":"ping""#))
        await #expect(throws: MQTTError.self) { try await screen.client.publish(order) }
        try await screen.client.publish(MQTTMessage(topic: fixtures.reviewTopic, text: json))
        #expect(try await eventually { replies(screen).map(\.verdict) == ["confirmed"] })
        #expect(try await eventually { reader.events.count == 2 })
        #expect(reader.events.map(\.data.incident.review) == ["pending", "confirmed"])
        #expect(try outbox.auditEntries().count == 1)
        try await finish(publisher, run)
        for screen in [screen, reader] { try await screen.close() }
    }
}

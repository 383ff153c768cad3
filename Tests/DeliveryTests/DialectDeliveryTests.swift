import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Runtime
@testable import Store

/// Dialects at a real broker.
@Suite(.waiting) struct DialectDeliveryTests {
    private let dialects: DialectFixtures
    private let fixtures: Fixtures
    private let folder: TemporaryFolder

    init() throws {
        dialects = try DialectFixtures()
        fixtures = dialects.fixtures
        folder = try TemporaryFolder()
    }

    private func publisher(_ outbox: Outbox, port: Int, _ told: [any BrokerDialect], user: String? = nil) -> Publisher {
        var settings = fixtures.settings(port: port)
        if let user { (settings.username, settings.password) = (user, "p") }
        return Publisher(
            outbox: outbox, broker: settings, topics: fixtures.topics, site: fixtures.site,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            dialects: BrokerDialects(told, site: dialects.site))
    }

    private func finish(_ publisher: Publisher, _ run: Task<Void, any Error>) async throws {
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
    }

    private func types(_ screen: Subscriber) throws -> [String] {
        try screen.messages.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.payload)) as? [String: Any]
            )["type"] as? String ?? ""
        }
    }

    @Test func `the broker gets each incident in each dialect in sequence, after kills at any point, nothing lost`()
        async throws
    {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "frigate/events")
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        // It is known to the store before its first message.
        try outbox.serve(sinks: ["dialect_frigate"], of: .dialects)
        let incidents = (0..<20).map { _ in fixtures.incident() }
        for incident in incidents { try fixtures.append(incident, to: outbox) }
        for incident in incidents { try fixtures.append(fixtures.closed(incident), to: outbox) }
        for pause in [5, 15, 30, 60] {
            let publisher = publisher(outbox, port: broker.port, [FrigateDialect()])
            let run = Task { try await publisher.run() }
            #expect(try await eventually { publisher.client.isConnected })
            try await Task.sleep(for: .milliseconds(pause))
            // As a kill: what is under way is not waited for.
            await publisher.client.close()
            try await finish(publisher, run)
        }
        let publisher = publisher(outbox, port: broker.port, [FrigateDialect()])
        let run = Task { try await publisher.run() }
        #expect(try await eventually { try outbox.sinkReports().first { $0.name == "dialect_frigate" }?.waiting == 0 })
        #expect(try await eventually { try types(screen).count { $0 == "end" } >= 20 })
        var told: [String: [String]] = [:]
        for message in screen.messages {
            let map = try #require(try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any])
            let id = try #require((map["after"] as? [String: Any])?["id"] as? String)
            // What was under way at a kill comes again.
            if told[id]?.last != map["type"] as? String { told[id, default: []].append(map["type"] as? String ?? "") }
        }
        #expect(Set(told.keys) == Set(incidents.map(\.id.text)))
        #expect(told.values.allSatisfy { $0.first == "new" && $0.last == "end" })
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test func `a broker whose list forbids a dialect delays no alert, and takes it once it is allowed`() async throws {
        let broker = try Broker(
            users: ["site": "p", "screen": "p"],
            acl: ["user site", "topic write mg/v1/#", "user screen", "topic read #"])
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let screen = try await Subscriber(
            port: broker.port, filter: fixtures.topics.filter(.alert), username: "screen", password: "p")
        let publisher = publisher(
            outbox, port: broker.port, [HomeAssistantDiscovery(), FrigateDialect()], user: "site")
        let run = Task { try await publisher.run() }
        #expect(try await eventually { try outbox.sinkReports().count == 2 })
        for _ in 0..<30 { try fixtures.append(fixtures.incident(), to: outbox) }
        publisher.notify()
        #expect(try await eventually { screen.events.compactMap { Int($0.sequence) } == Array(1...30) })
        #expect(try outbox.sinkReports().map(\.waiting) == [30, 30])
        let frigate = try await Subscriber(
            port: broker.port, filter: "frigate/events", username: "screen", password: "p")
        try broker.setACL(["user site", "topic readwrite #", "user screen", "topic read #"])
        // Another connection finds out at once what waits for its next try otherwise.
        try await finish(publisher, run)
        let second = self.publisher(outbox, port: broker.port, [FrigateDialect()], user: "site")
        let rerun = Task { try await second.run() }
        #expect(try await eventually { frigate.messages.count >= 30 })
        #expect(try types(frigate).allSatisfy { $0 == "new" })
        try await finish(second, rerun)
        for screen in [screen, frigate] { try await screen.close() }
    }

    @Test func `an end that had to make room is told all the same`() async throws {
        let broker = try Broker()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let screen = try await Subscriber(port: broker.port, filter: "frigate/events")
        try outbox.serve(sinks: ["dialect_frigate"], of: .dialects)
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let first = publisher(outbox, port: broker.port, [FrigateDialect()])
        let run = Task { try await first.run() }
        #expect(try await eventually { try types(screen) == ["new"] })
        try await finish(first, run)
        let end = try fixtures.append(fixtures.closed(incident), to: outbox)
        try outbox.markDelivered([end.sequence: Date(timeIntervalSince1970: 1_795_480_000)])
        #expect(try outbox.prune(deliveredBefore: Date(timeIntervalSince1970: 1_795_490_000)) > 0)
        let second = publisher(outbox, port: broker.port, [FrigateDialect()])
        let rerun = Task { try await second.run() }
        #expect(try await eventually { try types(screen) == ["new", "end"] })
        #expect(try await eventually { try outbox.dialectState(sink: "dialect_frigate").told.isEmpty })
        try await finish(second, rerun)
        try await screen.close()
    }

    @Test func `webhooks and dialects leave one another's cursors alone`() throws {
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        try outbox.serve(sinks: ["frigate"])
        try outbox.serve(sinks: ["dialect_frigate"], of: .dialects)
        try fixtures.append(fixtures.incident(), to: outbox)
        try outbox.serve(sinks: ["frigate", "city-desk"])
        #expect(try outbox.sinkReports().map(\.name) == ["city-desk", "dialect_frigate", "frigate"])
        #expect(try outbox.sinkReports().map(\.waiting) == [0, 1, 1])
        try outbox.serve(sinks: [], of: .dialects)
        #expect(try outbox.sinkReports().map(\.name) == ["city-desk", "frigate"])
    }
}

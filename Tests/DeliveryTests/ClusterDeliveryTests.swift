import Domain
import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Store

/// Three NATS nodes with JetStream, of which one dies.
@Suite(.waiting(minutes: 5))
struct ClusterDeliveryTests {
    private static let count = 200

    private var fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let cluster: NATSCluster

    init() throws {
        fixtures = try Fixtures()
        fixtures.topics = AlertTopics(kinds: .underscored)
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
        cluster = try NATSCluster()
    }

    /// A client that tries these nodes in turn.
    private func settings(_ id: String, nodes: [Int]) -> MQTTSettings {
        var settings = fixtures.settings(port: cluster.ports[nodes[0]])
        settings.addresses = nodes.map { .init(host: "127.0.0.1", port: cluster.ports[$0]) }
        settings.clientID = id
        settings.version = .v311
        return settings
    }

    /// The node that dies is the one that the site is connected to.
    @Test
    func `one is killed while 200 alerts go out: none lost, none twice by id, no gap, and what is retained stays`()
        async throws
    {
        // Durable: what comes while it is away waits.
        var screenSettings = settings("screen", nodes: [2, 1])
        screenSettings.sessionExpiry = 86_400
        let screen = MQTTClient(screenSettings)
        try screen.start()
        try await screen.waitForConnection()
        try await screen.subscribe(fixtures.topics.filter(.alert, area: try AreaCode("320583")))
        let read = Task {
            var events: [AlertEvent] = []
            var ids = Set<String>()
            for await message in screen.messages {
                guard let event = try? AlertEvent(json: Data(message.payload)) else { continue }
                #expect(message.topic.hasSuffix("/parking_motor"))
                if ids.insert(event.id).inserted { events.append(event) }
                if events.count == 50 { cluster.kill(0) }
                if events.count == Self.count { break }
            }
            return events
        }

        let inbox = fixtures.inbox(outbox)
        let publisher = fixtures.publisher(outbox, port: cluster.ports[0], inbox: inbox) {
            $0 = settings("site", nodes: [0, 1, 2])
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually { publisher.link?.address == "127.0.0.1:\(cluster.ports[0])" })
        for _ in 0..<Self.count {
            try fixtures.append(fixtures.incident(), to: outbox)
            publisher.notify()
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await eventually(seconds: 120) { try outbox.counts().undelivered == 0 })
        let events = await read.value
        #expect(events.count == Self.count)
        let left = cluster.ports.dropFirst().map { "127.0.0.1:\($0)" }
        #expect(try await eventually(seconds: 60) { publisher.link.map { left.contains($0.address) } ?? false })
        #expect(try await eventually(seconds: 60) { publisher.link.map { $0.unheard == nil } ?? false })
        #expect(Set(events.compactMap { Int($0.sequence) }) == Set(1...Self.count))

        // Whoever comes now, to whichever node is left, sees the present.
        for node in [1, 2] {
            let late = MQTTClient(settings("late-\(node)", nodes: [node]))
            try late.start()
            try await late.waitForConnection()
            for channel in [AlertTopics.Channel.open, .site] {
                try await subscribe(late, fixtures.topics.filter(channel, area: try AreaCode("320583")))
            }
            var open = Set<String>()
            var site: SiteReport?
            for await message in late.messages where message.retain {
                if let event = try? AlertEvent(json: Data(message.payload)) { open.insert(event.id) }
                if let report = try? SiteReport(json: Data(message.payload)) { site = report }
                if open.count == Self.count, site != nil { break }
            }
            #expect(open == Set(events.map(\.id)))
            #expect(site?.state == .online)
            await late.close()
        }
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
        await screen.close()
    }

    /// The nodes that are left refuse filters until they have agreed on who leads.
    private func subscribe(_ client: MQTTClient, _ filter: String) async throws {
        for _ in 0..<60 {
            do throws(MQTTError) { return try await client.subscribe(filter) } catch {
                guard error.kind == .refused else { throw error }
            }
            try await Task.sleep(for: .seconds(1))
        }
        try await client.subscribe(filter)
    }
}

import Domain
import Foundation
import GRDB
import MQTT
import Runtime
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Hashing
@testable import Store

/// Brokers that take one thing and not another, and disks that take nothing.
@Suite(.waiting) struct StubbornBrokerTests {
    private static let all = ["user site", "topic readwrite mg/v1/#"]

    private let fixtures: Fixtures
    private let elsewhere: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox

    init() throws {
        fixtures = try Fixtures()
        elsewhere = try fixtures.elsewhere()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"), sendsPictures: true)
    }

    /// All but what is said of the other village.
    private static let some = ["site", "alert/32/3205/320583/320583102", "open/32/3205/320583/320583102", "reply"]
        .reduce(["user site"]) { $0 + ["topic write mg/v1/\($1)/#"] }

    private func broker(_ acl: [String]) throws -> Broker {
        try Broker(users: ["site": "p", "screen": "p"], acl: acl + ["user screen", "topic read mg/v1/#"])
    }

    private func set(_ acl: [String], _ broker: Broker) throws {
        try broker.setACL(acl + ["user screen", "topic read mg/v1/#"])
    }

    private func screen(_ broker: Broker) async throws -> Subscriber {
        try await Subscriber(port: broker.port, filter: "mg/v1/#", username: "screen", password: "p")
    }

    private func run(
        _ broker: Broker, outbox: Outbox? = nil, pictures: URL? = nil, _ body: (Publisher) async throws -> Void
    ) async throws {
        let publisher = fixtures.publisher(outbox ?? self.outbox, port: broker.port, pictures: pictures) {
            $0.username = "site"
            $0.password = "p"
        }
        let run = Task { try await publisher.run() }
        try await body(publisher)
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
    }

    private func alerts(_ screen: Subscriber) -> [AlertEvent] {
        screen.messages.filter { $0.topic.contains("/alert/") }.compactMap { try? AlertEvent(json: Data($0.payload)) }
    }

    @Test
    func `a replay passes over what the broker refuses and what cannot be read, once, and says so`() async throws {
        let broker = try broker(Self.some)
        let screen = try await screen(broker)
        for fixtures in [fixtures, elsewhere, fixtures, fixtures, elsewhere, fixtures] {
            try fixtures.append(fixtures.incident(), to: outbox)
        }
        try outbox.markDelivered(Dictionary(uniqueKeysWithValues: (1...6).map { (Int64($0), Date()) }))
        try await outbox.pool.write { db in
            try db.execute(sql: "UPDATE messages SET payload = x'7b' WHERE sequence = 4")
            try db.execute(sql: "INSERT INTO replays (next, last) VALUES (1, 6), (6, 6)")
        }
        try await run(broker) { _ async throws in
            #expect(try await eventually { try outbox.replayed(limit: 1) == nil })
            #expect(try await eventually { alerts(screen).count == 4 })
        }
        #expect(alerts(screen).map(\.sequence).compactMap { Int($0) } == [1, 3, 6, 6])
        #expect(!alerts(screen).contains { !$0.data.observed.backfilled })
        let entries = try outbox.auditEntries().filter { $0.event == .replayIncomplete }
        #expect(entries.map { $0.facts["messages"] } == ["3"])
        try await screen.close()
    }

    @Test
    func `a disk that takes nothing makes nothing go out twice, and holds nothing up`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        let picture = [UInt8](repeating: 7, count: 2000)
        try Data(picture).write(to: folder.file("a.jpg"))
        for _ in 0..<50 { try fixtures.append(fixtures.incident(), to: outbox) }
        try outbox.markDelivered([1: Date(), 2: Date()])
        let reply = Reply(.command, .done, site: fixtures.site, at: Date())
        let topic = fixtures.topics.topic(fixtures.commandTopic, as: .reply)
        try await outbox.pool.write { db in
            try Outbox.insert(reply, topic: topic, db)
            try db.execute(sql: "INSERT INTO replays (next, last) VALUES (1, 1), (2, 2)")
            try db.execute(
                sql: "UPDATE pictures SET file = 'a.jpg', sha256 = ? WHERE sequence = 1",
                arguments: [try SHA256.hex(picture)])
            try db.execute(sql: "UPDATE pictures SET done = 1 WHERE sequence <> 1")
            for (table, event) in [
                ("messages", "UPDATE OF delivered_at"), ("replies", "DELETE"), ("replays", "DELETE"),
                ("replays", "UPDATE"), ("pictures", "UPDATE"),
            ] {
                try db.execute(
                    sql: """
                        CREATE TRIGGER "full \(table) \(event)" BEFORE \(event) ON \(table)
                        BEGIN SELECT RAISE(ABORT, 'disk full'); END
                        """)
            }
        }
        try await run(broker, pictures: folder.url) { publisher async throws in
            func seen(_ name: String) -> Int { screen.messages.count { $0.topic.contains("/\(name)/") } }
            let isSent: @Sendable () -> Bool = {
                screen.messages.count { $0.topic.contains("/alert/") } >= 50
                    && screen.messages.contains { $0.topic.contains("/evidence/") }
            }
            #expect(try await eventually { isSent() })
            for _ in 0..<5 {
                publisher.notify()
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(alerts(screen).compactMap { Int($0.sequence) } == Array(3...50) + [1, 2])
            #expect(seen("reply") == 1 && seen("evidence") == 1)
            #expect(try outbox.counts().undelivered == 48)
            try await outbox.pool.write { db in
                for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE name LIKE 'full %'") {
                    try db.execute(sql: "DROP TRIGGER \"\(name)\"")
                }
            }
            publisher.notify()
            #expect(try await eventually { try outbox.counts().undelivered == 0 })
            #expect(try outbox.replies(limit: 9).isEmpty)
            #expect(try outbox.nextPicture() == nil)
            #expect(try outbox.replayed(limit: 9) == nil)
            #expect(alerts(screen).count == 50 && seen("reply") == 1 && seen("evidence") == 1)
        }
        try await screen.close()
    }

    @Test(arguments: ["max_packet_size", "message_size_limit"])
    func `a message that is too long for the broker is dropped and named, and nothing comes twice`(
        limit: String
    ) async throws {
        let broker = try Broker(lines: ["\(limit) 3000"])
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        for reasons in [2, 2, 40, 2] { try fixtures.append(fixtures.incident(reasons: reasons), to: outbox) }
        try await outbox.pool.write { try $0.execute(sql: "UPDATE pictures SET done = 1") }
        try await run(broker) { _ async throws in
            #expect(try await eventually { try outbox.counts().undelivered == 0 })
            #expect(
                try await eventually {
                    try screen.messages.filter { $0.topic.contains("/site/") }
                        .contains { try SiteReport(json: Data($0.payload)).dropped?.sequences == [[3, 3]] }
                })
        }
        #expect(alerts(screen).compactMap { Int($0.sequence) } == [1, 2, 4])
        #expect(try outbox.gapReport().dropped == [3...3])
        try outbox.auditDrops()
        let reasons = try outbox.auditEntries().filter { $0.event == .messagesDropped }.map { $0.facts["reason"] }
        #expect(reasons == [limit == "max_packet_size" ? "it is longer than the broker takes" : "Packet too large"])
        try await screen.close()
    }

    @Test
    func `none overtakes a message that the broker refuses, and the site says what holds it up`() async throws {
        let broker = try broker(Self.some)
        let screen = try await screen(broker)
        for fixtures in [fixtures, elsewhere, fixtures, fixtures] {
            try fixtures.append(fixtures.incident(), to: outbox)
        }
        let topic = try #require(try outbox.messages(from: 2, through: 2).first).topic
        let states: @Sendable () throws -> [BlockedDelivery?] = {
            try screen.messages.filter { $0.topic.contains("/site/") }
                .map { try SiteReport(json: Data($0.payload)).blocked }
        }
        try await run(broker) { publisher async throws in
            #expect(
                try await eventually { try states().contains { $0?.topic == topic && $0?.sequence == 2 } })
            #expect(publisher.blocked?.reason == "Not authorized")
            #expect(alerts(screen).compactMap { Int($0.sequence) } == [1])
            try set(Self.all, broker)
            #expect(try await eventually { alerts(screen).count == 4 })
            #expect(alerts(screen).compactMap { Int($0.sequence) } == [1, 2, 3, 4])
            #expect(try await eventually { try states().last == .some(nil) })
            #expect(publisher.blocked == nil)
        }
        try await screen.close()
    }

    @Test
    func `an incident whose end was dropped is retained no longer`() async throws {
        let broker = try Broker(lines: ["persistence true", "persistence_location \(folder.url.path)/"])
        let outbox = try Outbox(file: folder.file("small.sqlite"), budget: OutboxBudget(messages: 6))
        let (ended, going) = (fixtures.incident(), fixtures.incident())
        for incident in [ended, going] { try fixtures.append(incident, to: outbox) }
        try await run(broker, outbox: outbox) { publisher async throws in
            #expect(try await eventually { try outbox.counts().undelivered == 0 })
            broker.end()
            #expect(try await eventually { !publisher.client.isConnected })
            try fixtures.append(fixtures.closed(ended), to: outbox)
            for _ in 0..<8 { try fixtures.append(fixtures.incident(), to: outbox) }
            #expect(try outbox.gapReport().dropped.contains { $0.contains(3) })
            try broker.start()
            #expect(try await eventually { try outbox.counts().undelivered == 0 })
            let late = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
            #expect(
                try await eventually {
                    late.messages.contains { $0.topic.hasSuffix(ended.id.text) && $0.payload.isEmpty }
                        || !late.messages.isEmpty && !late.messages.contains { $0.topic.hasSuffix(ended.id.text) }
                })
            try await late.close()
            let later = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
            #expect(try await eventually { later.events.contains { $0.subject == going.id.text } })
            #expect(!later.events.contains { $0.subject == ended.id.text })
            try await later.close()
        }
    }
}

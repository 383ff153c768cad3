import Analytics
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Delivery

/// What a site does with brokers that break the connection, keep nothing or never acknowledge.
struct RefusingBrokerTests {
    private final class Book: Sendable {
        let lines = Mutex<[String]>([])
        let acknowledges = Mutex(false)
        var logger: Logger { Logger(label: "test") { _ in Handler(book: self) } }

        private struct Handler: LogHandler {
            let book: Book
            var metadata = Logger.Metadata()
            var logLevel = Logger.Level.info
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }
            func log(event: LogEvent) {
                book.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
            }
        }
    }

    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let book = Book()

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
    }

    private func run(
        _ port: Int, version: MQTTSettings.Version? = nil, inbox: Inbox? = nil, ackTimeout: Double = 20,
        settleTime: Double = 30, _ body: (Publisher) async throws -> Void
    ) async throws {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: port, clientID: "site-\(UUID().uuidString.prefix(8))", keepAlive: 30,
            version: version)
        settings.shortestWait = 0.05
        settings.longestWait = 0.2
        settings.ackTimeout = ackTimeout
        settings.settleTime = settleTime
        let publisher = Publisher(
            outbox: outbox, broker: settings, topics: fixtures.topics, site: fixtures.site, logger: book.logger,
            places: [fixtures.camera.place], inbox: inbox)
        let run = Task { try await publisher.run() }
        try await body(publisher)
        run.cancel()
        try await run.value
        await publisher.drain(within: .seconds(3))
    }

    private func post(_ publisher: Publisher) {
        publisher.post(
            CameraReport(camera: fixtures.camera, site: fixtures.site, state: .online), at: fixtures.camera.place)
    }

    private func reports(_ broker: ScriptedBroker) -> [SiteReport] {
        broker.packets.filter { $0.kind == .publish && $0.topic.contains("/site/") }
            .compactMap { try? SiteReport(json: Data($0.payload)) }
    }

    /// Warnings and errors.
    private var complaints: [String] {
        book.lines.withLock { $0.filter { $0.hasPrefix("warning") || $0.hasPrefix("error") } }
    }

    @Test(.waiting(minutes: 1))
    func `a message over which the broker breaks the connection is blocked by name`() async throws {
        let broker = try ScriptedBroker { packet in
            packet.kind == .publish && packet.topic.contains("/alert/") ? .close : .accept
        }
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port) { publisher async throws in
            #expect(try await eventually { publisher.blocked != nil })
            let blocked = try #require(publisher.blocked)
            #expect(blocked.sequence == 1)
            #expect(blocked.reason.hasPrefix("the broker breaks the connection over this message"))
            #expect(try await eventually { self.reports(broker).last?.blocked == blocked })
            // It is left in peace: no new connection, no further try.
            let connections = broker.connections
            for _ in 0..<10 {
                publisher.notify()
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(broker.connections == connections)
            #expect(connections <= 6)
            #expect(reports(broker).last?.state == .online)
        }
        #expect(try outbox.counts().undelivered == 3, "in sequence, and held")
        #expect(complaints.count { $0.contains("no broker") } == 1, "\(complaints)")
        #expect(complaints.count <= 2, "\(complaints)")
    }

    @Test(.waiting(minutes: 1), arguments: MQTTSettings.Version.allCases)
    func `where the broker breaks the connection over what is retained, alerts go out`(
        version: MQTTSettings.Version
    ) async throws {
        let broker = try ScriptedBroker { $0.kind == .publish && $0.retain ? .close : .accept }
        for _ in 0..<5 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port, version: version) { publisher async throws in
            post(publisher)
            #expect(try await eventually(seconds: 40) { try self.outbox.counts().undelivered == 0 })
            #expect(publisher.blocked == nil)
            #expect(publisher.link?.omits?.contains("open") == true)
        }
        let alerts = broker.packets.filter { $0.topic.contains("/alert/") }
            .compactMap { try? AlertEvent(json: Data($0.payload)) }.compactMap { Int($0.sequence) }
        #expect(alerts == [1, 2, 3, 4, 5], "none before its turn, none twice")
    }

    @Test(.waiting(minutes: 1))
    func `one retained topic over which the broker breaks the connection is left out alone`() async throws {
        let broker = try ScriptedBroker { $0.kind == .publish && $0.topic.contains("/camera/") ? .close : .accept }
        try fixtures.append(fixtures.incident(), to: outbox)
        try await run(broker.port) { publisher async throws in
            post(publisher)
            #expect(try await eventually { publisher.link?.omits == ["camera"] })
            #expect(try await eventually { try self.outbox.counts().undelivered == 0 })
        }
        #expect(broker.packets.contains { $0.topic.contains("/open/") })
        #expect(complaints.contains { $0.contains("they are left out") && $0.contains("camera") })
    }

    @Test(.waiting(minutes: 1))
    func `a broker that breaks the connection over a filter gets the alerts all the same`() async throws {
        let broker = try ScriptedBroker { $0.kind == .subscribe ? .close : .accept }
        try fixtures.append(fixtures.incident(), to: outbox)
        try await run(broker.port, inbox: fixtures.inbox(outbox)) { _ async throws in
            #expect(try await eventually(seconds: 40) { try self.outbox.counts().undelivered == 0 })
        }
    }

    @Test(.waiting(minutes: 1), arguments: MQTTSettings.Version.allCases)
    func `a broker without retained messages gets the alerts and is told nothing else`(
        version: MQTTSettings.Version
    ) async throws {
        let broker = try Broker(lines: ["retain_available false"])
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port, version: version) { publisher async throws in
            post(publisher)
            #expect(try await eventually(seconds: 40) { try self.outbox.counts().undelivered == 0 })
            #expect(publisher.link?.omits?.contains("open") == true)
        }
        #expect(
            try await eventually { screen.messages.filter { $0.topic.contains("/alert/") }.count == 3 })
        if version == .v5 {
            #expect(screen.messages.allSatisfy { $0.topic.contains("/alert/") })
            #expect(complaints.contains { $0.contains("keeps no retained messages") })
        }
        try await screen.close()
    }

    @Test(.waiting(minutes: 1))
    func `a broker that never acknowledges does not hold up the stop, and all is delivered once it does`() async throws
    {
        let book = book
        let broker = try ScriptedBroker { packet in
            packet.kind != .publish || book.acknowledges.withLock(\.self) ? .accept : .ignore
        }
        for _ in 0..<5 { try fixtures.append(fixtures.incident(), to: outbox) }
        let clock = ContinuousClock()
        var stop = clock.now
        try await run(broker.port) { publisher async throws in
            #expect(try await eventually { publisher.client.isConnected })
            await publisher.serve([fixtures.camera])
            stop = clock.now
        }
        #expect(stop.duration(to: clock.now) < .seconds(5))
        try await run(broker.port, ackTimeout: 0.5) { publisher async throws in
            #expect(try await eventually { publisher.client.sessions >= 2 })
            book.acknowledges.withLock { $0 = true }
            #expect(try await eventually { try self.outbox.counts().undelivered == 0 })
        }
    }

    @Test(.waiting(minutes: 1))
    func `the site names a second box with its client id`() async throws {
        let broker = try ScriptedBroker { packet in
            packet.kind == .connect && packet.connection <= 2 ? .acceptAndDismiss(0x8E) : .accept
        }
        try await run(broker.port) { _ async throws in
            #expect(
                try await eventually {
                    self.reports(broker).compactMap { $0.broker?.trouble }.contains {
                        $0.contains("two boxes have one client id")
                    }
                })
        }
        #expect(complaints.filter { $0.contains("no broker") }.count == 1)
    }

    @Test(.waiting(minutes: 1))
    func `trouble is told no longer once the connection has held`() async throws {
        let broker = try ScriptedBroker { packet in
            packet.kind == .connect && packet.connection == 1 ? .acceptAndDismiss(0x97) : .accept
        }
        try await run(broker.port, settleTime: 1) { _ async throws in
            #expect(try await eventually { self.reports(broker).contains { $0.broker?.trouble != nil } })
            #expect(try await eventually { self.reports(broker).last.map { $0.broker?.trouble == nil } ?? false })
        }
    }

    @Test func `an hour of refusals is one line, whatever comes in between`() {
        var log = ConnectionLog()
        let start = ContinuousClock().now
        func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }
        let isFirstSaid = log.up(at: start)
        #expect(isFirstSaid)
        var lines: [Int] = []
        for second in 1...3600 {
            if log.down(second % 2 == 0 ? "refused" : "lost", at: at(second)) { lines.append(second) }
            if log.up(at: at(second)) { lines.append(second) }
        }
        #expect(lines == [1, 62])
        let said = [log.settled(), log.down("lost", at: at(3700)), log.up(at: at(3800)), log.settled()]
        #expect(said == [true, true, true, false], "after a long time without one a connection is said at once")
    }

    @Test func `what was left out is tried again after an hour`() {
        var objections = BrokerObjections()
        objections.took("t0", of: "site")
        let start = ContinuousClock().now
        for session in 1...3 { _ = objections.broke(over: "t\(session)", of: "open", session: session, at: start) }
        #expect(objections.leavesOut("t9", of: "open") && !objections.leavesOut("t9", of: "camera"))
        objections.reconsider(at: start + .seconds(3601))
        #expect(!objections.leavesOut("t9", of: "open"))
    }

    @Test func `a broker that has taken nothing retained is sent nothing retained after three breaks`() {
        var objections = BrokerObjections()
        let start = ContinuousClock().now
        for session in 1...3 { _ = objections.broke(over: "state", of: "site", session: session, at: start) }
        #expect(objections.leftOut == ["camera", "open", "site"])
    }

    @Test func `a topic among others that go out is left out alone, and one break counts once`() {
        var objections = BrokerObjections()
        let start = ContinuousClock().now
        for session in 1...3 {
            objections.took("good", of: "open")
            #expect(objections.broke(over: "bad", of: "open", session: session, at: start) == session)
            #expect(objections.broke(over: "behind", of: "open", session: session, at: start) == 0)
        }
        #expect(objections.leavesOut("bad", of: "open"))
        #expect(!objections.leavesOut("good", of: "open"))
        #expect(!objections.isCautious)
    }
}

import Domain
import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Runtime
@testable import Store

@Suite(.waiting) struct PublisherTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
    }

    private func append(_ count: Int) throws {
        for _ in 0..<count { try fixtures.append(fixtures.incident(), to: outbox) }
    }

    private func isDelivered() throws -> Bool { try outbox.counts().undelivered == 0 }

    private func finish(_ publisher: Publisher, _ run: Task<Void, any Error>) async throws {
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
    }

    @Test(arguments: MQTTSettings.Version.allCases)
    func `all messages arrive in sequence and follow the schema`(version: MQTTSettings.Version) async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        try append(30)
        let publisher = fixtures.publisher(outbox, port: broker.port) { $0.version = version }
        let run = Task { try await publisher.run() }
        #expect(try await eventually(isDelivered))
        try append(30)
        publisher.notify()
        #expect(try await eventually { screen.messages.count >= 60 })
        #expect(screen.events.map(\.sequence) == (1...60).map { String(format: "%020d", $0) })
        #expect(try SchemaValidator.incident.violations(in: screen.messages.map { Data($0.payload) }) == [])
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test
    func `a broker that was away gets everything, in sequence, nothing twice`() async throws {
        let broker = try Broker()
        // The wait is long enough for the screen to be back before the publisher is.
        let publisher = fixtures.publisher(outbox, port: broker.port) {
            $0.shortestWait = 4
            $0.longestWait = 4
        }
        let run = Task { try await publisher.run() }
        try append(5)
        publisher.notify()
        #expect(try await eventually(isDelivered))
        broker.stop()
        #expect(try await eventually { !publisher.client.isConnected })
        try append(60)
        publisher.notify()
        #expect(try outbox.counts().undelivered == 60)
        try broker.start()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        #expect(try await eventually(isDelivered))
        #expect(try await eventually { screen.events.count >= 60 })
        #expect(screen.events.compactMap { Int($0.sequence) } == Array(6...65))
        #expect(Set(screen.events.map(\.id)).count == 60)
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test
    func `what no broker took is sent by the next run`() async throws {
        try append(40)
        let first = fixtures.publisher(outbox, port: try FreePort.tcp())
        let run = Task { try await first.run() }
        try await Task.sleep(for: .milliseconds(300))
        run.cancel()
        try await run.value
        await first.drain(within: .milliseconds(100))
        #expect(try outbox.counts().undelivered == 40)
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        let second = fixtures.publisher(outbox, port: broker.port)
        let rerun = Task { try await second.run() }
        #expect(try await eventually { screen.events.count >= 40 })
        #expect(screen.events.compactMap { Int($0.sequence) } == Array(1...40))
        try await finish(second, rerun)
        try await screen.close()
    }

    @Test
    func `a refused message stays pending and goes out once the broker allows it`() async throws {
        let broker = try Broker(users: ["site": "p"], acl: ["user site", "topic write mg/v1/site/#"])
        try append(3)
        let publisher = fixtures.publisher(outbox, port: broker.port) {
            $0.username = "site"
            $0.password = "p"
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually { publisher.client.isConnected })
        try await Task.sleep(for: .milliseconds(500))
        #expect(try outbox.counts().undelivered == 3)
        try broker.setACL(["user site", "topic readwrite mg/v1/#"])
        #expect(try await eventually(isDelivered))
        try await finish(publisher, run)
    }

    @Test
    func `a forbidden area stops no other area's alerts where refusals are skipped, and is told by name`() async throws
    {
        let allowed = fixtures.topics.filter(.alert, area: try AreaCode("320583102"))
        let broker = try Broker(
            users: ["site": "p", "screen": "p"],
            acl: [
                "user site", "topic write mg/v1/site/#", "topic write \(allowed)",
                "topic write mg/v1/open/#", "user screen", "topic read #",
            ])
        let elsewhere = try fixtures.elsewhere()
        try append(2)
        let forbidden = try elsewhere.append(elsewhere.incident(), to: outbox)
        try append(2)
        let screen = try await Subscriber(
            port: broker.port, filter: fixtures.topics.filter(.alert), username: "screen", password: "p")
        let states = try await Subscriber(
            port: broker.port, filter: fixtures.topics.filter(.site), username: "screen", password: "p")
        let publisher = fixtures.publisher(outbox, port: broker.port, refusals: .skip) {
            $0.username = "site"
            $0.password = "p"
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually(isDelivered))
        #expect(try await eventually { screen.events.count == 4 })
        #expect(screen.events.compactMap { Int64($0.sequence) } == [1, 2, 4, 5])
        let letters = try outbox.deadLetters()
        #expect(letters.map(\.sequence) == [3] && letters.first?.topic == forbidden.topic)
        func told() -> SiteReport? { states.messages.last.flatMap { try? SiteReport(json: Data($0.payload)) } }
        let named = try await eventually { told()?.sinks == [SinkReport(name: "broker", deadLetters: 1)] }
        #expect(named)
        #expect(told()?.blocked == nil)
        try await finish(publisher, run)
        for subscriber in [screen, states] { try await subscriber.close() }
    }

    @Test
    func `open incidents are retained until they close`() async throws {
        let broker = try Broker()
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let run = Task { try await publisher.run() }
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        try fixtures.append(fixtures.incident(), to: outbox)
        publisher.notify()
        #expect(try await eventually(isDelivered))
        let late = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
        #expect(try await eventually { late.events.count == 2 })
        #expect(late.messages.filter { !$0.retain }.isEmpty)
        try fixtures.append(fixtures.closed(incident), to: outbox)
        publisher.notify()
        #expect(try await eventually { late.messages.last?.payload.isEmpty == true })
        let later = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
        #expect(try await eventually { later.events.count == 1 })
        #expect(later.events.first?.subject != incident.id.uuidString.lowercased())
        try await finish(publisher, run)
        for screen in [late, later] { try await screen.close() }
    }

    @Test
    func `a broker that forgot gets the open incidents and the states again`() async throws {
        let broker = try Broker()
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let run = Task { try await publisher.run() }
        try append(3)
        publisher.notify()
        publisher.post(
            CameraReport(camera: fixtures.camera, site: fixtures.site, state: .online), at: fixtures.camera.place)
        #expect(try await eventually(isDelivered))
        broker.stop()
        try broker.start()
        #expect(try await eventually { publisher.client.sessions == 2 })
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        #expect(try await eventually { screen.messages.count >= 5 })
        #expect(screen.messages.count { $0.topic.hasPrefix("mg/v1/open/") } == 3)
        let camera = try #require(screen.messages.first { $0.topic.hasPrefix("mg/v1/camera/") })
        #expect(try CameraReport(json: Data(camera.payload)).state == .online)
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test
    func `the site is online, offline after a farewell, and offline by its will`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.site))
        let reports: @Sendable () throws -> [SiteReport] = {
            try screen.messages.map { try SiteReport(json: Data($0.payload)) }
        }
        try append(1)
        // Debian's mosquitto forgets a will that waits where another client begins the session anew.
        let publisher = fixtures.publisher(outbox, port: broker.port) {
            $0.clientID = "taken-over"
            $0.willDelay = 0
        }
        let run = Task { try await publisher.run() }
        #expect(try await eventually { try reports().last?.state == .online })
        #expect(try reports().last?.lastSequence == 1)
        #expect(try reports().last?.evictedEvidence == nil)
        for _ in 0..<2 { try outbox.note(evicted: 4096, record: "9f2c") }
        publisher.notify()
        #expect(try await eventually { try reports().last?.evictedEvidence == .init(incidents: 1, bytes: 4096) })
        // A client of the same name throws the first one out, and the broker publishes its will.
        var thief = MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "taken-over")
        thief.longestWait = 0.5
        let other = MQTTClient(thief)
        try other.start()
        #expect(try await eventually { try reports().contains { $0.state == .offline && $0.connected != nil } })
        await other.close()
        #expect(try await eventually { try reports().last?.state == .online })
        try await finish(publisher, run)
        #expect(try await eventually { try reports().last?.state == .offline })
        #expect(try reports().last?.at != nil)
        try await screen.close()
    }

    /// With an inbox its session lives long at the broker, without one no longer than the will waits.
    @Test(arguments: [true, false])
    func `a site that is connected again soon was offline for nobody, one that is not is offline`(
        listens: Bool
    ) async throws {
        let broker = try Broker()
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.site))
        let reports: @Sendable () throws -> [SiteReport] = {
            try screen.messages.map { try SiteReport(json: Data($0.payload)) }
        }
        let publisher = fixtures.publisher(
            outbox, port: proxy.port, inbox: listens ? fixtures.inbox(outbox) : nil
        ) { $0.willDelay = 3 }
        let run = Task { try await publisher.run() }
        for count in 1...3 {
            #expect(try await eventually { try publisher.client.sessions == count && reports().count >= count })
            proxy.reset()
        }
        #expect(try await eventually { publisher.client.sessions == 4 })
        // A will that only waits would come by then.
        try await Task.sleep(for: .seconds(4))
        let states = try reports().map(\.state)
        #expect(states.allSatisfy { $0 == .online }, "\(states)")
        proxy.stop()
        #expect(try await eventually { try reports().last?.state == .offline && reports().last?.connected != nil })
        try await finish(publisher, run)
        try await screen.close()
    }

    @Test
    func `a drain sends what is left and ends in time without a broker`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let run = Task { try await publisher.run() }
        #expect(try await eventually { publisher.client.isConnected })
        run.cancel()
        try await run.value
        try append(25)
        await publisher.drain(within: Patience.seconds(10))
        #expect(try isDelivered())
        #expect(try await eventually { screen.events.count == 25 })
        let alone = fixtures.publisher(outbox, port: try FreePort.tcp())
        let lonely = Task { try await alone.run() }
        try append(1)
        alone.notify()
        lonely.cancel()
        try await lonely.value
        let start = ContinuousClock.now
        await alone.drain(within: .seconds(1))
        #expect(ContinuousClock.now - start < Patience.seconds(5))
        #expect(try outbox.counts().undelivered == 1)
        try await screen.close()
    }

    @Test
    func `a broker that takes but never answers leaves everything pending, and a drain ends in time`() async throws {
        let broker = try Broker()
        try append(10)
        // Long enough that it is not the keep-alive that ends it.
        let publisher = fixtures.publisher(outbox, port: broker.port) { $0.keepAlive = 120 }
        let run = Task { try await publisher.run() }
        #expect(try await eventually(isDelivered))
        broker.pause()
        try append(10)
        publisher.notify()
        try await Task.sleep(for: .milliseconds(300))
        run.cancel()
        try await run.value
        let start = ContinuousClock.now
        await publisher.drain(within: .milliseconds(500))
        #expect(ContinuousClock.now - start < Patience.seconds(20))
        #expect(try outbox.counts().undelivered == 10)
    }

    @Test
    func `no message is left behind when many writers wake the publisher at once`() async throws {
        let broker = try Broker()
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let run = Task { try await publisher.run() }
        #expect(try await eventually { publisher.client.isConnected })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        try fixtures.append(fixtures.incident(), to: outbox)
                        publisher.notify()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await eventually(isDelivered))
        try await finish(publisher, run)
    }
}

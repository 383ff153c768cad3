import Domain
import Foundation
import Logging
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Store

/// What a site does with brokers that break the connection, keep nothing or never acknowledge.
struct RefusingBrokerTests {
    private final class Book: Sendable {
        let lines = Mutex<[String]>([])
        let acknowledges = Mutex(false)

        final class Tries: Sendable { let times = Mutex<[ContinuousClock.Instant]>([]) }

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
        _ port: Int, outbox: Outbox? = nil, version: MQTTSettings.Version? = nil, inbox: Inbox? = nil,
        ackTimeout: Double = 20,
        settleTime: Double = 30, refusalWaits: ClosedRange<Double> = 2...15,
        heldWaits: ClosedRange<Double> = 60...1800,
        username: String? = nil, troubleInterval: Duration = .seconds(60),
        _ body: (Publisher) async throws -> Void
    ) async throws {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: port, clientID: "site-\(UUID().uuidString.prefix(8))", keepAlive: 30,
            version: version)
        settings.shortestWait = 0.05
        settings.longestWait = 0.2
        settings.ackTimeout = ackTimeout
        settings.settleTime = settleTime
        settings.username = username
        settings.password = username.map { _ in "p" }
        let publisher = Publisher(
            outbox: outbox ?? self.outbox, broker: settings, topics: fixtures.topics, site: fixtures.site,
            logger: book.logger,
            places: [fixtures.camera.place], inbox: inbox, refusalWaits: refusalWaits,
            heldWaits: heldWaits, troubleInterval: troubleInterval, chance: { 1 })
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

    @Test(.waiting(minutes: 1))
    func `a broker that refuses a message and hangs up is left in peace, and no second box is suspected`() async throws
    {
        // Debian's mosquitto does so with this line.
        let broker = try Broker(
            users: ["site": "p", "screen": "p"],
            acl: ["user site", "topic readwrite mg/v1/site/#", "user screen", "topic read #"],
            lines: ["max_queued_messages 0"])
        let screen = try await Subscriber(
            port: broker.port, filter: fixtures.topics.filter(.site), username: "screen", password: "p")
        let reports: @Sendable () throws -> [SiteReport] = {
            try screen.messages.map { try SiteReport(json: Data($0.payload)) }
        }
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port, username: "site") { publisher async throws in
            #expect(
                try await eventually {
                    publisher.blocked?.reason.contains("breaks the connection over this message: Not authorized")
                        == true
                })
            #expect(try await eventually { publisher.client.isConnected })
            let sessions = publisher.client.sessions
            for _ in 0..<8 {
                publisher.notify()
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(publisher.client.sessions == sessions)
            #expect(try reports().allSatisfy { $0.state == .online }, "offline for nobody")
            #expect(try reports().last?.blocked == publisher.blocked)
            #expect(!(try reports().contains { $0.broker?.trouble?.contains("two boxes") == true }))
        }
        #expect(complaints.count <= 3, "\(complaints)")
        try await screen.close()
    }

    @Test(.waiting(minutes: 1)) func `a stop says in one line what no line has told yet`() async throws {
        let book = book
        let broker = try ScriptedBroker { packet in
            if packet.kind == .publish, packet.topic.contains("/alert/") { return .close }
            return packet.kind == .publish && book.acknowledges.withLock(\.self) ? .ignore : .accept
        }
        try fixtures.append(fixtures.incident(), to: outbox)
        try await run(broker.port, troubleInterval: .seconds(3600)) { publisher async throws in
            #expect(try await eventually { publisher.blocked != nil && publisher.client.isConnected })
            #expect(try await eventually { self.reports(broker).last?.blocked != nil })
            #expect(complaints.count == 1, "\(complaints)")
            // Now the farewell is not acknowledged.
            book.acknowledges.withLock { $0 = true }
        }
        #expect(complaints.count == 2, "\(complaints)")
        #expect(complaints.last?.contains("alerts wait in the outbox") == true, "\(complaints)")
        #expect(complaints.last?.contains("no farewell to the broker") == true, "\(complaints)")
    }

    @Test(.waiting(minutes: 1))
    func `a message over which connections break is tried after waits that grow, which MQTT 3 1 1 tells as offline`()
        async throws
    {
        let (tries, clock) = (Book.Tries(), ContinuousClock())
        let broker = try ScriptedBroker { packet in
            guard packet.kind == .publish, packet.topic.contains("/alert/") else { return .accept }
            tries.times.withLock { $0.append(clock.now) }
            return .close
        }
        try fixtures.append(fixtures.incident(), to: outbox)
        try await run(broker.port, version: .v311, heldWaits: 0.4...1.6) { publisher async throws in
            #expect(
                try await eventually(seconds: 40) {
                    publisher.notify()
                    return tries.times.withLock { $0.count >= 7 }
                })
        }
        let times = tries.times.withLock(\.self)
        let waits = zip(times, times.dropFirst()).map { $0.duration(to: $1) / .seconds(1) }
        // Three breaks may be chance.
        #expect(zip(waits.dropFirst(2), [0.4, 0.8, 1.6, 1.6]).allSatisfy { $0 >= $1 }, "\(waits)")
    }

    @Test(.waiting(minutes: 1))
    func `a message that is refused with a word is tried after waits that grow, and goes soon once it is taken`()
        async throws
    {
        let (tries, clock, book) = (Book.Tries(), ContinuousClock(), book)
        let broker = try ScriptedBroker { packet in
            guard packet.kind == .publish, packet.topic.contains("/alert/") else { return .accept }
            tries.times.withLock { $0.append(clock.now) }
            return book.acknowledges.withLock(\.self) ? .accept : .refuseMessage(0x87)
        }
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port, refusalWaits: 0.2...0.8) { publisher async throws in
            // By its own clock: nobody wakes it.
            #expect(try await eventually(seconds: 40) { tries.times.withLock { $0.count >= 6 } })
            #expect(publisher.blocked?.sequence == 1 && broker.connections == 1)
            book.acknowledges.withLock { $0 = true }
            let mended = clock.now
            #expect(try await eventually { try self.outbox.counts().undelivered == 0 })
            #expect(mended.duration(to: clock.now) < Patience.seconds(3))
        }
        let times = tries.times.withLock { $0.prefix(6) }
        let waits = zip(times, times.dropFirst()).map { $0.duration(to: $1) / .seconds(1) }
        #expect(zip(waits, [0.2, 0.4, 0.8, 0.8, 0.8]).allSatisfy { $0 >= $1 }, "\(waits)")
    }

    @Test(.waiting(minutes: 1))
    func `the connection is left in peace also where the budget drops the message that broke it`() async throws {
        let broker = try ScriptedBroker { packet in
            packet.kind == .publish && packet.topic.contains("/alert/") ? .close : .accept
        }
        let outbox = try Outbox(file: folder.file("small.sqlite"), budget: OutboxBudget(messages: 3))
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port, outbox: outbox) { publisher async throws in
            #expect(try await eventually { publisher.blocked?.sequence == 1 && publisher.client.isConnected })
            let connections = broker.connections
            for _ in 0..<10 {
                try fixtures.append(fixtures.incident(), to: outbox)
                publisher.notify()
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(broker.connections == connections)
            #expect(try outbox.pending(limit: 1).first.map { $0.sequence > 3 } == true)
        }
    }

    /// NATS does so over each topic with a dot.
    @Test(.waiting(minutes: 2))
    func `a blocked message that is tried again and again is said once`() async throws {
        let cluster = try NATSCluster()
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(
            cluster.ports[0], inbox: fixtures.inbox(outbox), settleTime: 0.5, heldWaits: 1...1,
            troubleInterval: .milliseconds(200)
        ) { publisher async throws in
            #expect(try await eventually(seconds: 40) { publisher.blocked != nil })
            #expect(publisher.blocked?.reason.contains("set broker.topic_kind: underscored") == true)
            let sessions = publisher.client.sessions
            #expect(try await eventually(seconds: 60) { publisher.client.sessions >= sessions + 5 })
        }
        #expect(try outbox.counts().undelivered == 3)
        let lines = book.lines.withLock(\.self)
        for text in ["no broker", "alerts wait in the outbox", "they are left out", "takes MQTT 3.1.1 only"] {
            #expect(lines.count { $0.contains(text) } == 1, "\(lines)")
        }
        // Once at the start, and once after the first trouble.
        #expect(lines.count { $0.contains("broker connected") } <= 2, "\(lines)")
        #expect(lines.count <= 6, "\(lines)")
    }

    @Test func `trouble is one line in a minute, of each matter the newest word, and none that no longer holds`() {
        var log = TroubleLog()
        let start = ContinuousClock().now
        func line(_ cause: String) -> TroubleLog.Line {
            TroubleLog.Line(level: .error, message: "\(cause)", metadata: [:], cause: cause)
        }
        var lines: [(second: Int, cause: String)] = []
        for second in 0..<3600 {
            log.add(.retained, line("retained \(second)"))
            if second == 1 { log.add(.alerts, line("blocked")) }
            if second > 1 { log.add(.alerts, line("blocked")) }
            if second == 2 { log.add(.leftOut, line("open")) }
            if second == 90 { log.withdraw(.leftOut) }
            if let line = log.next(at: start + .seconds(second)) { lines.append((second, line.cause)) }
        }
        #expect(zip(lines, lines.dropFirst()).allSatisfy { $1.second - $0.second >= 60 })
        #expect(lines.count == 60)
        #expect(lines.prefix(3).map(\.cause) == ["retained 0", "blocked", "retained 120"])
        #expect(lines.count { $0.cause == "blocked" } == 1)
        let wasSaid = [log.withdraw(.alerts), log.withdraw(.leftOut)]
        #expect(wasSaid == [true, false])
        log.add(.alerts, line("blocked"))
        log.add(
            .farewell, TroubleLog.Line(level: .critical, message: "none", metadata: ["b": "2", "a": "1"], cause: ""))
        let rest = log.rest(at: start)
        #expect(rest?.level == .critical)
        #expect(rest?.metadata == ["reasons": "blocked; retained 3599; none: 1: 2"], "what waits at the end is said")
        #expect(log.rest(at: start) == nil)
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
    func `a filter that the broker refuses is asked for again on the same connection, said once, and told`(
        version: MQTTSettings.Version
    ) async throws {
        let book = book
        let broker = try ScriptedBroker { packet in
            guard packet.kind == .subscribe, !book.acknowledges.withLock(\.self) else { return .accept }
            return .refuseFilter(version == .v5 ? 0x87 : 0x80)
        }
        func asked() -> [String: Int] {
            Dictionary(broker.packets.filter { $0.kind == .subscribe }.map { ($0.topic, 1) }, uniquingKeysWith: +)
        }
        // For reviews, for commands, and for incidents that are retained.
        try fixtures.append(fixtures.incident(), to: outbox)
        try await run(broker.port, version: version, inbox: fixtures.inbox(outbox)) { publisher async throws in
            #expect(try await eventually { asked().count == 3 && asked().values.allSatisfy { $0 >= 3 } })
            #expect(try await eventually { self.reports(broker).last?.broker?.unheard?.count == 3 })
            #expect(publisher.link?.unheard?.contains(fixtures.reviewTopic) == true)
            #expect(try outbox.counts().undelivered == 0, "alerts do not wait for it")
            book.acknowledges.withLock { $0 = true }
            #expect(try await eventually { publisher.link.map { $0.unheard == nil } ?? false })
            #expect(
                try await eventually { self.reports(broker).last?.broker.map { $0.unheard == nil } ?? false })
            // Nothing is asked for any more.
            let questions = asked()
            for _ in 0..<5 {
                publisher.notify()
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(asked() == questions)
        }
        #expect(broker.connections == 1)
        #expect(complaints.count { $0.contains("could not listen") } == 1, "\(complaints)")
        #expect(book.lines.withLock { $0.count { $0.contains("takes all filters now") } } == 1)
    }

    @Test(.waiting(minutes: 1)) func `alerts wait for one filter that the broker refuses, and not for all`()
        async throws
    {
        let broker = try ScriptedBroker { $0.kind == .subscribe ? .refuseFilter(0x87) : .accept }
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        try await run(broker.port, inbox: fixtures.inbox(outbox)) { publisher async throws in
            #expect(try await eventually { self.reports(broker).last?.broker?.unheard?.count == 3 })
        }
        let packets = broker.packets
        let first = try #require(packets.firstIndex { $0.topic.contains("/alert/") })
        #expect(packets[..<first].count { $0.kind == .subscribe } == 1)
        #expect(packets.contains { $0.topic.contains("/site/") })
    }

    @Test(.waiting(minutes: 1)) func `a blocked alert keeps nobody from being heard`() async throws {
        let book = book
        let broker = try ScriptedBroker { packet in
            if packet.kind == .publish, packet.topic.contains("/alert/") { return .close }
            return packet.kind == .subscribe && !book.acknowledges.withLock(\.self) ? .refuseFilter(0x87) : .accept
        }
        try fixtures.append(fixtures.incident(), to: outbox)
        try await run(broker.port, inbox: fixtures.inbox(outbox)) { publisher async throws in
            // On the connection that is then left in peace.
            #expect(
                try await eventually {
                    self.reports(broker).last?.blocked != nil && publisher.link?.unheard?.isEmpty == false
                })
            book.acknowledges.withLock { $0 = true }
            #expect(try await eventually(seconds: 40) { publisher.link.map { $0.unheard == nil } ?? false })
            #expect(publisher.blocked != nil)
        }
    }

    @Test func `refused filters are asked for after waits that grow to five minutes`() {
        var unheard = UnheardFilters(shortestWait: 0.5)
        var now = ContinuousClock().now
        var waits: [Double] = []
        unheard.refused("a")
        for _ in 0..<12 {
            guard let wait = unheard.wait(at: now) else { break }
            waits.append(wait)
            #expect(unheard.wait(at: now) == nil && unheard.takeDue(at: now).isEmpty)
            now += .seconds(wait)
            #expect(unheard.takeDue(at: now) == ["a"])
            unheard.refused("a")
        }
        #expect(waits.count == 12 && waits[0] <= 1 && (150...300).contains(waits[11]))
        unheard.taken("a")
        unheard.refused("b")
        #expect(unheard.wait(at: now) ?? 9 <= 1, "a new trouble begins anew")
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

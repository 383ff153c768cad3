import Domain
import Foundation
import GRDB
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Runtime
@testable import Store

/// A site's alerts at an HTTP receiver.
struct WebhookTests {
    /// Time that passes only where somebody waits for it.
    private final class Clock: Sendable {
        private let state = Mutex((now: 1000.0, rests: [Double]()))
        var now: Double { state.withLock { $0.now } }
        /// What was waited for, in seconds.
        var rests: [Double] { state.withLock { $0.rests } }

        func sleep(_ seconds: Double) async {
            state.withLock {
                $0.now += seconds
                $0.rests.append(seconds)
            }
            await Task.yield()
        }
    }

    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let clock = Clock()
    private let board = SinkBoard()

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
        try outbox.serve(sinks: ["desk"])
    }

    private func write(_ count: Int = 1, in fixtures: Fixtures? = nil) throws -> [AlertMessage] {
        try (0..<count).map { _ in
            let fixtures = fixtures ?? self.fixtures
            return try fixtures.append(fixtures.incident(), to: outbox)
        }
    }

    private func run(
        _ settings: WebhookSettings, _ body: (SinkRunner) async throws -> Void
    ) async throws {
        let runner = SinkRunner(
            WebhookSink(settings, software: "gridwarden/test"), refusals: settings.refusals, outbox: outbox,
            board: board, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { clock.now },
            sleep: { await clock.sleep($0) })
        let run = Task { await runner.run() }
        do { try await body(runner) } catch {
            run.cancel()
            await run.value
            throw error
        }
        run.cancel()
        await run.value
    }

    private func settings(_ receiver: Receiver, _ change: (inout WebhookSettings) -> Void = { _ in }) -> WebhookSettings
    {
        var settings = WebhookSettings(name: "desk", url: receiver.url)
        change(&settings)
        return settings
    }

    private func waiting() throws -> Int? { try outbox.sinkReports().first { $0.name == "desk" }?.waiting }

    private func drained() async throws {
        let isDrained = try await eventually { try waiting() == 0 }
        #expect(isDrained)
    }

    private func sequences(_ receiver: Receiver) throws -> [Int64] {
        try receiver.requests.map { try #require(Int64(try AlertEvent(json: Data($0.body)).sequence)) }
    }

    @Test func `each alert is posted as a CloudEvent in structured mode, in sequence, once`() async throws {
        let receiver = try await Receiver()
        let messages = try write(30)
        let header = WebhookSettings.Header(name: "Authorization", value: "Bearer t0ps3cret")
        try await run(settings(receiver) { $0.header = header }) { _ in try await drained() }
        #expect(receiver.requests.map(\.body) == messages.map(\.payload))
        let first = try #require(receiver.requests.first)
        #expect(first.method == "POST" && first.path == "/alerts")
        #expect(first.headers["content-type"] == "application/cloudevents+json; charset=utf-8")
        #expect(first.headers["authorization"] == "Bearer t0ps3cret")
        #expect(first.headers["user-agent"] == "gridwarden/test")
        await receiver.close()
    }

    @Test func `for Home Assistant each alert is one flat map under the same incident id, in sequence`() async throws {
        let receiver = try await Receiver()
        let incident = fixtures.incident()
        let messages = try [incident, fixtures.closed(incident)].map { try fixtures.append($0, to: outbox) }
        try await run(settings(receiver) { $0.dialect = HomeAssistantDialect() }) { _ in try await drained() }
        #expect(receiver.requests.map { $0.headers["content-type"] } == ["application/json", "application/json"])
        let maps = try receiver.requests.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.body)) as? [String: Any])
        }
        let events = try messages.map { try AlertEvent(json: Data($0.payload)) }
        #expect(maps.map { $0["incident"] as? String } == events.map(\.subject))
        #expect(maps.map { $0["id"] as? String } == events.map(\.id))
        #expect(maps.map { $0["sequence"] as? Int } == [1, 2])
        #expect(maps.map { $0["state"] as? String } == ["opened", "closed"])
        #expect(maps.map { $0["open"] as? Bool } == [true, false])
        let first = try #require(maps.first)
        #expect(first["title"] as? String == "\(fixtures.entry.name.zh) \(fixtures.entry.name.en)")
        let since = events[0].data.observed.firstSeen.dropFirst(11).prefix(5)
        #expect(first["message"] as? String == "人民路东, 路口禁停区: opened, \(since)")
        #expect(first["latitude"] as? Double == 31.38 && first["severity"] as? Int == events[0].data.severity)
        // A template reads no map within the map.
        #expect(first.values.allSatisfy { !($0 is [String: Any]) && !($0 is [Any]) })
        await receiver.close()
    }

    @Test func `what cannot be told in a dialect becomes a dead letter and holds nothing up`() async throws {
        let receiver = try await Receiver()
        _ = try write(3)
        try await outbox.pool.write { try $0.execute(sql: "UPDATE messages SET payload = x'7b' WHERE sequence = 2") }
        try await run(settings(receiver) { $0.dialect = HomeAssistantDialect() }) { _ in try await drained() }
        #expect(receiver.requests.count == 2)
        #expect(try outbox.deadLetters().map(\.sequence) == [2])
        await receiver.close()
    }

    @Test func `what is written while it runs follows at the next word of it`() async throws {
        let receiver = try await Receiver()
        try await run(settings(receiver)) { runner in
            for count in 1...3 {
                _ = try write()
                runner.notify()
                let hasCome = try await eventually { receiver.requests.count == count }
                #expect(hasCome)
            }
        }
        await receiver.close()
    }

    @Test func `a receiver that has no time is asked again when it wants to be, and nothing overtakes`() async throws {
        let receiver = try await Receiver { _, index in
            index < 2 ? .init(status: 503, headers: [("Retry-After", "120")]) : .init()
        }
        _ = try write(3)
        try await run(settings(receiver)) { _ in try await drained() }
        #expect(try sequences(receiver) == [1, 1, 1, 2, 3])
        #expect(clock.rests.count == 2 && clock.rests.allSatisfy { $0 >= 120 })
        await receiver.close()
    }

    @Test func `a receiver that hangs up, answers with faults or is not there is asked again`() async throws {
        let faults: [Receiver.Answer] = [
            .init(hangsUp: true), .init(status: 500), .init(status: 429), .init(status: 408),
        ]
        let receiver = try await Receiver { _, index in index < faults.count ? faults[index] : .init() }
        _ = try write(1)
        try await run(settings(receiver)) { _ in try await drained() }
        // A client may try a connection once more that was closed under it.
        #expect(receiver.requests.count >= 5 && clock.rests.count >= 3)
        await receiver.close()
        _ = try write(1)
        try await run(settings(receiver)) { _ in
            let isTold = try await eventually {
                board.completed([SinkReport(name: "desk")])[0].trouble?.reason.contains("127.0.0.1") == true
            }
            #expect(isTold)
        }
        #expect(try waiting() == 1)
    }

    @Test func `a refused alert holds the others, by name, until it is taken`() async throws {
        let receiver = try await Receiver { _, index in .init(status: index < 3 ? 422 : 200) }
        let messages = try write(2)
        try await run(settings(receiver)) { _ in try await drained() }
        #expect(try sequences(receiver) == [1, 1, 1, 1, 2])
        #expect(clock.rests.allSatisfy { $0 >= 30 } && clock.rests.count == 3)
        #expect(try outbox.deadLetters().isEmpty && messages.count == 2)
        await receiver.close()
    }

    @Test(arguments: [400, 409, 410, 413, 415, 422])
    func `a refused alert becomes a dead letter where refusals are skipped`(status: Int) async throws {
        let receiver = try await Receiver { _, index in
            index == 1 ? .init(status: status) : .init()
        }
        let messages = try write(3)
        try await run(settings(receiver) { $0.refusals = .skip }) { _ in try await drained() }
        #expect(receiver.requests.count == 3)
        let letters = try outbox.deadLetters()
        #expect(letters.map(\.sequence) == [2] && letters[0].topic == messages[1].topic)
        #expect(letters[0].reason.contains("\(status)") && letters[0].sink == "desk")
        #expect(try outbox.sinkReports() == [SinkReport(name: "desk", waiting: 0, deadLetters: 1)])
        let entries = try outbox.auditEntries().filter { $0.event == .messagesDropped }
        #expect(entries.map { $0.facts["sink"] } == ["desk"])
        await receiver.close()
    }

    @Test(arguments: [301, 307, 401, 403, 404, 405])
    func `nothing is given up for what is wrong with the address or the credential, and no redirect is followed`(
        status: Int
    ) async throws {
        let other = try await Receiver()
        let location = other.url
        let receiver = try await Receiver { _, index in
            index < 2 ? .init(status: status, headers: [("Location", location)]) : .init()
        }
        _ = try write(2)
        try await run(settings(receiver) { $0.refusals = .skip }) { _ in try await drained() }
        #expect(try sequences(receiver) == [1, 1, 1, 2])
        #expect(clock.rests.count == 2 && clock.rests.allSatisfy { $0 >= 60 })
        #expect(try outbox.deadLetters().isEmpty && other.requests.isEmpty)
        for receiver in [receiver, other] { await receiver.close() }
    }

    @Test func `a receiver whose answer never ends has taken the message with its head`() async throws {
        let receiver = try await Receiver { _, _ in .init(status: 200, isUnfinished: true) }
        _ = try write(2)
        try await run(settings(receiver)) { _ in try await drained() }
        #expect(try sequences(receiver) == [1, 2])
        await receiver.close()
    }

    @Test func `what was taken while the disk takes nothing is not sent again`() async throws {
        let receiver = try await Receiver()
        _ = try write(1)
        try await run(settings(receiver)) { _ in try await drained() }
        _ = try write(2)
        func sabotage(_ sql: String) throws { try outbox.pool.write { try $0.execute(sql: sql) } }
        try sabotage("CREATE TRIGGER full BEFORE UPDATE ON sinks BEGIN SELECT RAISE(ABORT, 'no room'); END")
        try await run(settings(receiver)) { _ in
            let isTaken = try await eventually { receiver.requests.count >= 2 }
            #expect(isTaken)
            // Each rest is one attempt to write.
            let hasTried = try await eventually { clock.rests.count > 20 }
            #expect(hasTried)
            try sabotage("DROP TRIGGER full")
            try await drained()
        }
        #expect(try sequences(receiver) == [1, 2, 3])
        await receiver.close()
    }

    @Test func `whoever writes a message, the sinks hear of it`() async throws {
        let heard = Mutex(0)
        outbox.onAppend { heard.withLock { $0 += 1 } }
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        #expect(heard.withLock { $0 } == 1)
        try outbox.close(orphan: fixtures.closed(incident), at: Date())
        #expect(heard.withLock { $0 } == 2)
    }

    @Test
    func `a webhook goes on where it was after a restart, and sends nothing that was taken before`() async throws {
        let receiver = try await Receiver()
        _ = try write(5)
        try await run(settings(receiver)) { _ in try await drained() }
        let again = try Outbox(file: folder.file("outbox.sqlite"))
        try again.serve(sinks: ["desk"])
        #expect(try again.pending(sink: "desk", limit: 10).isEmpty)
        _ = try write(1)
        #expect(try again.pending(sink: "desk", limit: 10).map(\.sequence) == [6])
        await receiver.close()
    }

    @Test func `only the kinds and areas that are asked for are posted, and the others are passed over`() async throws {
        let receiver = try await Receiver()
        let elsewhere = try fixtures.elsewhere()
        for fixtures in [fixtures, elsewhere, elsewhere, fixtures] { _ = try write(in: fixtures) }
        let area = try AreaCode("320583103")
        try await run(settings(receiver) { ($0.kinds, $0.areas) = (["vending.*", "parking.motor"], [area]) }) { _ in
            try await drained()
        }
        #expect(try sequences(receiver) == [2, 3])
        await receiver.close()
    }

    @Test func `kinds are told apart by their families`() throws {
        var settings = WebhookSettings(name: "a", url: "http://h", kinds: ["vending.*"])
        #expect(settings.wants(kind: "vending.itinerant", area: "320583102201"))
        #expect(!settings.wants(kind: "vendingx.y", area: "320583102201"))
        #expect(!settings.wants(kind: "parking.motor", area: "320583102201"))
        settings.areas = [try AreaCode("32"), try AreaCode("3301")]
        #expect(settings.wants(kind: "vending.itinerant", area: "330102000000"))
        #expect(!settings.wants(kind: "vending.itinerant", area: "330200000000"))
    }

    @Test func `Retry-After is read as seconds and as a date`() {
        let now = Date(timeIntervalSince1970: 784_111_777)
        #expect(HTTPPoster.seconds("120", now: now) == 120)
        // The example of RFC 9110, 5.6.7.
        #expect(HTTPPoster.seconds("Sun, 06 Nov 1994 08:50:37 GMT", now: now) == 60)
        #expect(HTTPPoster.seconds("Sun, 06 Nov 1994 08:40:37 GMT", now: now) == 0)
        for text in ["", "soon", "-1", "1.5", "٣", "Sun"] { #expect(HTTPPoster.seconds(text, now: now) == nil) }
    }

    @Test func `secrets of the receiver are in no trouble that is told`() async throws {
        let secrets = KnownSecrets()
        secrets.learn("Bearer abcdefgh12345")
        let board = SinkBoard(secrets: secrets)
        board.set(
            .init(reason: "got Bearer abcdefgh12345", isRefusal: true, since: 0), of: "desk", sequence: 1, since: Date()
        )
        let reason = board.completed([SinkReport(name: "desk")])[0].trouble?.reason
        #expect(reason?.contains("abcdefgh") == false)
    }
}

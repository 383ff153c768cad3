import Analytics
import Domain
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Hashing
@testable import MQTT
@testable import Store

/// What a subscriber may rely on when things go wrong.
@Suite(.waiting) struct PromiseTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        file = folder.file("outbox.sqlite")
    }

    /// As a kill would: nothing is said, nothing is finished.
    private func kill(_ publisher: Publisher, _ run: Task<Void, any Error>) async {
        await publisher.client.close()
        run.cancel()
        _ = try? await run.value
    }

    private func descriptors(to path: String) -> Int {
        let folder = "/proc/self/fd"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"))?.hasPrefix(path) ?? false
        }
    }

    @Test(.waiting(minutes: 3))
    func `six hours away with 2000 alerts and three kills: none lost, none twice, no gap`() async throws {
        let port = try FreePort.tcp()
        let start = Date(timeIntervalSince1970: 1_795_480_000)
        var open: [Incident] = []
        for run in 0..<4 {
            // A run of the process: it opens the same database, finds no broker, and is killed.
            let outbox = try Outbox(file: file)
            #expect(try outbox.counts().undelivered == run * 500)
            #expect(try Set(outbox.openIncidents().map(\.id)) == Set(open.map(\.id)))
            let publisher = fixtures.publisher(outbox, port: port)
            let task = Task { try await publisher.run() }
            for number in 0..<500 {
                let seconds = Double(run * 500 + number) / 2000 * 6 * 3600
                if number.isMultiple(of: 3), let incident = open.popLast() {
                    try fixtures.append(fixtures.closed(incident), to: outbox)
                } else {
                    var incident = fixtures.incident()
                    incident.confirmed = MediaTime(start.timeIntervalSince1970 + seconds)
                    open.append(incident)
                    try fixtures.append(incident, to: outbox)
                }
                if number.isMultiple(of: 100) { publisher.notify() }
            }
            await kill(publisher, task)
        }
        #expect(try await eventually { descriptors(to: folder.url.path) == 0 })
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        let outbox = try Outbox(file: file)
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let task = Task { try await publisher.run() }
        #expect(
            try await eventually(seconds: 120) { try outbox.counts().undelivered == 0 && screen.messages.count >= 2000 }
        )
        let events = screen.events
        #expect(events.compactMap { Int($0.sequence) } == Array(1...2000))
        #expect(Set(events.map(\.id)).count == 2000)
        let late = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
        let expected = Set(open.map(\.id.text))
        #expect(try await eventually { Set(late.events.map(\.subject)) == expected })
        #expect(late.events.count == expected.count)
        task.cancel()
        try await task.value
        await publisher.drain(within: Patience.seconds(5))
        for screen in [screen, late] { try await screen.close() }
    }

    @Test(.waiting(minutes: 2))
    func `kills in the middle of delivery lose nothing, and what comes twice has the same id`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        var written: [String] = []
        do {
            let outbox = try Outbox(file: file)
            for _ in 0..<400 { written.append(try fixtures.append(fixtures.incident(), to: outbox).id.text) }
        }
        for goal in [50, 150, 250] {
            let outbox = try Outbox(file: file)
            let publisher = fixtures.publisher(outbox, port: broker.port)
            let task = Task { try await publisher.run() }
            #expect(try await eventually { screen.messages.count >= goal })
            await kill(publisher, task)
        }
        let outbox = try Outbox(file: file)
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let task = Task { try await publisher.run() }
        #expect(try await eventually { try outbox.counts().undelivered == 0 })
        #expect(try await eventually { Set(screen.events.map(\.id)).count == 400 })
        let events = screen.events
        // A kill may cost a repetition of what was under way, 20 messages, not more.
        #expect(events.count <= 400 + 3 * 20)
        var seen: Set<String> = []
        let once = events.filter { seen.insert($0.id).inserted }
        #expect(once.map(\.id) == written)
        #expect(once.compactMap { Int($0.sequence) } == Array(1...400))
        #expect(Set(events.map { $0.id + $0.sequence }).count == 400)
        task.cancel()
        try await task.value
        await publisher.drain(within: Patience.seconds(5))
        try await screen.close()
    }

    @Test
    func `a disk that takes no receipts does not make a message go out again`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.alert))
        let outbox = try Outbox(file: file)
        for _ in 0..<5 { try fixtures.append(fixtures.incident(), to: outbox) }
        // What marks a message as delivered fails, as on a full disk.
        try await outbox.pool.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER full BEFORE UPDATE OF delivered_at ON messages
                    BEGIN SELECT RAISE(ABORT, 'disk full'); END
                    """)
        }
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let task = Task { try await publisher.run() }
        #expect(try await eventually { screen.events.count == 5 })
        for _ in 0..<5 {
            publisher.notify()
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(screen.events.count == 5)
        try await outbox.pool.write { try $0.execute(sql: "DROP TRIGGER full") }
        publisher.notify()
        #expect(try await eventually { try outbox.counts().undelivered == 0 })
        #expect(screen.events.count == 5)
        task.cancel()
        try await task.value
        await publisher.drain(within: Patience.seconds(5))
        try await screen.close()
    }

    @Test
    func `retained incidents of a lost database are emptied, those of another site are left`() async throws {
        let broker = try Broker()
        let centre = try await Subscriber(port: broker.port, filter: "nothing")
        let (lost, kept) = (fixtures.incident(), fixtures.incident())
        let foreign = fixtures.incident()
        var other = fixtures.envelope(foreign)
        other.site.id = "another-edge"
        for message in [
            try fixtures.envelope(lost).message(sequence: 1, topics: fixtures.topics),
            try other.message(sequence: 1, topics: fixtures.topics),
        ] {
            try await centre.client.publish(
                MQTTMessage(topic: message.openTopic, payload: message.payload, retain: true))
        }
        let strange = fixtures.topics.open(fixtures.camera.place, .illegalParking, incident: UUIDv7.make())
        try await centre.client.publish(MQTTMessage(topic: strange, text: "not ours", retain: true))
        let outbox = try Outbox(file: file)
        try fixtures.append(kept, to: outbox)
        let screen = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let task = Task { try await publisher.run() }
        #expect(
            try await eventually { screen.messages.contains { $0.topic.hasSuffix(lost.id.text) && $0.payload.isEmpty } }
        )
        #expect(try await eventually { try outbox.counts().undelivered == 0 })
        let late = try await Subscriber(port: broker.port, filter: fixtures.topics.filter(.open))
        #expect(try await eventually { late.messages.count >= 3 })
        #expect(Set(late.events.map(\.subject)) == [kept.id.text, foreign.id.text])
        #expect(late.messages.contains { $0.topic == strange })
        task.cancel()
        try await task.value
        await publisher.drain(within: Patience.seconds(5))
        for screen in [centre, screen, late] { try await screen.close() }
    }

    @Test
    func `states of cameras that are gone or stand elsewhere are emptied after a restart, once`()
        async throws
    {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        let elsewhere = try fixtures.elsewhere()
        var removed = fixtures.camera
        removed.id = "cam-09"
        var moved = fixtures.camera
        moved.place = elsewhere.camera.place
        let outbox = try Outbox(file: file)

        func run(_ cameras: [CameraIdentity]) async throws -> [MQTTMessage] {
            let before = screen.messages.count
            let publisher = fixtures.publisher(outbox, port: broker.port)
            await publisher.serve(cameras)
            let task = Task { try await publisher.run() }
            for camera in cameras {
                publisher.post(
                    CameraReport(camera: camera, site: fixtures.site, state: .online), at: camera.place)
            }
            // The farewell comes last.
            #expect(
                try await eventually { screen.messages.dropFirst(before).contains { $0.topic.contains("/site/") } })
            task.cancel()
            try await task.value
            await publisher.drain(within: Patience.seconds(5))
            #expect(
                try await eventually {
                    let last = screen.messages.dropFirst(before).last { $0.topic.contains("/site/") }
                    return last.map { String(decoding: $0.payload, as: UTF8.self).contains("offline") } == true
                })
            return Array(screen.messages.dropFirst(before))
        }
        func emptied(_ messages: [MQTTMessage]) -> [String] { messages.filter(\.payload.isEmpty).map(\.topic) }
        let topics = fixtures.topics
        #expect(emptied(try await run([fixtures.camera, removed])) == [])
        #expect(
            Set(emptied(try await run([moved]))) == [
                topics.camera(fixtures.camera.place, id: "cam-01"), topics.camera(removed.place, id: "cam-09"),
            ])
        #expect(emptied(try await run([moved])) == [])
        let late = try await Subscriber(port: broker.port, filter: "mg/v1/camera/#")
        #expect(try await eventually { !late.messages.isEmpty })
        #expect(late.messages.map(\.topic) == [topics.camera(moved.place, id: "cam-01")])
        for screen in [screen, late] { try await screen.close() }
    }

    @Test(arguments: MQTTSettings.Version.allCases)
    func `two consumers that share a subscription get each message once between them`(
        version: MQTTSettings.Version
    ) async throws {
        let broker = try Broker()
        let filter = "$share/orders/" + fixtures.topics.filter(.alert)
        let consumers = [
            try await Subscriber(port: broker.port, filter: filter, version: version),
            try await Subscriber(port: broker.port, filter: filter, version: version),
        ]
        let outbox = try Outbox(file: file)
        for _ in 0..<60 { try fixtures.append(fixtures.incident(), to: outbox) }
        let publisher = fixtures.publisher(outbox, port: broker.port)
        let task = Task { try await publisher.run() }
        #expect(try await eventually { consumers.reduce(0) { $0 + $1.messages.count } == 60 })
        #expect(consumers.allSatisfy { !$0.messages.isEmpty })
        #expect(Set(consumers.flatMap(\.events).compactMap { Int($0.sequence) }) == Set(1...60))
        task.cancel()
        try await task.value
        await publisher.drain(within: Patience.seconds(5))
        for consumer in consumers { try await consumer.close() }
    }

    @Test
    func `masked pictures follow their alert, and what is not masked or was changed stays`() async throws {
        let broker = try Broker()
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        let outbox = try Outbox(file: file, sendsPictures: true)
        let incident = fixtures.incident()
        var envelope = fixtures.envelope(incident)
        let picture = [UInt8]((0..<20_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
        envelope.evidence = try ["masked", "open", "changed", "gone"].map { name in
            let bytes = picture + Array(name.utf8)
            if name != "gone" { try Data(bytes).write(to: folder.file("\(name).jpg")) }
            return EvidenceReference(
                role: name, sha256: try SHA256.hex(bytes), bytes: bytes.count, masked: name != "open", taken: Date(),
                path: "\(name).jpg")
        }
        try Data("other".utf8).write(to: folder.file("changed.jpg"))
        try outbox.append(incident) { try envelope.with($0).message(sequence: $1, topics: fixtures.topics) }
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        let publisher = fixtures.publisher(outbox, port: broker.port, pictures: folder.url)
        let task = Task { try await publisher.run() }
        #expect(try await eventually { screen.messages.contains { $0.topic.contains("/evidence/") } })
        #expect(try await eventually { try outbox.nextPicture() == nil })
        let pictures = screen.messages.filter { $0.topic.contains("/evidence/") }
        #expect(pictures.map(\.payload) == [picture + Array("masked".utf8)])
        let topic = try #require(pictures.first?.topic)
        let hash = try SHA256.hex(picture + Array("masked".utf8))
        #expect(topic.hasSuffix("/parking.motor/\(incident.id.text)/\(hash)"))
        let order = screen.messages.map(\.topic)
        let alert = try #require(
            screen.messages.firstIndex { message in
                message.topic.contains("/alert/")
                    && (try? AlertEvent(json: Data(message.payload)))?.subject == incident.id.text
            })
        #expect(try #require(order.firstIndex(of: topic)) > alert)
        let dropped = try outbox.auditEntries().filter { $0.event == .evidenceDropped }.compactMap { $0.facts["file"] }
        // The alerts of the fixtures name a masked picture that is nowhere.
        #expect(Set(dropped) == ["changed.jpg", "gone.jpg", "2026-11-24/x/panorama-first.jpg"])
        task.cancel()
        try await task.value
        await publisher.drain(within: Patience.seconds(5))
        try await screen.close()
    }
}

extension IncidentEnvelope {
    fileprivate func with(_ incident: Incident) -> IncidentEnvelope {
        var envelope = self
        envelope.incident = incident
        return envelope
    }
}

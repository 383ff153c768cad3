import Analytics
import Domain
import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Store

/// A site with two cameras, as dialects know it, and the story of one incident.
struct DialectFixtures {
    let fixtures: Fixtures
    var site: DialectSite

    init() throws {
        fixtures = try Fixtures()
        let catalogue = try Catalogue.builtIn()
        func kind(_ name: String) throws -> DialectSite.Kind {
            let kind = AlertKind(rawValue: name)
            return DialectSite.Kind(kind, name: try #require(catalogue[kind]).name)
        }
        let other = CameraIdentity(id: "cam-02", name: "", place: fixtures.camera.place, timeZone: .gmt)
        site = DialectSite(
            site: fixtures.site, topics: AlertTopics(),
            cameras: [
                .init(
                    identity: fixtures.camera,
                    zones: [
                        .init(
                            id: "np1", name: "路口禁停区",
                            kinds: [try kind("parking.motor"), try kind("vending.occupy_road")])
                    ]),
                .init(identity: other, zones: [.init(id: "gate", name: "", kinds: [try kind("safety.smoke_fire")])]),
            ])
    }

    /// A message with ids and dates that are the same in every run.
    func event(_ state: Domain.Incident.State, _ revision: Int, incident: Int = 1, sequence: Int64) throws -> AlertEvent
    {
        let id = try #require(UUID(uuidString: String(format: "0192f0c1-7b10-7d02-8c1e-%012d", incident)))
        var value = Domain.Incident(
            id: id, kind: .illegalParking, camera: "cam-01", zone: "np1", revision: revision, state: state,
            firstSeen: MediaTime(1000), confirmed: MediaTime(1300.4),
            lastSeen: MediaTime(1300.4 + Double(revision) * 60), threshold: 300,
            object: .init(
                objectClass: .car, confidence: 0.78123, box: Box(x: 0.37, y: 0.42, width: 0.2, height: 0.18)),
            why: [.init(at: MediaTime(1300.4), what: "still for 300 s", score: 0.81)])
        if state == .closed { (value.closeReason, value.closed) = (.cleared, MediaTime(1500)) }
        if state == .withdrawn { (value.review, value.closed) = (.falsePositive, MediaTime(1500)) }
        var envelope = fixtures.envelope(value)
        if revision == 1 { envelope.evidence = [] }
        let message = try #require(
            UUID(uuidString: String(format: "0192f0c1-7c2e-7b1a-9a55-%012lld", sequence)))
        return try AlertEvent(
            json: Data(envelope.message(id: message, sequence: sequence, topics: AlertTopics()).payload))
    }

    /// Opened, seen again with a picture, closed.
    func story() throws -> [AlertEvent] {
        [
            try event(.opened, 1, sequence: 1), try event(.updated, 2, sequence: 2), try event(.closed, 3, sequence: 3),
        ]
    }
}

/// What each dialect says of the same story, byte by byte. With GRIDWARDEN_WRITE set, the golden files are written anew.
struct DialectGoldenTests {
    private static let isWriting = ProcessInfo.processInfo.environment["GRIDWARDEN_WRITE"] != nil
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")

    private func text(_ message: DialectMessage) throws -> String {
        let head = message.topic + (message.isRetained ? "  (retained)" : "")
        switch message.content {
        case .picture(let picture): return "\(head)\n\(picture.file) \(picture.sha256.prefix(8))\n"
        case .bytes(let bytes):
            let value = try JSONSerialization.jsonObject(with: Data(bytes))
            let pretty = try JSONSerialization.data(
                withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
            return "\(head)\n\(String(decoding: pretty, as: UTF8.self))\n"
        }
    }

    private func compare(_ dialect: any BrokerDialect, _ site: DialectSite, _ file: String) throws {
        var book = DialectBook()
        var parts = ["# what stands before anything has happened"]
        parts += try dialect.standing(site, book).map(text)
        for event in try DialectFixtures().story() {
            parts.append("# \(event.data.incident.state)")
            let taken = book.take(event)
            let change = try #require(taken)
            parts += try dialect.messages(change, site).map(text)
        }
        let made = parts.joined(separator: "\n")
        let file = Self.folder.appending(path: file)
        if Self.isWriting {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try made.write(to: file, atomically: true, encoding: .utf8)
        }
        let found = try String(contentsOf: file, encoding: .utf8)
        let change = made.split(separator: "\n").difference(from: found.split(separator: "\n"))
        #expect(change.isEmpty, "\(file.lastPathComponent): \(change)")
    }

    @Test(arguments: DialectSite.Language.allCases)
    func `Home Assistant gets the golden entities and states`(language: DialectSite.Language) throws {
        var site = try DialectFixtures().site
        site.language = language
        site.pictures = .init(folder: URL(filePath: "/evidence"), age: 86_400)
        try compare(HomeAssistantDiscovery(), site, "home-assistant.\(language.rawValue).txt")
    }

    @Test func `who takes ONVIF events gets the golden ones`() throws {
        let start = Date(timeIntervalSince1970: 1_795_480_000)
        try compare(ONVIFDialect(topicPrefix: "edge01", start: start), DialectFixtures().site, "onvif.txt")
    }

    @Test func `who takes Frigate's messages gets the golden ones`() throws {
        var site = try DialectFixtures().site
        site.language = .en
        site.pictures = .init(folder: URL(filePath: "/evidence"), age: 86_400)
        try compare(FrigateDialect(), site, "frigate.txt")
    }
}

/// What must hold of every dialect, whatever comes in whatever order.
struct DialectLawTests {
    private let fixtures: DialectFixtures

    init() throws { fixtures = try DialectFixtures() }

    private func json(_ message: DialectMessage) throws -> [String: Any] {
        guard case .bytes(let bytes) = message.content else { return [:] }
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private func text(_ map: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: map, options: .sortedKeys), as: UTF8.self)
    }

    /// What becomes of incidents at random: openings, updates, ends, words after the end, and messages that never come.
    private func story(_ random: inout SeededGenerator) throws -> [AlertEvent] {
        var events: [AlertEvent] = []
        var revisions: [Int: Int] = [:]
        var over: Set<Int> = []
        for sequence in 1...120 as ClosedRange<Int64> {
            let incident = Int.random(in: 1...8, using: &random)
            revisions[incident, default: 0] += 1
            let revision = revisions[incident] ?? 1
            var states: [Domain.Incident.State] = [.updated, .updated, .closed, .withdrawn]
            if revision == 1 { states = [.opened] }
            if over.contains(incident) { states = [.closed, .withdrawn] }
            let state = states.randomElement(using: &random) ?? .closed
            if state == .closed || state == .withdrawn { over.insert(incident) }
            let event = try fixtures.event(state, revision, incident: incident, sequence: sequence)
            if Int.random(in: 0..<10, using: &random) > 0 { events.append(event) }
        }
        return events
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `each incident begins once and ends once for Frigate, and before is what after was`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var book = DialectBook()
        var types: [String: [String]] = [:]
        var last: [String: String] = [:]
        for event in try story(&random) {
            guard let change = book.take(event) else { continue }
            let messages = FrigateDialect().messages(change, fixtures.site)
            let topics = messages.filter { !$0.isRetained }.map(\.topic)
            #expect(topics == ["frigate/events", "frigate/reviews"])
            let map = try json(messages[0])
            let after = try #require(map["after"] as? [String: Any])
            let before = try #require(map["before"] as? [String: Any])
            let id = try #require(after["id"] as? String)
            #expect(id == event.subject && before["id"] as? String == id)
            if let last = last[id] { #expect(try text(before) == last) }
            last[id] = try text(after)
            types[id, default: []].append(try #require(map["type"] as? String))
            #expect((after["end_time"] is NSNull) == event.data.incident.isOpen)
        }
        for (id, types) in types {
            #expect(types.count { $0 == "new" } == 1 && types.first == "new", "\(id): \(types)")
            #expect(types.count { $0 == "end" } <= 1 && !types.dropLast().contains("end"), "\(id): \(types)")
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a rule is on while an incident of it is open, and is counted once for each`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var book = DialectBook()
        var open: Set<String> = []
        var seen: Set<String> = []
        for event in try story(&random) {
            guard let change = book.take(event) else { continue }
            if event.data.incident.isOpen {
                open.insert(event.subject)
                if change.step == .opens { seen.insert(event.id) }
            } else {
                open.remove(event.subject)
            }
            let state = try json(HomeAssistantDiscovery().messages(change, fixtures.site)[0])
            #expect(state["open"] as? Int == open.count && state["opened"] as? Int == seen.count)
            #expect(Set(state["incidents"] as? [String] ?? []) == open)
            let property = try json(ONVIFDialect(topicPrefix: "p").messages(change, fixtures.site)[0])
            let data = try #require(property["Data"] as? [String: Any])
            #expect(data["IsInside"] as? Bool == !open.isEmpty)
            let objects = (data["ObjectId"] as? String)?.split(separator: " ").map(String.init) ?? []
            #expect(Set(objects) == open)
        }
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `the same message says the same bytes again, from what was written down too`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let dialects: [any BrokerDialect] = [
            HomeAssistantDiscovery(), ONVIFDialect(topicPrefix: "p"), FrigateDialect(),
        ]
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        try outbox.serve(sinks: ["dialect_x"], of: .dialects)
        var book = DialectBook()
        for event in try story(&random) {
            var again = DialectBook(try outbox.dialectState(sink: "dialect_x"))
            let (change, repeated) = (book.take(event), again.take(event))
            #expect(change == repeated)
            guard let change, let repeated else { continue }
            for dialect in dialects {
                #expect(try dialect.messages(change, fixtures.site) == dialect.messages(repeated, fixtures.site))
            }
            var progress = DialectProgress()
            progress.told.updateValue(change.step == .ends ? nil : WireJSON.bytes(event), forKey: event.subject)
            let rule = change.rule
            progress.totals = [
                DialectTotal(
                    camera: rule.rule.camera, zone: rule.rule.zone, kind: rule.rule.kind, opened: rule.opened,
                    changed: event.time)
            ]
            try outbox.settle(dialect: "dialect_x", progress)
        }
    }

    @Test func `ids and topics of different things differ, and hold what brokers and Home Assistant take`() throws {
        let catalogue = try Catalogue.builtIn()
        var site = fixtures.site
        site.pictures = .init(folder: URL(filePath: "/evidence"), age: 60)
        // Every kind there is, and names that meet where they are joined.
        let kinds = catalogue.kinds.map { DialectSite.Kind($0, name: LocalizedName(zh: "", en: "")) }
        for (camera, zone) in [("a", "b-c"), ("a-b", "c"), ("problem", "a"), ("connectivity", "picture")] {
            let identity = CameraIdentity(id: camera, name: "", place: fixtures.fixtures.camera.place, timeZone: .gmt)
            site.cameras.append(.init(identity: identity, zones: [.init(id: zone, name: "", kinds: kinds)]))
        }
        let dialects: [any BrokerDialect] = [
            HomeAssistantDiscovery(), ONVIFDialect(topicPrefix: "p"), FrigateDialect(),
        ]
        let standing = dialects.flatMap { $0.standing(site, DialectBook()) }
        #expect(Set(standing.map(\.topic)).count == standing.count)
        #expect(standing.allSatisfy { !$0.topic.contains(where: { "+#. ".contains($0) }) && $0.topic.utf8.count < 200 })
        var ids: Set<String> = []
        for message in standing where message.topic.hasSuffix("/config") {
            let entity = try json(message)
            let key = message.topic.split(separator: "/").dropFirst(2).dropLast()
            #expect(key.joined(separator: "").wholeMatch(of: /[a-zA-Z0-9_-]+/) != nil)
            let id = try #require(entity["unique_id"] as? String)
            #expect(ids.insert("\(message.topic.split(separator: "/")[1]) \(id)").inserted, "\(id)")
            let (object, standard) = (entity["object_id"] as? String, entity["default_entity_id"] as? String)
            #expect(standard == "\(message.topic.split(separator: "/")[1]).\(object ?? "")")
        }
        #expect(ids.count > 300)
    }

    @Test func `an incident that is told again after its end, or never began, says nothing`() throws {
        var book = DialectBook()
        #expect(book.take(try fixtures.event(.closed, 2, sequence: 1)) == nil)
        #expect(book.take(try fixtures.event(.updated, 3, sequence: 2))?.step == .opens)
        #expect(book.take(try fixtures.event(.withdrawn, 4, sequence: 3))?.step == .ends)
        #expect(book.take(try fixtures.event(.withdrawn, 5, sequence: 4)) == nil)
    }

    @Test func `a false alarm is one for Frigate, and pictures are said to be there only where they can be had`() throws
    {
        var book = DialectBook()
        _ = book.take(try fixtures.event(.opened, 1, sequence: 1))
        let change = try #require(book.take(try fixtures.event(.withdrawn, 2, sequence: 2)))
        let messages = FrigateDialect().messages(change, fixtures.site)
        let after = try #require(try json(messages[0])["after"] as? [String: Any])
        #expect(after["false_positive"] as? Bool == true)
        #expect(after["has_snapshot"] as? Bool == false && after["has_clip"] as? Bool == false)
        // Nothing leaves the box unless it may.
        let picture = try #require(messages.first { $0.isRetained })
        #expect(!FrigateDialect().keeps(picture.topic, fixtures.site))
        var site = fixtures.site
        site.pictures = .init(folder: URL(filePath: "/evidence"), age: 60)
        #expect(FrigateDialect().keeps(picture.topic, site))
        site.cameras.removeFirst()
        #expect(!FrigateDialect().keeps(picture.topic, site))
    }

    @Test func `an ONVIF event has its parts in the order of the specification`() throws {
        var book = DialectBook()
        let change = try #require(book.take(try fixtures.event(.opened, 1, sequence: 1)))
        let message = ONVIFDialect(topicPrefix: "edge01").messages(change, fixtures.site)[0]
        guard case .bytes(let bytes) = message.content else { return }
        #expect(
            message.topic == "edge01/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&cam-01/np1_parking_motor")
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.wholeMatch(of: /\{"UtcTime":"[-0-9T:.]+Z","Source":\{.*\},"Data":\{"IsInside":true,.*\}\}/) != nil)
    }
}

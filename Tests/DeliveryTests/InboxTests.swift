import Analytics
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Runtime
@testable import Store

/// Reviews and commands as the inbox takes them, without a broker.
@Suite(.waiting) struct InboxTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private static let now = Date(timeIntervalSince1970: 1_795_480_205)

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
    }

    private func inbox(
        _ policy: AccessPolicy = AccessPolicy(), outbox: Outbox? = nil, secrets: KnownSecrets = KnownSecrets(),
        settled: @escaping @Sendable (Incident) async -> Void = { _ in },
        snapshot: @escaping @Sendable (String) async -> Snapshot = { .unavailable(camera: $0) }
    ) -> Inbox {
        fixtures.inbox(
            outbox ?? self.outbox, policy: policy, secrets: secrets, now: { Self.now }, settled: settled,
            snapshot: snapshot)
    }

    private func review(_ incident: UUID, _ verdict: String, _ more: String = "") -> String {
        #"{"incident":"\#(incident.text)","verdict":"\#(verdict)","by":"worker-17"\#(more)}"#
    }

    private func command(_ id: String, _ command: String, _ more: String = "", ahead: Double = 60) -> String {
        let expires = RFC3339.string(from: Self.now.addingTimeInterval(ahead), in: fixtures.camera.timeZone)
        return #"{"id":"\#(id)","command":"\#(command)","expires":"\#(expires)"\#(more)}"#
    }

    /// The answers so far, each validated against the schema.
    private func replies() throws -> [Reply] {
        let documents = try outbox.replies(limit: 1000).map(\.payload)
        if !documents.isEmpty { #expect(try SchemaValidator(named: "reply").violations(in: documents) == []) }
        return try documents.map(Reply.init(json:))
    }

    private func newest() throws -> AlertEvent {
        let last = try outbox.counts().lastSequence
        return try AlertEvent(json: Data(#require(try outbox.messages(from: last, through: last).first).payload))
    }

    @Test(arguments: Verdict.allCases)
    func `a verdict changes the incident, is told and answered`(verdict: Verdict) async throws {
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let settled = Mutex<[UUID]>([])
        let inbox = inbox(settled: { incident in settled.withLock { $0.append(incident.id) } })
        let json = review(
            incident.id, verdict.rawValue, #","id":"r-1","note":"看过\n了","at":"2026-11-24T08:30:00+08:00""#)
        #expect(try SchemaValidator(named: "review").violations(in: [Data(json.utf8)]) == [])
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: json))

        let event = try newest()
        let state = ["confirmed": "updated", "handled": "closed"][verdict.rawValue] ?? "withdrawn"
        #expect(event.sequence.hasSuffix("2"))
        #expect(event.data.incident.state == state)
        #expect(event.type == "gridwarden.incident.\(state).v1")
        #expect(event.data.incident.revision == 2)
        #expect(event.data.incident.review == verdict.rawValue)
        #expect(event.data.incident.reason == (verdict == .confirmed ? nil : verdict.rawValue))
        #expect(event.data.why.last?.what == "reviewed: \(verdict.rawValue)")
        #expect(event.time == "2026-11-24T08:30:05.000+08:00")
        let payload = try outbox.messages(from: 2, through: 2).map { Data($0.payload) }
        #expect(try SchemaValidator.incident.violations(in: payload) == [])

        let reply = try #require(try replies().first)
        #expect(try replies().count == 1)
        #expect(reply.status == .done && reply.request == "r-1" && reply.state == state && reply.revision == 2)
        #expect(try outbox.openIncidents().map(\.id) == (verdict == .confirmed ? [incident.id] : []))
        let ended = verdict == .confirmed ? [] : [incident.id]
        #expect(settled.withLock { $0 } == ended)
        #expect(try outbox.suppressedIncidents(camera: "cam-01").map(\.id) == ended)
        let tally = try #require(try outbox.tallies().first)
        #expect(tally.camera == "cam-01" && tally.kind == .illegalParking)
        #expect([tally.right, tally.wrong, tally.open].reduce(0, +) == 1)
        #expect(tally.precision == verdict.isRight.map { $0 ? 1 : 0 })
        let entry = try #require(try outbox.auditEntries().last)
        #expect(entry.event == .reviewAccepted && entry.by == "worker-17")
        #expect(entry.facts["verdict"] == verdict.rawValue)
    }

    @Test func `a review that comes again changes nothing, with or without an id, and after others`() async throws {
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let first = review(incident.id, "confirmed", #","id":"r-1""#)
        let plain = review(incident.id, "handled")
        for json in [first, first, plain, plain, first, plain] {
            // Each time another process: what is known lies on the disk.
            let outbox = try Outbox(file: folder.file("outbox.sqlite"))
            await inbox(outbox: outbox).take(MQTTMessage(topic: fixtures.reviewTopic, text: json))
        }
        #expect(try outbox.counts().lastSequence == 3)
        #expect(try newest().data.incident.state == "closed")
        #expect(try newest().data.incident.reason == "handled")
        #expect(try replies().map { $0.repeated ?? false } == [false, true, false, true, true, true])
        #expect(try replies().allSatisfy { $0.status == .done })
        #expect(try outbox.tallies().map(\.right) == [1])
    }

    @Test func `a review of what is over is told, and a withdrawn incident stays withdrawn`() async throws {
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        try fixtures.append(fixtures.closed(incident), to: outbox)
        let inbox = inbox()
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "confirmed")))
        #expect(try newest().data.incident.state == "closed")
        #expect(try newest().data.incident.reason == "cleared")
        #expect(try newest().data.incident.review == "confirmed")
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "false_positive")))
        #expect(try newest().data.incident.state == "withdrawn")
        #expect(try newest().data.incident.revision == 4)
        // Its object had gone before: there is nothing to suppress.
        #expect(try outbox.suppressedIncidents(camera: "cam-01") == [])
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "confirmed")))
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "handled")))
        #expect(try replies().map(\.reason) == [nil, nil, nil, .withdrawn])
        #expect(try outbox.counts().lastSequence == 4)
        #expect(try outbox.tallies().map(\.wrong) == [1])
    }

    @Test func `a change that was under way keeps the verdict, and none reopens what a review has ended`() async throws
    {
        var incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let inbox = inbox()
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "confirmed")))
        // The book's copy knows nothing of revision 2.
        incident.state = .updated
        incident.revision = 2
        try fixtures.append(incident, to: outbox)
        #expect(try newest().data.incident.revision == 3)
        #expect(try newest().data.incident.review == "confirmed")
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "duplicate")))
        let late = fixtures.closed(incident)
        let message = try outbox.append(late) {
            try fixtures.envelope($0).message(sequence: $1, topics: fixtures.topics)
        }
        #expect(message == nil)
        #expect(try outbox.counts().lastSequence == 4)
        #expect(try newest().data.incident.state == "withdrawn")
    }

    /// What comes in, and why it is refused.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let isReview: Bool
        let json: String
        var retain = false
        let reason: Rejection.Reason
        /// A part of the text.
        let text: String

        var testDescription: String { name }
    }

    private static let incident = "0192f0c1-7b10-7d02-8c1e-5f8f0d1c2b3a"
    private static let by = #""by":"worker-17""#
    private static let ping = #""id":"c","command":"ping","expires":"2026-11-24T08:31:00+08:00""#
    static let refused: [Case] = [
        Case(
            name: "retained review", isReview: true,
            json: #"{"incident":"\#(incident)","verdict":"confirmed",\#(by)}"#, retain: true, reason: .retained,
            text: "without retain"),
        Case(
            name: "retained command", isReview: false, json: "{\(ping)}", retain: true, reason: .retained, text: "never"
        ),
        Case(
            name: "too large", isReview: true,
            json: #"{"incident":"\#(incident)","note":"\#(String(repeating: "a", count: 17_000))"}"#, reason: .tooLarge,
            text: "at most 16384"),
        Case(
            name: "nested", isReview: false, json: String(repeating: "[", count: 8000), reason: .malformed,
            text: "levels deep"),
        Case(name: "no JSON", isReview: true, json: "confirmed", reason: .malformed, text: "one JSON object"),
        Case(name: "a list", isReview: true, json: "[1]", reason: .malformed, text: "one JSON object"),
        Case(
            name: "more after the end", isReview: false, json: "{\(ping)} {}", reason: .malformed,
            text: "one JSON object"),
        Case(
            name: "a fraction", isReview: false, json: #"{\#(ping),"from":1.5}"#, reason: .malformed,
            text: "whole numbers"),
        Case(name: "a key twice", isReview: false, json: #"{\#(ping),"id":"d"}"#, reason: .malformed, text: "twice"),
        Case(
            name: "a key twice, escaped", isReview: false, json: #"{\#(ping),"i\u0064":"d"}"#, reason: .malformed,
            text: "twice"),
        Case(
            name: "unknown key", isReview: false, json: #"{\#(ping),"expire":"x"}"#, reason: .malformed,
            text: "no key \"expire\""),
        Case(
            name: "no incident", isReview: true, json: #"{"verdict":"confirmed",\#(by)}"#, reason: .malformed,
            text: "incident is missing"),
        Case(
            name: "no id of an incident", isReview: true, json: #"{"incident":"7","verdict":"confirmed",\#(by)}"#,
            reason: .malformed, text: "must be the id"),
        Case(
            name: "no verdict", isReview: true, json: #"{"incident":"\#(incident)","verdict":"maybe",\#(by)}"#,
            reason: .malformed, text: "confirmed, false_positive"),
        Case(
            name: "nobody", isReview: true, json: #"{"incident":"\#(incident)","verdict":"confirmed"}"#,
            reason: .malformed, text: "by is missing"),
        Case(
            name: "a name with a control character", isReview: true,
            json: #"{"incident":"\#(incident)","verdict":"confirmed","by":"a\u0000"}"#, reason: .malformed, text: "by"),
        Case(
            name: "no date", isReview: true,
            json: #"{"incident":"\#(incident)","verdict":"confirmed",\#(by),"at":"today"}"#, reason: .malformed,
            text: "2026-11-24T08"),
        Case(
            name: "expired review", isReview: true,
            json: #"{"incident":"\#(incident)","verdict":"confirmed",\#(by),"expires":"2026-11-24T08:30:00+08:00"}"#,
            reason: .expired, text: "before it came"),
        Case(
            name: "unknown incident", isReview: true,
            json: #"{"incident":"\#(incident)","verdict":"confirmed",\#(by)}"#,
            reason: .unknownIncident, text: "no such incident"),
        Case(
            name: "no expiry", isReview: false, json: #"{"id":"c","command":"ping"}"#, reason: .malformed,
            text: "expires is missing"),
        Case(
            name: "expired command", isReview: false,
            json: #"{"id":"c","command":"ping","expires":"2026-11-24T08:30:05.119+08:00"}"#.replacing(
                "05.119", with: "04.999"),
            reason: .expired, text: "before it came"),
        Case(
            name: "expiry too far ahead", isReview: false,
            json: #"{"id":"c","command":"ping","expires":"2026-11-26T08:30:05+08:00"}"#, reason: .malformed,
            text: "86400 s ahead"),
        Case(
            name: "unknown command", isReview: false, json: "{\(ping.replacing("ping", with: "reboot"))}",
            reason: .unknownCommand, text: "no command \"reboot\""),
        Case(
            name: "replay without an end", isReview: false,
            json: #"{\#(ping.replacing("ping", with: "replay")),"from":1}"#, reason: .malformed, text: "to is missing"),
        Case(
            name: "replay backwards", isReview: false,
            json: #"{\#(ping.replacing("ping", with: "replay")),"from":2,"to":1}"#, reason: .malformed,
            text: "not be after"),
        Case(
            name: "replay of everything", isReview: false,
            json: #"{\#(ping.replacing("ping", with: "replay")),"from":1,"to":9223372036854775807}"#,
            reason: .malformed, text: "at most 10000"),
        Case(
            name: "replay of nothing", isReview: false,
            json: #"{\#(ping.replacing("ping", with: "replay")),"from":"-1","to":2}"#, reason: .malformed,
            text: "a sequence such as"),
        Case(
            name: "snapshot of nothing", isReview: false, json: "{\(ping.replacing("ping", with: "snapshot"))}",
            reason: .malformed, text: "camera is missing"),
    ]

    @Test(arguments: refused)
    func `what cannot be honoured is refused with a reason, changes nothing, and is in the audit log`(
        test: Case
    ) async throws {
        try fixtures.append(fixtures.incident(), to: outbox)
        let topic = test.isReview ? fixtures.reviewTopic : fixtures.commandTopic
        await inbox().take(MQTTMessage(topic: topic, payload: Array(test.json.utf8), retain: test.retain))
        let reply = try #require(try replies().first)
        #expect(reply.status == .refused && reply.reason == test.reason, "\(reply)")
        #expect(reply.class == (test.isReview ? .review : .command))
        #expect(reply.text?.contains(test.text) == true, "\(reply.text ?? "")")
        #expect(try outbox.counts().lastSequence == 1)
        #expect(try outbox.tallies() == [])
        let entry = try #require(try outbox.auditEntries().first)
        #expect(entry.event == (test.isReview ? .reviewRefused : .commandRefused))
        #expect(entry.facts["reason"] == test.reason.rawValue)
        #expect(
            try outbox.replies(limit: 1).first?.topic
                == topic.replacing("/\(test.isReview ? "review" : "command")/", with: "/reply/"))
    }

    @Test func `the schemas refuse what the inbox calls malformed`() throws {
        // JSON in which a key is given twice is beyond a schema, and so is a date too far ahead.
        let beyond = ["twice", "ahead", "levels", "not be after", "at most 10000", "control character"]
        for isReview in [true, false] {
            let cases = Self.refused.filter { test in
                test.isReview == isReview && test.reason == .malformed && !beyond.contains { test.text.contains($0) }
                    && !test.name.contains("control character")
                    && (try? JSONSerialization.jsonObject(with: Data(test.json.utf8))) != nil
            }
            #expect(cases.count >= 5)
            let schema = SchemaValidator(named: isReview ? "review" : "command")
            let violations = try schema.violations(in: cases.map { Data($0.json.utf8) })
            for (number, test) in cases.enumerated() {
                #expect(violations.contains { $0.hasPrefix("\(number): ") }, "\(test.name)")
            }
        }
        let reply =
            #"{"id":"0192f0c1-7c2e-7b1a-9a55-3a0f6f5d9d11","site":"s","at":"2026-11-24T08:30:06.001Z","class":"command""#
        let wrong = [
            reply + #","status":"refused"}"#, reply + #","status":"done","reason":"expired"}"#, reply + "}",
            reply + #","status":"refused","reason":"bad day","text":"t"}"#,
        ]
        let violations = try SchemaValidator(named: "reply").violations(in: wrong.map { Data($0.utf8) })
        #expect(Set(violations.map { $0.prefix(1) }) == ["0", "1", "2", "3"])
    }

    @Test func `bytes that are no text are refused, and zero bytes are nothing`() async throws {
        let inbox = inbox()
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, payload: [0xff, 0xfe, 0x00]))
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, payload: []))
        await inbox.take(MQTTMessage(topic: "mg/v1/review/elsewhere", text: "{}"))
        #expect(try replies().map(\.reason) == [.malformed])
    }

    @Test func `only those on the list may ask, and only in their area`() async throws {
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let json = review(incident.id, "confirmed")
        let ping = command("c", "ping", #","by":"centre""#)
        func ask(_ policy: AccessPolicy) async throws -> [Rejection.Reason?] {
            let before = try replies().count
            let inbox = inbox(policy)
            await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: json))
            await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: ping))
            return try replies().dropFirst(before).map(\.reason)
        }
        let stranger = AccessPolicy.Party(by: "worker-18")
        #expect(
            try await ask(AccessPolicy(reviewers: [stranger], commanders: [stranger])) == [
                .unauthorised, .unauthorised,
            ])
        let elsewhere = try ["worker-17", "centre"].map { AccessPolicy.Party(by: $0, area: try AreaCode("320584")) }
        #expect(
            try await ask(AccessPolicy(reviewers: elsewhere, commanders: elsewhere)) == [.unauthorised, .unauthorised])
        let here = try ["worker-17", "centre"].map { AccessPolicy.Party(by: $0, area: try AreaCode("320583")) }
        #expect(try await ask(AccessPolicy(reviewers: here, commanders: here)) == [nil, nil])
        await inbox(AccessPolicy(commanders: here)).take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("d", "ping")))
        #expect(try replies().last?.reason == .unauthorised)
    }

    @Test func `a list that is changed while it runs holds from the next request on`() async throws {
        let inbox = inbox(AccessPolicy(commanders: [.init(by: "somebody")]))
        await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: command("a", "ping", #","by":"centre""#)))
        await inbox.adopt(AccessPolicy(commanders: [.init(by: "centre")]))
        await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: command("b", "ping", #","by":"centre""#)))
        #expect(try replies().map(\.reason) == [.unauthorised, nil])
    }

    @Test func `a review must come on the topic of the incident's area`() async throws {
        var other = fixtures.camera
        other.place = GridLocation(area: try AreaCode("320583102202"))
        let incident = fixtures.incident()
        var envelope = fixtures.envelope(incident)
        envelope.camera = other
        try outbox.append(incident) { _, sequence in try envelope.message(sequence: sequence, topics: fixtures.topics) }
        await inbox().take(MQTTMessage(topic: fixtures.reviewTopic, text: review(incident.id, "confirmed")))
        #expect(try replies().map(\.reason) == [.unauthorised])
    }

    @Test func `a command is answered once, across restarts too, and its id serves no other`() async throws {
        let ping = command("c-1", "ping")
        #expect(try SchemaValidator(named: "command").violations(in: [Data(ping.utf8)]) == [])
        for _ in 0..<3 {
            let outbox = try Outbox(file: folder.file("outbox.sqlite"))
            await inbox(outbox: outbox).take(MQTTMessage(topic: fixtures.commandTopic, text: ping))
        }
        #expect(try replies().count == 1)
        let expired = command("c-2", "ping", ahead: -1)
        for _ in 0..<3 { await inbox().take(MQTTMessage(topic: fixtures.commandTopic, text: expired)) }
        #expect(try replies().count == 2)
        await inbox().take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-1", "snapshot", #","camera":"cam-01""#)))
        let replies = try replies()
        #expect(replies.map(\.reason) == [nil, .expired, .idReused])
        #expect(replies[0].command == "ping" && replies[0].lastSequence == 0 && replies[0].software == "0.1.0")
        #expect(Set(replies.map(\.id)).count == 3)
    }

    @Test func `a snapshot is handed over, and refused where the site takes none`() async throws {
        let taken = Snapshot.taken(sha256: String(repeating: "a", count: 64), file: "x.jpg")
        let inbox = inbox(snapshot: { $0 == "cam-01" ? taken : .refused(Rejection(.unknownCamera, "no camera \($0)")) })
        await inbox.take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-1", "snapshot", #","camera":"cam-01""#)))
        #expect(try await eventually { try outbox.replies(limit: 10).count == 1 })
        await inbox.take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-2", "snapshot", #","camera":"cam-09""#)))
        #expect(try await eventually { try outbox.replies(limit: 10).count == 2 })
        await self.inbox().take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-3", "snapshot", #","camera":"cam-01""#)))
        #expect(try await eventually { try outbox.replies(limit: 10).count == 3 })
        let replies = try replies()
        #expect(replies.map(\.reason) == [nil, .unknownCamera, .unavailable])
        #expect(replies[0].file == "x.jpg" && replies[0].camera == "cam-01")
    }

    @Test func `an answer and the audit log repeat no password, whatever carries it`() async throws {
        let secrets = KnownSecrets()
        secrets.learn("geheim-7788")
        let inbox = inbox(
            secrets: secrets, snapshot: { _ in .refused(Rejection(.unavailable, "rtsp://a:geheim-7788@h is offline")) })
        await inbox.take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-1", "snapshot", #","camera":"cam-01""#)))
        #expect(try await eventually { try replies().count == 1 })
        #expect(try replies().first?.text == "rtsp://a:***@h is offline")
        // What is refused at once goes another way.
        await inbox.take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-2", "geheim-7788")))
        #expect(try await eventually { try replies().count == 2 })
        let told = try replies().compactMap(\.text) + outbox.auditEntries().flatMap(\.facts.values)
        #expect(told.count > 4 && !told.contains { $0.contains("geheim-7788") }, "\(told)")
    }

    @Test func `a snapshot that a kill cut short is answered by the next run`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let inbox = inbox(snapshot: {
            for await _ in gate { break }
            return .unavailable(camera: $0)
        })
        let json = command("c-1", "snapshot", #","camera":"cam-01""#)
        await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: json))
        await inbox.take(
            MQTTMessage(topic: fixtures.commandTopic, text: command("c-2", "snapshot", #","camera":"cam-01""#)))
        #expect(try replies().map(\.reason) == [.busy])
        let next = try Outbox(file: folder.file("outbox.sqlite"))
        let second = self.inbox(outbox: next)
        await second.recover()
        await second.recover()
        await second.take(MQTTMessage(topic: fixtures.commandTopic, text: json))
        #expect(try replies().map(\.reason) == [.busy, .unavailable])
        #expect(try replies().last?.request == "c-1")
        open.finish()
    }

    @Test func `a replay of another epoch is refused, and one of this or of none is not`() async throws {
        let inbox = inbox()
        try fixtures.append(fixtures.incident(), to: outbox)
        let span = #","from":1,"to":1"#
        for (id, epoch) in [("c-1", #","epoch":"of yore""#), ("c-2", #","epoch":"\#(outbox.epoch)""#), ("c-3", "")] {
            await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: command(id, "replay", span + epoch)))
        }
        await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: command("c-4", "ping")))
        #expect(try replies().map(\.reason) == [.otherEpoch, nil, nil, nil])
        #expect(try replies().dropFirst().map(\.epoch) == [outbox.epoch, outbox.epoch, outbox.epoch])
    }

    @Test func `a flood does not fill the disk, and a flood of reviews keeps no command out`() async throws {
        let inbox = inbox()
        for number in 0..<1100 {
            await inbox.take(
                MQTTMessage(topic: fixtures.reviewTopic, text: review(UUID(), "confirmed", #","id":"\#(number)""#)))
        }
        // And one that says why there are no more.
        #expect(try outbox.auditEntries().count { $0.event == .reviewRefused } == 501)
        for number in 0..<1100 {
            let text = number < 600 ? "x" : command("c-\(number)", "ping")
            await inbox.take(MQTTMessage(topic: fixtures.commandTopic, text: text))
        }
        let events = try outbox.auditEntries(limit: 2000).map(\.event)
        #expect(events.count { $0 == .commandRefused } == 501)
        #expect(events.count { $0 == .commandAccepted } == 400)
        #expect(try outbox.replies(limit: 2000).count == 1000)
    }

    @Test func `a flood by one leaves others their share, and is counted by its reasons`() async throws {
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let inbox = inbox()
        for number in 0..<1200 {
            await inbox.take(
                MQTTMessage(topic: fixtures.reviewTopic, text: review(UUID(), "confirmed", #","id":"\#(number)""#)))
        }
        let other = review(incident.id, "handled", #","id":"r-1""#).replacing("worker-17", with: "worker-18")
        await inbox.take(MQTTMessage(topic: fixtures.reviewTopic, text: other))
        #expect(try newest().data.incident.reason == "handled")
        #expect(inbox.refusals == ["review": ["unknown_incident": 1000, "too_many": 200]])
        let answers = try replies().filter { $0.reason == .tooMany }
        #expect(answers.count == 1 && answers[0].request == "1000")
    }

    @Test func `random bytes never crash the inbox`() async throws {
        var generator = SeededGenerator(seed: 7)
        let sample = Array(
            #"{"id":"c","command":"replay","from":1,"to":"2","expires":"2026-11-24T08:31:00+08:00"}"#.utf8)
        let inbox = inbox()
        for _ in 0..<400 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(#"{}[]":\,"#.utf8.randomElement(using: &generator) ?? 0, at: index)
                }
            }
            await inbox.take(MQTTMessage(topic: fixtures.commandTopic, payload: bytes))
        }
        #expect(try outbox.verifyAudit() > 300)
    }
}

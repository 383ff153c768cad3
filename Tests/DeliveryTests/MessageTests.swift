import Domain
import Foundation
import TestSupport
import Testing

@testable import Contract

@Suite(.waiting) struct MessageTests {
    private let fixtures: Fixtures

    init() throws { fixtures = try Fixtures() }

    private func message(_ incident: Incident, sequence: Int64 = 1042) throws -> AlertMessage {
        try fixtures.envelope(incident).message(sequence: sequence, topics: fixtures.topics)
    }

    @Test func `every state follows the schema`() throws {
        var updated = fixtures.incident()
        updated.state = .updated
        updated.revision = 2
        var withdrawn = fixtures.closed(fixtures.incident())
        withdrawn.state = .withdrawn
        withdrawn.closeReason = nil
        let incidents = [
            fixtures.incident(), fixtures.incident(reasons: 0), updated, fixtures.closed(updated), withdrawn,
        ]
        let documents = try incidents.map { Data(try message($0).payload) }
        #expect(try SchemaValidator.incident.violations(in: documents) == [])
    }

    @Test func `the schema finds what is wrong`() throws {
        let json = String(decoding: try message(fixtures.incident()).payload, as: UTF8.self)
        let wrong = [
            json.replacing("\"sequence\":\"", with: "\"sequence\":\"x"),
            json.replacing("\"severity\":3", with: "\"severity\":0"),
            json.replacing("\"gb28181\":null,", with: ""),
        ]
        let violations = try SchemaValidator.incident.violations(in: wrong.map { Data($0.utf8) })
        #expect(violations.map { $0.prefix(1) } == ["0", "1", "2"])
    }

    @Test func `a message says what the contract's example says`() throws {
        let incident = fixtures.incident()
        let event = try AlertEvent(json: Data(try message(incident).payload))
        #expect(event.type == "gridwarden.incident.opened.v1")
        #expect(event.source == "/sites/320583102-003-edge01")
        #expect(event.subject == incident.id.uuidString.lowercased())
        #expect(event.sequence == "00000000000000001042")
        #expect(event.time == "2026-11-24T08:48:20.400+08:00")
        #expect(event.data.observed.dwellSeconds == 300.4)
        #expect(event.data.codes.map(\.code) == ["09009", "0409"])
        #expect(event.data.department.role == "traffic-police")
        #expect(event.data.suggestedLimit == "2 working hours")
        #expect(event.data.object.confidence == 0.781)
        #expect(event.data.evidence.map(\.file) == ["2026-11-24/x/panorama-first.jpg"])
    }

    @Test func `a reader skips keys that it does not know, and does without those that are null`() throws {
        let json = String(decoding: try message(fixtures.incident()).payload, as: UTF8.self)
        let newer = json.replacing("\"gb28181\":null,", with: "\"novelty\":{\"a\":[1]},")
        let event = try AlertEvent(json: Data(newer.utf8))
        #expect(event.data.camera.gb28181 == nil)
        #expect(event.data.camera.longitude == 120.95)
    }

    @Test func `a missing value that the contract names is null`() throws {
        let json = String(decoding: try message(fixtures.incident()).payload, as: UTF8.self)
        #expect(json.contains("\"gb28181\":null"))
        #expect(json.contains("\"id\":null"))
        #expect(!json.contains("\\/"))
    }

    @Test func `the oldest reasons go when the message grows too long`() throws {
        let event = try AlertEvent(json: Data(try message(fixtures.incident(reasons: 200)).payload))
        let payload = try message(fixtures.incident(reasons: 200)).payload
        #expect(payload.count <= 8192)
        #expect(payload.count > 8000)
        #expect(event.data.why.last?.what == "reason 199")
        #expect(event.data.why.count < 200)
        let first = try #require(event.data.why.first)
        #expect(first.what == "reason \(200 - event.data.why.count)")
    }

    @Test func `a name that fills the message is refused by its cause`() throws {
        var envelope = fixtures.envelope(fixtures.incident())
        envelope.camera.name = String(repeating: "长", count: 4000)
        let error = #expect(throws: MessageTooLong.self) {
            try envelope.message(sequence: 1, topics: fixtures.topics)
        }
        #expect(error?.description.contains("shorten the names") == true)
    }

    @Test func `dates keep their milliseconds and the offset of the place`() throws {
        let shanghai = fixtures.camera.timeZone
        for milliseconds in 0..<1000 {
            let date = Date(timeIntervalSince1970: 1_795_480_205 + Double(milliseconds) / 1000)
            let text = RFC3339.string(from: date, in: shanghai)
            #expect(text == "2026-11-24T08:30:05.\(String(format: "%03d", milliseconds))+08:00")
            let back = try #require(RFC3339.date(from: text))
            #expect(abs(back.timeIntervalSince(date)) < 0.001)
        }
        #expect(RFC3339.date(from: "yesterday") == nil)
    }
}

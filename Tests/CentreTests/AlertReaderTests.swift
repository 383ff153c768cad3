import Domain
import Foundation
import TestSupport
import Testing

@testable import Centre
@testable import Contract

@Suite struct AlertReaderTests {
    private func payloads() throws -> [[UInt8]] {
        let street = try Street()
        let incident = street.incident(at: 1_795_485_600.12)
        let all = [
            incident, incident.updated(at: 1_795_485_700), incident.cleared(at: 1_795_485_800),
            incident.judged(.confirmed), incident.judged(.falsePositive), incident.judged(.handled),
            street.incident("vending.occupy_road", at: 1_795_485_600),
        ]
        return try all.enumerated().map { try street.message($0.element, Int64($0.offset) + 1, pictures: 2).payload }
    }

    @Test func `the product's own messages are read as a subscriber reads them`() throws {
        for payload in try payloads() {
            let record = try AlertReader.read(payload)
            let event = try AlertEvent(json: Data(payload))
            #expect(record.id == event.id && record.incident == event.subject && record.epoch == event.epoch)
            #expect(
                "/sites/\(record.site)" == event.source && String(format: "%020lld", record.sequence) == event.sequence)
            #expect(record.kind == event.data.kind && record.severity == event.data.severity)
            #expect(record.state.rawValue == event.data.incident.state && record.reason == event.data.incident.reason)
            #expect(record.review == event.data.incident.review)
            #expect(record.revision == Int64(event.data.incident.revision))
            #expect(record.area == event.data.area.code && record.grid == event.data.area.grid)
            #expect(record.camera == event.data.camera.id && record.cameraName == event.data.camera.name)
            #expect(record.longitude == event.data.camera.longitude && record.latitude == event.data.camera.latitude)
            #expect(record.zone == event.data.zone.id && record.department == event.data.department.role)
            #expect(record.code == event.data.codes.first?.code && record.codeSystem == event.data.codes.first?.system)
            #expect(record.dwell == event.data.observed.dwellSeconds)
            for (seconds, text) in [
                (record.time, event.time), (record.firstSeen, event.data.observed.firstSeen),
                (record.confirmed, event.data.observed.confirmed), (record.lastSeen, event.data.observed.lastSeen),
            ] {
                let date = try #require(RFC3339.date(from: text))
                #expect(abs(seconds - date.timeIntervalSince1970) < 0.0006, "\(text)")
            }
            #expect(record.pictures.map(\.sha256) == event.data.evidence.map(\.sha256))
            #expect(record.pictures.map(\.file) == event.data.evidence.map(\.file))
        }
    }

    @Test(.waiting) func `whatever is read is right by the schema`() throws {
        var random = SeededGenerator(seed: 20_261_127)
        let samples = try payloads()
        let words = [
            "null", "true", "0", "-1", "1.5", "1e400", "\"\"", "{}", "[]", "\"x\"", "\"\\u00e9\"", "[1,2,3,4]",
        ]
        var taken: [Data] = []
        for _ in 0..<4000 {
            var text = String(decoding: samples[Int.random(in: 0..<samples.count, using: &random)], as: UTF8.self)
            for _ in 0..<Int.random(in: 1...2, using: &random) { text = Self.changed(text, words, &random) }
            guard (try? AlertReader.read(Array(text.utf8))) != nil else { continue }
            taken.append(Data(text.replacing("\n", with: " ").utf8))
        }
        #expect(taken.count > 200)
        #expect(try SchemaValidator.incident.violations(in: taken) == [])
    }

    /// With one value in place of another one, a key gone, or a few bytes less.
    private static func changed(_ text: String, _ words: [String], _ random: inout SeededGenerator) -> String {
        let values = text.matches(of: /:("[^"]*"|-?[0-9.]+|null|true|false)/)
        let keys = text.matches(of: /"[a-z_0-9]+":("[^"]*"|-?[0-9.]+|null|true|false),/)
        guard let value = values.randomElement(using: &random), let key = keys.randomElement(using: &random) else {
            return text
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return text.replacingCharacters(in: key.range, with: "")
        case 1:
            let other = values.randomElement(using: &random).map { String(text[$0.range]) } ?? ":1"
            return text.replacingCharacters(in: value.range, with: other)
        case 2: return text.replacingCharacters(in: key.range, with: "\"more\":[{\"a\":1}],")
        case 3:
            let start = text.index(text.startIndex, offsetBy: Int.random(in: 0..<text.count, using: &random))
            return String(text[..<start]) + text[start...].dropFirst(Int.random(in: 1...3, using: &random))
        default:
            return text.replacingCharacters(in: value.range, with: ":" + (words.randomElement(using: &random) ?? "1"))
        }
    }

    @Test func `what is no message is refused with its reason`() throws {
        let text = String(decoding: try payloads()[0], as: UTF8.self)
        func reason(_ change: (String) -> String) -> String {
            do {
                _ = try AlertReader.read(Array(change(text).utf8))
                return ""
            } catch { return error.description }
        }
        #expect(reason { $0 } == "")
        #expect(reason { _ in "" } == "it ends in the middle")
        #expect(reason { $0 + "x" }.contains("after the JSON object"))
        #expect(reason { $0.replacing("\"kind\":\"parking.motor\"", with: "\"kind\":\"Parking\"") }.contains("kind"))
        #expect(reason { $0.replacing("\"severity\":3", with: "\"severity\":6") }.contains("severity"))
        #expect(reason { $0.replacing("\"severity\":3,", with: "") } == "severity is missing")
        #expect(
            reason { $0.replacing("\"severity\":3,", with: "\"severity\":3,\"severity\":3,") }
                == "severity stands twice")
        #expect(reason { $0.replacing("opened.v1", with: "closed.v1") }.contains("type"))
        #expect(reason { $0.replacing("2026-", with: "2026-99-") }.contains("date"))
        #expect(reason { $0.replacing("/sites/", with: "/sites/a/") }.contains("source"))
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(reason { $0.replacing("{\"data\"", with: "{\"x\":\(deep),\"data\"") }.contains("nested"))
        #expect((try? AlertReader.read(Array(text.utf8.dropLast(3)) + [0xFF, 0xFE])) == nil)
    }

    @Test func `a topic is taken apart, and its levels lie in each other`() throws {
        let street = try Street()
        let topic = street.topics.alert(street.camera.place, AlertKind(rawValue: "parking.motor"))
        let path = try #require(TopicPath(topic, root: "mg/v1"))
        #expect(path.channel == .alert && path.area == "320583102201" && path.grid == "003" && path.microgrid == "02")
        #expect(path.place == "32/3205/320583/320583102/320583102201/003/02" && path.kind == "parking.motor")
        for wrong in [
            "mg/v2/alert/32/3205/320583/320583102/320583102201/003/02/parking.motor",
            "mg/v1/alert/33/3205/320583/320583102/320583102201/003/02/parking.motor",
            "mg/v1/alert/32/3205/320583/320583102/3205831022/003/02/parking.motor", "mg/v1/alert", "mg/v1/",
            "mg/v1/other/32/3205/320583/320583102/320583102201/003/02/parking.motor",
        ] { #expect(TopicPath(wrong, root: "mg/v1") == nil, "\(wrong)") }
    }
}

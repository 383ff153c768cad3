import Analytics
import Contract
import Domain
import Foundation
import TestSupport
import Testing

/// The check finds what it is there for: each fault is planted into a faultless record.
struct ChaosCheckTests {
    private static let looks = 400
    /// A look is a second of this clock.
    private let begin = Date(timeIntervalSince1970: 1_795_480_000)

    /// What a subscriber of a faultless site receives.
    private func record() throws -> [(event: AlertEvent, at: Date)] {
        let place = GridLocation(area: try AreaCode("320583102201"))
        let site = SiteIdentity(
            id: "chaos", place: place, software: "", configurationSHA256: "", catalogue: "",
            model: .init(name: "", version: "", sha256: ""))
        let camera = CameraIdentity(id: "cam-01", name: "", place: place, timeZone: .gmt)
        let entry = try #require(try Catalogue.builtIn()[.illegalParking])
        var scene = ScriptedScene(seed: 3)
        var seen: Set<ScriptedScene.Vehicle> = []
        var book = IncidentBook(camera: "cam-01") { _ in UUIDv7.make() }
        var record: [(event: AlertEvent, at: Date)] = []
        for look in 1...Self.looks {
            for incident in book.advance(scene.findings(at: look, seen: &seen), at: MediaTime(Double(look))) {
                let zone = ZoneIdentity(id: incident.zone, name: "", surface: .carriageway)
                let message = try IncidentEnvelope(
                    incident: incident, site: site, camera: camera, zone: zone, entry: entry
                ) { Date(timeIntervalSince1970: $0.seconds) }.message(
                    sequence: Int64(record.count + 1), topics: AlertTopics())
                record.append(
                    (try AlertEvent(json: Data(message.payload)), begin.addingTimeInterval(Double(look) + 0.1)))
            }
        }
        return record
    }

    private func check(_ record: [(event: AlertEvent, at: Date)], sequence: Int? = nil) -> ChaosCheck {
        ChaosCheck(
            record, scene: ScriptedScene(seed: 3), through: Self.looks, sequence: sequence ?? record.count,
            begun: { begin.addingTimeInterval(Double($0)) }, longestWait: 10)
    }

    @Test func `a faultless record is clean, also with repetitions`() throws {
        let record = try record()
        let check = check(record)
        #expect(check.isClean, "\(check)")
        #expect(check.incidents > 20)
        // From the look that showed it, not from when it was written: an update may be of the look before.
        #expect(check.waits.count == record.count && check.waits.allSatisfy { $0 > 0 && $0 < 2 })
        let repeated = self.check(record + record.suffix(5), sequence: record.count)
        #expect(repeated.isClean && repeated.repeated == 5)
    }

    @Test func `a message that never came is a gap, an incident that never came is lost`() throws {
        let record = try record()
        let closing = try #require(record.firstIndex { $0.event.data.incident.state == "closed" })
        var faulty = record
        let removed = faulty.remove(at: closing)
        let check = check(faulty, sequence: record.count)
        #expect(check.gaps == [Int(removed.event.sequence)])
        #expect(check.lost.count == 1)
        // The last one too.
        #expect(self.check(record.dropLast(), sequence: record.count).gaps == [record.count])
    }

    @Test func `a vehicle under two incidents was opened twice`() throws {
        var record = try record()
        let index = try #require(record.firstIndex { $0.event.data.incident.state == "updated" })
        record[index].event.subject = UUID().uuidString.lowercased()
        record[index].event.data.incident.state = "opened"
        #expect(check(record).openedTwice.count == 1)
    }

    @Test func `a sequence that is given twice, and an order that is not kept`() throws {
        var record = try record()
        record.swapAt(4, 5)
        #expect(check(record).disorder.count == 1)
        record.swapAt(4, 5)
        record[7].event.sequence = record[6].event.sequence
        #expect(check(record).twice.count == 1)
    }

    @Test func `a message that comes late, and a dwell that jumps`() throws {
        var record = try record()
        record[3].at += 11
        #expect(check(record).late == [record[3].event.sequence])
        record[3].at -= 11
        let index = try #require(record.firstIndex { $0.event.data.incident.state == "closed" })
        record[index].event.data.observed.dwellSeconds += 3600
        #expect(check(record).strange.count == 1)
    }
}

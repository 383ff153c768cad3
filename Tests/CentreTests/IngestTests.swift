import Domain
import Foundation
import Hashing
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Contract
@testable import MQTT

@Suite(.waiting(minutes: 5)) struct IngestTests {
    @Test(arguments: StoreKind.here)
    func `a message is stored once, however often and by whichever topic it comes`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incident = street.incident(at: room.time.now)
        let (alert, open) = (try street.alert(incident, 1), try street.open(incident, 1))
        // Word for word the same.
        let message = MQTTMessage(topic: alert.topic, payload: open.payload)
        room.take(message, message, MQTTMessage(topic: open.topic, payload: open.payload, retain: true))
        room.take(message)
        try room.restart()
        room.take(message)
        #expect(try room.count("message") == 1 && room.count("casefile") == 1 && room.count("incident") == 1)
        #expect(room.figures.stored == 1 && room.figures.repeated == 4)
    }

    @Test(arguments: StoreKind.here)
    func `a later revision counts, and an earlier one that comes late changes nothing`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incident = street.incident(at: room.time.now)
        let (later, end) = (
            incident.updated(at: room.time.now + 60),
            incident.updated(at: room.time.now + 60).cleared(at: room.time.now + 90)
        )
        room.take(try street.alert(end, 3))
        room.take(try street.alert(incident, 1), try street.alert(later, 2))
        let row = try room.store.read { try IncidentRow.find(incident.id.text, $0) }
        #expect(row?.revision == 3 && row?.state == .closed && row?.reason == "cleared")
        #expect(try room.count("message") == 3 && room.count("casefile") == 1)
        #expect(try room.queries.sites().first?.contiguous == 3)
        room.pass(601)
        #expect(try room.cases(.selfResolved).count == 1 && room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `what is missing is asked for, and named once it comes or is lost`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incidents = (0..<9).map { _ in street.incident(at: room.time.now) }
        func alert(_ sequence: Int64) throws -> MQTTMessage { try street.alert(incidents[Int(sequence) - 1], sequence) }
        room.take(street.report(last: 0, at: room.time.now))
        room.take(try alert(1), try alert(2), try alert(6))
        room.take(street.report(last: 9, at: room.time.now))
        room.pass(4)
        #expect(try room.asked(.command).filter { $0["command"] as? String == "replay" }.isEmpty)
        room.pass(2)
        let asked = try #require(try room.asked(.command).first { $0["command"] as? String == "replay" })
        #expect(asked["from"] as? Int == 3 && asked["to"] as? Int == 9 && asked["epoch"] as? String == street.epoch)
        #expect(try room.queries.sites().first?.missing == [[3, 5], [7, 9]])
        room.take(
            street.reply(to: try #require(asked["id"] as? String), at: room.time.now) {
                ($0.command, $0.epoch, $0.lastSequence, $0.missing) = ("replay", street.epoch, 9, [[4, 5]])
            })
        room.take(try alert(3), try alert(7), try alert(8), try alert(9))
        room.pass(1)
        let site = try #require(try room.queries.sites().first)
        #expect(site.missing.isEmpty && site.lost == [[4, 5]] && site.contiguous == 9 && site.highest == 9)
        // For ever, over restarts too.
        try room.restart()
        room.take(try street.alert(street.incident(at: room.time.now), 10))
        #expect(try room.queries.sites().first?.lost == [[4, 5]] && room.queries.sites().first?.contiguous == 10)
        // Unless it comes after all.
        room.take(try alert(4))
        #expect(try room.queries.sites().first?.lost == [[5, 5]])
    }

    @Test(arguments: StoreKind.here)
    func `a restart finds the same gaps, and the sites are asked how far they have come`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(street.report(last: 0, at: room.time.now))
        let incidents = (0..<4).map { _ in street.incident(at: room.time.now) }
        room.take(try street.alert(incidents[0], 1), try street.alert(incidents[3], 4))
        _ = room.sentMessages()
        try room.restart()
        room.pass(6)
        let asked = try room.asked(.command)
        #expect(asked.contains { $0["command"] as? String == "ping" })
        #expect(asked.contains { $0["from"] as? Int == 2 && $0["to"] as? Int == 3 })
        let ping = try #require(asked.first { $0["command"] as? String == "ping" }?["id"] as? String)
        room.take(
            street.reply(to: ping, at: room.time.now) {
                ($0.command, $0.epoch, $0.lastSequence) = ("ping", street.epoch, 7)
            })
        room.pass(6)
        #expect(try room.queries.sites().first?.missing == [[2, 3], [5, 7]])
    }

    @Test(arguments: StoreKind.here)
    func `a gap that was filled just before a crash is not missing after it`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incidents = (0..<3).map { _ in street.incident(at: room.time.now) }
        room.take(try street.alert(incidents[0], 1), try street.alert(incidents[2], 3))
        room.pass(6)
        #expect(try room.queries.sites().first?.missing == [[2, 2]])
        room.take(try street.alert(incidents[1], 2))
        try room.restart()
        room.pass(1)
        let site = try #require(try room.queries.sites().first)
        #expect(site.missing.isEmpty && site.filled == [[2, 2]] && site.contiguous == 3)
    }

    @Test(arguments: StoreKind.here)
    func `another epoch counts anew, and what was missing of the old one is lost once the site says so`(
        on kind: StoreKind
    ) throws {
        var street = try Street()
        let room = try Room(kind)
        let old = street.epoch
        room.take(
            try street.alert(street.incident(at: room.time.now), 1),
            try street.alert(street.incident(at: room.time.now), 5))
        street.epoch = "0192f0c2-7b10-7d02-8c1e-5f8f0d1c2b3b"
        room.time.pass(1)
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        room.pass(6)
        let asked = try #require(try room.asked(.command).first { $0["command"] as? String == "replay" })
        #expect(asked["epoch"] as? String == old)
        room.take(
            street.reply(to: try #require(asked["id"] as? String), at: room.time.now) {
                ($0.status, $0.reason, $0.text) = (.refused, .otherEpoch, "another store")
            })
        let sites = try room.queries.sites()
        #expect(sites.count == 2 && sites.first { $0.epoch == old }?.lost == [[2, 4]])
        #expect(try sites.first { $0.epoch == street.epoch }?.contiguous == 1 && room.count("message") == 3)
    }

    @Test(arguments: StoreKind.here)
    func `what a site had to drop is lost at once`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        room.take(street.report(last: 8, at: room.time.now, dropped: [3...5]))
        #expect(try room.queries.sites().first?.lost == [[3, 5]])
    }

    @Test(arguments: StoreKind.here)
    func `nothing is dropped silently`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let (incident, alert) = (
            street.incident(at: room.time.now), try street.alert(street.incident(at: room.time.now), 1)
        )
        let elsewhere = try Street(9, village: "320584102201")
        var wrong = alert
        wrong.topic = alert.topic.replacing("parking.motor", with: "vending.occupy_road")
        room.take(
            MQTTMessage(topic: "mg/v1/alert/x", text: "{}"), MQTTMessage(topic: alert.topic, text: "{\"a\":1}"),
            MQTTMessage(topic: alert.topic, payload: Array(repeating: 0x20, count: 9000)), wrong,
            try elsewhere.alert(elsewhere.incident(at: room.time.now), 1),
            MQTTMessage(topic: street.report(last: 1, at: room.time.now).topic, text: "no report"),
            try street.alert(incident, 900_000_000_000))
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        #expect(
            room.figures.refused == [
                .topic: 1, .malformed: 2, .tooLarge: 1, .mismatch: 1, .area: 1, .sequenceAbsurd: 1, .sequenceReused: 1,
            ])
        let refusals = try room.queries.refusals()
        #expect(refusals.count == 8 && refusals.allSatisfy { !$0.text.isEmpty })
        #expect(try room.count("message") == 1)
    }

    @Test(arguments: StoreKind.here)
    func `a flood of nonsense leaves a hundred lines`(on kind: StoreKind) throws {
        let room = try Room(kind)
        for _ in 0..<30 {
            room.take((0..<50).map { MQTTMessage(topic: "mg/v1/alert/nonsense/\($0)", text: "x") })
        }
        #expect(try room.figures.refused == [.topic: 1500] && room.queries.refusals().count == Refusals.most)
    }

    @Test(arguments: StoreKind.here)
    func `one message that the database does not take stops no other`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let trigger =
            switch kind {
            case .sqlite:
                "CREATE TRIGGER poison BEFORE INSERT ON message WHEN NEW.sequence = 7 BEGIN "
                    + "SELECT RAISE(ABORT, 'no sevens'); END;"
            case .postgres:
                "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS "
                    + "$$ BEGIN RAISE EXCEPTION 'no sevens'; END $$; "
                    + "CREATE TRIGGER poison BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.sequence = 7) "
                    + "EXECUTE FUNCTION poison();"
            }
        try room.store.write { try $0.run(script: trigger) }
        let incidents = (1...20).map { _ in street.incident(at: room.time.now) }
        room.take(try incidents.enumerated().map { try street.alert($0.element, Int64($0.offset) + 1) })
        #expect(try room.count("message") == 19 && room.count("casefile") == 19)
        #expect(try room.figures.refused == [.store: 1] && room.check() == [])
        // Its sequence is a gap like any other.
        #expect(try room.queries.sites().first?.contiguous == 6)
        try room.store.write { try $0.run(script: "DROP TRIGGER poison" + (kind == .postgres ? " ON message" : "")) }
        room.take(try street.alert(incidents[6], 7))
        #expect(try room.queries.sites().first?.contiguous == 20)
    }

    @Test(arguments: StoreKind.here)
    func `a picture is kept under its hash, and one with another is refused`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let bytes: [UInt8] = [0xFF, 0xD8, 1, 2, 3, 0xFF, 0xD9]
        let hash = try SHA256.hex(bytes)
        let incident = street.incident(at: room.time.now)
        let topic = street.topics.evidence(street.camera.place, incident.kind, incident: incident.id, sha256: hash)
        room.take(MQTTMessage(topic: topic, payload: bytes), MQTTMessage(topic: topic, payload: bytes + [0]))
        let file = room.folder.file("evidence").appending(path: "\(hash.prefix(2))/\(hash).jpg")
        #expect(try Data(contentsOf: file) == Data(bytes))
        #expect(try room.figures.refused == [.mismatch: 1] && room.count("evidence") == 1)
    }

    @Test(arguments: StoreKind.here)
    func `cameras and sites stand as they last said, and one that is silent is lost`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let report = CameraReport(camera: street.camera, site: street.site, state: .blind, at: room.time.date)
        room.take(
            MQTTMessage(
                topic: street.topics.camera(street.camera.place, id: "cam-01"), payload: WireJSON.bytes(report),
                retain: true), street.report(last: 1, at: room.time.now + 40))
        let camera = try room.store.read {
            try $0.row("SELECT state, name, lat, zones_resting FROM camera")
        }
        #expect(
            camera?.text(0) == "blind" && camera?.text(1) == "人民路东" && camera?.real(2) == 31.38
                && camera?.flag(3) == true)
        var site = try #require(try room.queries.sites().first)
        #expect(site.state == "online" && abs((site.clock ?? 0) - 40) < 0.01)
        room.pass(121)
        site = try #require(try room.queries.sites().first)
        #expect(site.state == "lost")
    }

    @Test(arguments: StoreKind.here)
    func `requests to sites are right by their schemas`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 4))
        let id = try #require(try room.cases(.found).first).id
        _ = try room.desk.take(.step(.decline, note: "a float", verdict: .falsePositive), case: id)
        room.pass(6)
        let sent = room.sentMessages()
        let reviews = sent.filter { $0.topic.contains("/review/") }.map { Data($0.payload) }
        let commands = sent.filter { $0.topic.contains("/command/") }.map { Data($0.payload) }
        #expect(reviews.count == 1 && commands.count == 1)
        #expect(try SchemaValidator(named: "review").violations(in: reviews) == [])
        #expect(try SchemaValidator(named: "command").violations(in: commands) == [])
        // They are asked for where the site listens.
        #expect(
            sent.allSatisfy { $0.topic.hasSuffix("/32/3205/320583/320583102/320583102201/003/02/_/\(street.site.id)") })
    }

    @Test(arguments: StoreKind.here)
    func `old messages, pictures and cases go, and nothing that a gap still needs`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incidents = (1...4).map { _ in street.incident(at: room.time.now) }
        room.take(try street.alert(incidents[0], 1), try street.alert(incidents[3], 4))
        let id = try #require(try room.cases(.found).first).id
        _ = try room.desk.take(.step(.decline, verdict: .duplicate), case: id)
        room.pass(200 * 86_400)
        for _ in 0..<3 { room.pass(1) }
        // 4 lies beyond what is missing.
        #expect(try room.count("message") == 1 && room.count("evidence") == 0 && room.count("casefile") == 2)
        room.pass(1700 * 86_400)
        for _ in 0..<3 { room.pass(1) }
        #expect(try room.count("casefile") == 1)
    }
}

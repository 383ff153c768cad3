import Domain
import Foundation
import TestSupport
import Testing

@testable import Centre
@testable import Contract

@Suite(.waiting(minutes: 5)) struct CaseTests {
    @Test(arguments: StoreKind.here)
    func `an incident becomes a case with a number, a due time and a history`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let item = try #require(try room.cases(.found).first)
        // A Tuesday morning in November.
        #expect(item.number == "QX-261124-0001" && item.place == "\(street.site.id)/cam-01/np1")
        #expect(item.due == room.rules.calendar.due(7200, after: room.time.now) && item.department == "traffic-police")
        let file = try room.file(item.number)
        #expect(file.history.map(\.action) == ["found"] && file.incidents.count == 1)
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `a case goes from its finding to its end, and the site hears what it has to`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incident = street.incident(at: room.time.now)
        room.take(try street.alert(incident, 1))
        let id = try #require(try room.cases(.found).first).id
        func step(_ step: CaseStep) throws -> CaseStage { try room.desk.take(step, case: id).stage }

        #expect(try step(.step(.accept, isConfirmed: true)) == .accepted)
        room.pass()
        let confirmed = try #require(try room.asked(.review).first)
        #expect(confirmed["verdict"] as? String == "confirmed" && confirmed["incident"] as? String == incident.id.text)
        #expect(confirmed["by"] as? String == "chen")
        #expect(try step(.step(.dispatch, department: "city-management")) == .dispatched)
        #expect(try step(.step(.handled, role: .department, note: "towed", of: "city-management")) == .handled)
        room.pass(60)
        // A department's word does not silence a camera.
        #expect(try room.asked(.review).allSatisfy { $0["verdict"] as? String == "confirmed" })
        #expect(try step(.step(.rework, role: .worker, note: "still there")) == .dispatched)
        #expect(try step(.step(.handled)) == .handled)
        #expect(try step(.step(.check, role: .worker)) == .checked)
        room.pass()
        #expect(try room.asked(.review).contains { $0["verdict"] as? String == "handled" })
        #expect(try step(.step(.close)) == .closed)
        let file = try room.file(id)
        #expect(file.item.reworks == 1 && file.item.result == "in_time" && file.item.closed != nil)
        #expect(
            file.history.map(\.action) == [
                "found", "accept", "dispatch", "handled", "rework", "handled", "check", "close",
            ])
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `a step that does not fit names the present stage, and changes nothing`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        #expect(throws: CaseRefusal.stage(.found, .check)) { try room.desk.take(.step(.check), case: id) }
        #expect(throws: CaseRefusal.forbidden(.department, .accept)) {
            try room.desk.take(.step(.accept, role: .department), case: id)
        }
        #expect(throws: CaseRefusal.self) { try room.desk.take(.step(.decline), case: id) }
        #expect(throws: CaseRefusal.self) { try room.desk.take(.step(.decline, verdict: .handled), case: id) }
        #expect(throws: CaseRefusal.unknownCase("x")) { try room.desk.take(.step(.accept), case: "x") }
        _ = try room.desk.take(.step(.accept), case: id)
        _ = try room.desk.take(.step(.dispatch, department: "traffic-police"), case: id)
        #expect(throws: CaseRefusal.otherDepartment) {
            try room.desk.take(.step(.handled, role: .department, of: "sanitation"), case: id)
        }
        #expect(try room.file(id).history.count == 3)
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `the same request again changes nothing, and another step under it is refused`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        let step = CaseStep.step(.accept, request: "r-1", isConfirmed: true)
        for _ in 0..<3 { #expect(try room.desk.take(step, case: id).stage == .accepted) }
        #expect(try room.file(id).history.count == 2)
        room.pass()
        #expect(try room.asked(.review).count == 1)
        #expect(throws: CaseRefusal.requestReused) {
            try room.desk.take(.step(.decline, request: "r-1", verdict: .duplicate), case: id)
        }
    }

    @Test(arguments: StoreKind.here)
    func `what is declined is taken back at the site, and its case has ended`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let incident = street.incident(at: room.time.now)
        room.take(try street.alert(incident, 1))
        let id = try #require(try room.cases(.found).first).id
        _ = try room.desk.take(.step(.decline, note: "a float", verdict: .falsePositive), case: id)
        room.pass()
        let review = try #require(try room.asked(.review).first)
        #expect(review["verdict"] as? String == "false_positive")
        room.take(try street.alert(incident.judged(.falsePositive), 2))
        let file = try room.file(id)
        #expect(file.item.stage == .declined && file.item.result == "false_positive")
        #expect(file.incidents.first?.state == "withdrawn")
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `a review is sent again until the site has answered, and a refusal stands in the history`(
        on kind: StoreKind
    ) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        _ = try room.desk.take(.step(.accept, isConfirmed: true), case: id)
        var ids: Set<String> = []
        for wait in [0.0, 30, 120, 600] {
            room.pass(wait)
            let asked = try room.asked(.review)
            #expect(asked.count == 1)
            ids.formUnion(asked.compactMap { $0["id"] as? String })
        }
        #expect(ids.count == 1)
        room.take(
            street.reply(to: try #require(ids.first), at: room.time.now) {
                $0.class = .review
                ($0.status, $0.reason, $0.text) = (.refused, .unknownIncident, "no such incident")
            })
        room.pass(7200)
        #expect(try room.asked(.review).isEmpty)
        #expect(try room.file(id).history.last?.note?.contains("unknown_incident") ?? false)
        #expect(try room.file(id).requests.map(\.outcome) == ["unknown_incident"])
    }

    @Test(arguments: StoreKind.here)
    func `what goes by itself is over ten minutes later, and not once somebody was sent`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let (one, other) = (street.incident(at: room.time.now), street.incident(zone: "np2", at: room.time.now))
        room.take(try street.alert(one, 1), try street.alert(other, 2))
        let sent = try #require(try room.cases(.found).first { $0.place.hasSuffix("np2") }).id
        _ = try room.desk.take(.step(.accept), case: sent)
        _ = try room.desk.take(.step(.dispatch), case: sent)
        room.time.pass(60)
        room.take(
            try street.alert(one.cleared(at: room.time.now), 3), try street.alert(other.cleared(at: room.time.now), 4))
        room.pass(599)
        #expect(try room.cases(.found).count == 1)
        room.pass(2)
        #expect(try room.cases(.selfResolved).map(\.place) == ["\(street.site.id)/cam-01/np1"])
        #expect(try room.file(sent).item.stage == .dispatched)
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `what the site takes back ends the case until it is handled`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        let (one, other) = (street.incident(at: room.time.now), street.incident(zone: "np2", at: room.time.now))
        room.take(try street.alert(one, 1), try street.alert(other, 2))
        let done = try #require(try room.cases(.found).first { $0.place.hasSuffix("np2") }).id
        for action in [CaseAction.accept, .dispatch, .handled] { _ = try room.desk.take(.step(action), case: done) }
        room.take(try street.alert(one.judged(.duplicate), 3), try street.alert(other.judged(.duplicate), 4))
        #expect(try room.cases(.withdrawn).count == 1 && room.file(done).item.stage == .handled)
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `a word at the site accepts a case where the configuration says so`(on kind: StoreKind) throws {
        for isWanted in [true, false] {
            let (room, street) = (try Room(kind) { $0.acceptsConfirmed = isWanted }, try Street())
            let incident = street.incident(at: room.time.now)
            room.take(try street.alert(incident, 1))
            room.take(try street.alert(incident.judged(.confirmed), 2))
            #expect(try room.cases(isWanted ? .accepted : .found).count == 1)
        }
    }

    @Test(arguments: StoreKind.here)
    func `a checked case is closed after a day, late where a stage was late`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        room.time.pass(3 * 86_400)
        for action in [CaseAction.accept, .dispatch, .handled, .check] {
            _ = try room.desk.take(.step(action), case: id)
        }
        room.pass(86_300)
        #expect(try room.file(id).item.stage == .checked)
        room.pass(200)
        let item = try room.file(id).item
        #expect(item.stage == .closed && item.result == "late" && item.isLate)
        #expect(try room.file(id).history.last?.actor == "kunshan")
    }

    @Test(arguments: StoreKind.here)
    func `a closed case is taken up again as a new one that names it`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind), try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let old = try #require(try room.cases(.found).first)
        #expect(throws: CaseRefusal.self) { try room.desk.reopen(old.id, by: "chen", request: "again") }
        for action in [CaseAction.accept, .dispatch, .handled, .check, .close] {
            _ = try room.desk.take(.step(action), case: old.id)
        }
        let new = try room.desk.reopen(old.id, by: "chen", request: "again")
        #expect(new.follows == old.number && new.stage == .found && new.number == "QX-261124-0002")
        #expect(try room.desk.reopen(old.id, by: "chen", request: "again").id == new.id)
        #expect(try room.file(new.id).incidents.count == 1 && room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `limits are those of the kind, else of its family, and the third of a kind is recurring`(
        on kind: StoreKind
    ) throws {
        let room = try Room(kind) {
            $0.limits = [
                ("parking.*", .init(accept: .plain(600))), ("parking.motor", .init(accept: .plain(60))),
            ]
        }
        let street = try Street()
        for number in 0..<3 {
            let incident = street.incident(at: room.time.now)
            room.take(try street.alert(incident, Int64(number) * 2 + 1))
            room.take(try street.alert(incident.judged(.falsePositive), Int64(number) * 2 + 2))
            room.time.pass(86_400)
        }
        room.take(try street.alert(street.incident("parking.fire_lane", at: room.time.now), 7))
        let motor = try room.cases(.withdrawn)
        #expect(motor.map(\.isRecurring).filter(\.self).count == 1)
        let lane = try #require(try room.cases(.found).first)
        #expect(lane.due == room.time.now + 600 && !lane.isRecurring)
    }

    @Test(arguments: StoreKind.here)
    func `kinds that are not wanted make no case`(on kind: StoreKind) throws {
        let (room, street) = (try Room(kind) { $0.kinds = ["vending.*"] }, try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        #expect(try room.count("incident") == 1 && room.count("casefile") == 0)
    }
}

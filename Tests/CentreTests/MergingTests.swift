import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Contract

@Suite(.waiting(minutes: 5)) struct MergingTests {
    private let places = ["320583102201-edge1/cam-01/np1": "gate", "320583102201-edge2/cam-01/np1": "gate"]

    private func room(_ kind: StoreKind) throws -> Room { try Room(kind) { [places] in $0.places = places } }

    @Test(arguments: StoreKind.here)
    func `two sites that see one place make one case, which ends with the last of them`(on kind: StoreKind) throws {
        let (room, one, two) = (try room(kind), try Street(1), try Street(2))
        let first = one.incident(at: room.time.now)
        room.take(try one.alert(first, 1))
        room.time.pass(30)
        let second = two.incident(at: room.time.now)
        room.take(try two.alert(second, 1))
        let items = try room.cases(.found)
        #expect(items.count == 1 && items.first?.merged == 1 && items.first?.place == "gate")
        let id = try #require(items.first).id
        room.take(try one.alert(first.cleared(at: room.time.now), 2))
        room.pass(3600)
        #expect(try room.file(id).item.stage == .found)
        room.take(try two.alert(second.cleared(at: room.time.now), 2))
        room.pass(601)
        #expect(try room.file(id).item.stage == .selfResolved)
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `another kind, another time and an undeclared place are other cases`(on kind: StoreKind) throws {
        let (room, one, two, three) = (try room(kind), try Street(1), try Street(2), try Street(3))
        let first = one.incident(at: room.time.now)
        room.take(try one.alert(first, 1))
        room.take(try two.alert(two.incident("parking.fire_lane", at: room.time.now), 1))
        // Where no place is declared, nothing is merged, however near it is.
        room.take(try three.alert(three.incident(at: room.time.now), 1))
        #expect(try room.cases(.found).count == 3)
        room.take(try one.alert(first.cleared(at: room.time.now), 2))
        room.time.pass(500)
        // It came 200 s after the other had gone.
        room.take(try two.alert(two.incident(at: room.time.now), 2))
        #expect(try room.cases(.found).count == 4 && room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `the first confirmed incident leads, in whatever order they come`(on kind: StoreKind) throws {
        let (room, one, two) = (try room(kind), try Street(1, village: "320583102201"), try Street(2))
        let (late, early) = (one.incident(at: room.time.now), two.incident(at: room.time.now - 20))
        room.take(try one.alert(late, 1), try two.alert(early, 1))
        let file = try room.file(try #require(try room.cases(.found).first).id)
        #expect(file.incidents.first?.id == early.id.text)
        let lead = try room.store.read { try $0.row("SELECT lead FROM casefile")?.text(0) }
        #expect(lead == early.id.text)
        #expect(try room.check() == [])
    }

    @Test(arguments: StoreKind.here)
    func `what lies within fifty metres is suggested, and what lies farther is not`(on kind: StoreKind) throws {
        let room = try Room(kind)
        let streets = [
            try Street(1), try Street(2, longitude: 120.9503), try Street(3, longitude: 120.951),
            try Street(4, longitude: nil, latitude: nil),
        ]
        for street in streets { room.take(try street.alert(street.incident(at: room.time.now), 1)) }
        func suggestions(_ number: Int) throws -> [CaseFile.Suggestion] {
            let place = "\(streets[number - 1].site.id)/cam-01/np1"
            let item = try #require(try room.cases(.found).first { $0.place == place })
            return try room.file(item.id).suggestions
        }
        #expect(try suggestions(1).map(\.metres) == [28] && suggestions(2).count == 1)
        #expect(try suggestions(3).isEmpty && suggestions(4).isEmpty)
    }

    @Test(arguments: StoreKind.here)
    func `cases are merged by hand and split again, and the sums follow`(on kind: StoreKind) throws {
        let (room, one, two) = (try Room(kind), try Street(1), try Street(2, village: "320583103202"))
        let (first, second) = (one.incident(at: room.time.now), two.incident(at: room.time.now + 1))
        room.take(try one.alert(first, 1), try two.alert(second, 1))
        let items = try room.cases(.found).sorted { $0.number < $1.number }
        let merged = try room.desk.merge(items[1].id, into: items[0].id, by: "chen", request: "m")
        #expect(try room.desk.merge(items[1].id, into: items[0].id, by: "chen", request: "m") == merged)
        #expect(try merged.merged == 1 && room.file(items[1].id).item.result == "merged")
        #expect(try room.check() == [])
        let split = try room.desk.split(second.id.text, from: items[0].id, by: "chen", request: "s")
        #expect(try room.desk.split(second.id.text, from: items[0].id, by: "chen", request: "s").id == split.id)
        #expect(split.stage == .found && split.area == "320583103202")
        #expect(try room.file(items[0].id).incidents.map(\.id) == [first.id.text])
        #expect(try room.check() == [])
        #expect(throws: CaseRefusal.self) {
            try room.desk.split(first.id.text, from: items[0].id, by: "chen", request: "t")
        }
        let other = one.incident("parking.fire_lane", zone: "np9", at: room.time.now)
        room.take(try one.alert(other, 2))
        let lane = try #require(try room.cases(.found).first { $0.kind == "parking.fire_lane" })
        #expect(throws: CaseRefusal.self) { try room.desk.merge(lane.id, into: items[0].id, by: "chen", request: "u") }
    }

    @Test func `metres are metres`() {
        // A degree of latitude.
        #expect(abs(Merging.distance((31, 120), (32, 120)) - 111_195) < 5)
        #expect(abs(Merging.distance((60, 10), (60, 11)) - 55_597) < 30)
        #expect(Merging.distance((31, 120), (31, 120)) == 0)
    }
}

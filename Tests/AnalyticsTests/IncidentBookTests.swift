import Analytics
import Domain
import Foundation
import Testing

@Suite struct IncidentBookTests {
    private func finding(_ phase: Finding.Phase, place: Int = 1, at seconds: Double) -> Finding {
        Finding(
            kind: .illegalParking, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0),
            lastSeen: MediaTime(seconds), threshold: 5,
            object: .init(objectClass: .car, confidence: 0.6, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
    }

    @Test func `an open incident can be revised, and no other`() {
        var book = IncidentBook(camera: "c") { _ in UUID() }
        let early = book.revise(finding(.standing, at: 6), at: MediaTime(6), why: "seen again")
        let opened = book.advance([finding(.standing, at: 6)], at: MediaTime(6))
        let revised = book.revise(finding(.standing, at: 7), at: MediaTime(7), why: "seen again")
        let other = book.revise(finding(.standing, place: 2, at: 7), at: MediaTime(7), why: "seen again")
        let closed = book.advance([finding(.ended(at: MediaTime(8)), at: 7)], at: MediaTime(8))
        let late = book.revise(finding(.standing, at: 9), at: MediaTime(9), why: "seen again")
        #expect(early == nil && other == nil && late == nil)
        #expect(revised?.id == opened.first?.id && revised?.revision == 2 && revised?.state == .updated)
        #expect(revised?.why.last == .init(at: MediaTime(7), what: "seen again"))
        #expect(closed.map(\.revision) == [3])
    }
}

/// What a restart finds again late is neither closed nor opened twice.
@Suite struct RestoredIncidentTests {
    private static let box = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    private func incident(_ kind: AlertKind, _ name: ObjectClass, threshold: Double) -> Incident {
        Incident(
            id: UUID(), kind: kind, camera: "c", zone: "z", firstSeen: MediaTime(0), confirmed: MediaTime(90),
            lastSeen: MediaTime(100), threshold: threshold,
            object: .init(objectClass: name, confidence: 0.6, box: Self.box))
    }

    @Test(
        arguments: [
            (AlertKind.garbagePile, 120.0, 15.0), (.illegalParking, 30, 15),
            (AlertKind(rawValue: "of.elsewhere"), 120, 15),
            (.roadVending, 30, 60), (.roadVending, 120, 120), (.crowd, 90, 90), (.dirtyWater, 90, 90),
            (.burning, 10, 60),
        ])
    func `each kind waits as long as its rule needs`(kind: AlertKind, threshold: Double, grace: Double) {
        let open = incident(kind, .object, threshold: threshold)
        var book = IncidentBook(camera: "c", restored: [open]) { _ in UUID() }
        var closed: Double?
        for second in stride(from: 200.0, to: 400, by: 2) where closed == nil {
            if !book.advance([], at: MediaTime(second)).isEmpty { closed = second - 200 }
        }
        #expect(closed.map { $0 - grace }.map { 0..<2 ~= $0 } == true)
    }

    @Test func `time in which the camera is blind is none in which it was not found again`() {
        var book = IncidentBook(camera: "c", restored: [incident(.garbagePile, .object, threshold: 120)]) { _ in UUID()
        }
        for second in [200.0, 202, 204] { #expect(book.advance([], at: MediaTime(second)).isEmpty) }
        for second in stride(from: 206.0, to: 400, by: 2) { book.interrupt(at: MediaTime(second)) }
        var closed: Double?
        for second in stride(from: 400.0, to: 430, by: 2) where closed == nil {
            if !book.advance([], at: MediaTime(second)).isEmpty { closed = second }
        }
        // Nine of the fifteen seconds were left.
        #expect(closed.map { 408..<412 ~= $0 } == true)
    }

    @Test func `of two in nearly one place each goes on as itself`() {
        func parked(_ x: Double) -> Incident {
            Incident(
                id: UUID(), kind: .illegalParking, camera: "c", zone: "z", firstSeen: MediaTime(0),
                confirmed: MediaTime(90), lastSeen: MediaTime(100), threshold: 60,
                object: .init(objectClass: .car, confidence: 0.6, box: Box(x: x, y: 0.4, width: 0.2, height: 0.2)))
        }
        let incidents = [parked(0.4), parked(0.46)]
        for order in [incidents, incidents.reversed()] {
            var book = IncidentBook(camera: "c", restored: order) { _ in UUID() }
            func finding(_ place: Int, _ phase: Finding.Phase) -> Finding {
                Finding(
                    kind: .illegalParking, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0),
                    lastSeen: MediaTime(102), threshold: 60, object: incidents[place].object)
            }
            #expect(book.advance([finding(1, .standing), finding(0, .standing)], at: MediaTime(102)).isEmpty)
            let closed = book.advance([finding(1, .ended(at: MediaTime(104)))], at: MediaTime(104))
            #expect(closed.map(\.id) == [incidents[1].id])
        }
    }

    @Test func `what is over in the first look is closed, unless it still stands there as another`() {
        let open = incident(.garbagePile, .object, threshold: 60)
        func finding(_ place: Int, _ phase: Finding.Phase) -> Finding {
            var box = Self.box
            if place == 1 { box.x += 0.02 }
            return Finding(
                kind: .garbagePile, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0),
                lastSeen: MediaTime(100), threshold: 60,
                object: .init(objectClass: .object, confidence: 0.6, box: box),
                why: [.init(at: MediaTime(102), what: "over")])
        }
        let ended = finding(1, .ended(at: MediaTime(102)))
        var book = IncidentBook(camera: "c", restored: [open]) { _ in UUID() }
        let closed = book.advance([ended], at: MediaTime(104))
        #expect(closed.map(\.id) == [open.id] && closed.first?.closed == MediaTime(102))
        #expect(closed.first?.why.last?.what == "over" && book.open.isEmpty)
        // A second box around it, which the tracker lets go.
        var twice = IncidentBook(camera: "c", restored: [open]) { _ in UUID() }
        #expect(twice.advance([ended, finding(0, .hidden)], at: MediaTime(104)).isEmpty)
        #expect(twice.open.map(\.id) == [open.id])
    }

    @Test func `a stall that is found again a little aside is the same one`() {
        let open = incident(.roadVending, .stall, threshold: 60)
        var book = IncidentBook(camera: "c", restored: [open]) { _ in UUID() }
        let aside = Box(x: 0.45, y: 0.42, width: 0.24, height: 0.2)
        #expect((0.3..<0.6).contains(open.object.box.iou(aside)))
        for second in stride(from: 200.0, to: 400, by: 2) {
            let finding = Finding(
                kind: .roadVending, zone: "z", place: 1, phase: second < 240 ? .pending : .standing,
                firstSeen: MediaTime(210), lastSeen: MediaTime(110), threshold: 60,
                object: .init(objectClass: .stall, confidence: 0.6, box: aside))
            let changes = book.advance(second < 220 ? [] : [finding], at: MediaTime(second))
            #expect(changes.isEmpty)
        }
        #expect(book.open.map(\.id) == [open.id])
    }
}

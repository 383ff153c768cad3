import Analytics
import Foundation
import Testing

@Suite struct IncidentBookTests {
    private func finding(_ phase: Finding.Phase, place: Int = 1, at seconds: Double) -> Finding {
        Finding(
            kind: .illegalParking, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0),
            lastSeen: MediaTime(seconds), threshold: 5,
            object: .init(objectClass: .car, confidence: 0.6, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
    }

    @Test func anOpenIncidentCanBeRevisedAndNoOther() {
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

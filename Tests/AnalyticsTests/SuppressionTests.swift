import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// What a review has ended stays silent while its object stands there, and no longer.
@Suite struct SuppressionTests {
    private static let place = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    private func finding(_ place: Int, _ phase: Finding.Phase, box: Box = place, kind: AlertKind = .illegalParking)
        -> Finding
    {
        Finding(
            kind: kind, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0), lastSeen: MediaTime(30),
            threshold: 20, object: .init(objectClass: .car, confidence: 0.8, box: box))
    }

    private func book(restored: [Incident] = [], suppressed: [Incident] = []) -> IncidentBook {
        IncidentBook(camera: "c", restored: restored, suppressed: suppressed) { _ in UUID() }
    }

    @Test func `the same object in the same place is silent until it has gone, and the next one is new`() throws {
        var book = book()
        let opened = try #require(book.advance([finding(1, .standing)], at: MediaTime(30)).first)
        book.suppress(opened.id)
        #expect(book.open.isEmpty)
        for seconds in stride(from: 32.0, to: 400, by: 2) {
            let phase: Finding.Phase = seconds.truncatingRemainder(dividingBy: 4) == 0 ? .standing : .hidden
            #expect(book.advance([finding(1, phase)], at: MediaTime(seconds)).isEmpty)
        }
        #expect(book.takeUnsuppressed() == [])
        #expect(book.advance([finding(1, .ended(at: MediaTime(400)))], at: MediaTime(402)).isEmpty)
        #expect(book.takeUnsuppressed() == [opened.id])
        #expect(book.takeUnsuppressed() == [])
        let next = try #require(book.advance([finding(2, .standing)], at: MediaTime(500)).first)
        #expect(next.state == .opened && next.id != opened.id)
    }

    @Test func `another object and another kind in the same place are not silent`() throws {
        var book = book()
        let opened = try #require(book.advance([finding(1, .standing)], at: MediaTime(30)).first)
        book.suppress(opened.id)
        let aside = Box(x: 0.7, y: 0.4, width: 0.2, height: 0.2)
        let others = [
            finding(1, .standing), finding(2, .standing, box: aside),
            finding(1, .standing, kind: AlertKind(rawValue: "street.vending")),
        ]
        #expect(book.advance(others, at: MediaTime(32)).map(\.state) == [.opened, .opened])
    }

    @Test(arguments: [true, false])
    func `a suppression outlives a restart while the object stands there`(isThere: Bool) throws {
        var before = book()
        let opened = try #require(before.advance([finding(1, .standing)], at: MediaTime(30)).first)
        var book = book(suppressed: [opened])
        // Another run numbers places anew, and boxes jitter.
        let jittered = Box(x: 0.41, y: 0.39, width: 0.2, height: 0.21)
        for seconds in stride(from: 100.0, to: 140, by: 2) {
            let findings = isThere ? [finding(7, .pending, box: jittered)] : []
            #expect(book.advance(findings, at: MediaTime(seconds)).isEmpty)
        }
        #expect(book.takeUnsuppressed() == (isThere ? [] : [opened.id]))
        let changes = book.advance([finding(7, .standing, box: jittered)], at: MediaTime(140))
        #expect(changes.map(\.state) == (isThere ? [] : [.opened]))
    }

    @Test func `an incident of an earlier run that a review ends before it is seen again is silent too`() throws {
        var before = book()
        let opened = try #require(before.advance([finding(1, .standing)], at: MediaTime(30)).first)
        var book = book(restored: [opened])
        book.suppress(opened.id)
        #expect(book.open.isEmpty)
        #expect(book.advance([finding(3, .standing)], at: MediaTime(100)).isEmpty)
    }

    @Test func `what had gone before its review came is released at once`() throws {
        var book = book()
        let opened = try #require(book.advance([finding(1, .standing)], at: MediaTime(30)).first)
        #expect(book.advance([finding(1, .ended(at: MediaTime(40)))], at: MediaTime(42)).map(\.state) == [.closed])
        book.suppress(opened.id)
        #expect(book.takeUnsuppressed() == [opened.id])
    }

    @Test(arguments: Verdict.allCases) func `a verdict is taken once, and a withdrawn incident stays so`(
        verdict: Verdict
    ) throws {
        var book = book()
        let opened = try #require(book.advance([finding(1, .standing)], at: MediaTime(30)).first)
        let reviewed = try #require(opened.reviewed(verdict))
        #expect(reviewed.revision == 2 && reviewed.review == verdict)
        #expect(reviewed.isOpen == (verdict == .confirmed))
        #expect(reviewed.reviewed(verdict) == nil)
        for next in Verdict.allCases where next != verdict {
            let again = reviewed.reviewed(next)
            #expect((again == nil) == (reviewed.state == .withdrawn))
            if let again { #expect(again.revision == 3) }
        }
    }

    @Test func `on a street: withdrawn, silent over a restart, and the next car is told`() throws {
        let polygon = Polygon([
            Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 0.9), Point(x: 0, y: 0.9),
        ])
        let zone = Zone(id: "z", name: "", polygon: polygon)
        var (tracker, rule) = (
            StationaryObjectTracker(), IllegalParking(zone: zone, settings: ParkingSettings(dwell: 20))
        )
        var book = book()
        func watch(_ range: ClosedRange<Double>, _ things: [Street.Thing]) -> [Incident] {
            stride(from: range.lowerBound, through: range.upperBound, by: 2).flatMap { seconds in
                let scene = Street().scene(at: seconds, things)
                let ended = tracker.update(with: scene)
                let findings = rule.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended))
                return book.advance(findings, at: scene.time)
            }
        }
        let car = Street.Thing(.car, Self.place)
        #expect(watch(0...8, []) == [])
        let opened = try #require(watch(10...40, [car]).first)
        let withdrawn = try #require(opened.reviewed(.falsePositive))
        book.suppress(opened.id)
        #expect(watch(42...200, [car]) == [])
        // The process begins anew, with what the disk has kept.
        let kept = WatchCheckpoint(time: MediaTime(200), tracker: tracker, rules: RuleSet([rule]))
        tracker = StationaryObjectTracker(restored: kept)
        rule = IllegalParking(zone: zone, settings: ParkingSettings(dwell: 20))
        book = self.book(suppressed: [withdrawn])
        #expect(watch(220...400, [car]) == [])
        #expect(watch(402...430, []) == [])
        #expect(book.takeUnsuppressed() == [opened.id])
        let next = watch(432...480, [car])
        #expect(next.map(\.state) == [.opened] || next.map(\.state) == [.opened, .updated])
        #expect(next.first?.id != opened.id)
    }
}

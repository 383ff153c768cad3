import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// One camera over a bay, before and after an outage in which anything may have happened.
private struct Watch {
    static let bay = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)
    static let street = Street(isTextured: true)

    private let dwells: [Double]
    private(set) var tracker: StationaryObjectTracker
    private var rules: RuleSet
    private var book: IncidentBook
    private(set) var changes: [Incident] = []
    private var time = MediaTime(0)

    /// - Parameter dwells: of zones that lie over one another.
    init(dwells: [Double] = [20]) {
        self.dwells = dwells
        tracker = StationaryObjectTracker()
        rules = RuleSet(Self.rules(dwells))
        book = IncidentBook(camera: "c") { _ in UUID() }
    }

    private static func rules(_ dwells: [Double]) -> [any Rule] {
        let polygon = Polygon([
            Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 0.9), Point(x: 0, y: 0.9),
        ])
        return dwells.map {
            IllegalParking(
                zone: Zone(id: "z\($0)", name: "", polygon: polygon), settings: ParkingSettings(dwell: $0))
        }
    }

    mutating func see(
        _ range: ClosedRange<Double>, change: (inout Street.Canvas) -> Void = { _ in },
        _ things: (Double) -> [Street.Thing]
    ) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
            let scene = Self.street.scene(at: seconds, things(seconds), change: change)
            time = scene.time
            let ended = tracker.update(with: scene)
            let findings = rules.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended))
            changes += book.advance(findings, at: time)
        }
    }

    /// What is on disk comes back.
    ///
    /// - Parameter verdict: what a review says of all that is open.
    mutating func restart(reviewed verdict: Verdict? = nil) throws {
        let data = try WatchCheckpoint(time: time, tracker: tracker, rules: rules).data()
        let kept = try #require(WatchCheckpoint(data: data))
        tracker = StationaryObjectTracker(restored: kept)
        rules = RuleSet(Self.rules(dwells), restored: kept)
        let open = book.open
        book = IncidentBook(
            camera: "c", restored: verdict == nil ? open : [],
            suppressed: verdict.map { verdict in open.compactMap { $0.reviewed(verdict) } } ?? []
        ) { _ in UUID() }
        changes = []
    }

    mutating func takeUnsuppressed() -> [UUID] { book.takeUnsuppressed() }
}

@Suite(.heavy) struct LongOutageTests {
    private static let car = Street.Thing(.car, Watch.bay)
    private static let bus = Street.Thing(.bus, Box(x: 0.35, y: 0.3, width: 0.4, height: 0.4), look: 7)
    /// A night.
    private static let back = 40_000.0

    /// Car A has been told when the power fails.
    private func before(_ dwells: [Double] = [20]) throws -> (Watch, Incident) {
        var watch = Watch(dwells: dwells)
        watch.see(0...8) { _ in [] }
        watch.see(10...60) { _ in [Self.car] }
        return (watch, try #require(watch.changes.first))
    }

    private static func unfound(_ thing: Street.Thing) -> Street.Thing {
        var thing = thing
        thing.isDetected = false
        return thing
    }

    @Test(arguments: 2...9) func `another car in its place is another incident, with a dwell of its own`(
        look: Int
    ) throws {
        var (watch, first) = try before()
        try watch.restart()
        watch.see(Self.back...Self.back + 60) { _ in [Street.Thing(.car, Watch.bay, look: look)] }
        let closed = try #require(watch.changes.first { $0.state == .closed })
        #expect(closed.id == first.id && closed.closed?.seconds == Self.back)
        #expect(closed.why.last?.what == "something else stands in its place")
        #expect(closed.dwell < 100)
        let opened = watch.changes.filter { $0.state == .opened }
        #expect(opened.count == 1 && opened.first?.id != first.id)
        #expect(opened.first?.firstSeen.seconds == Self.back)
        #expect(opened.first.map { (20...24).contains($0.confirmed.seconds - Self.back) } == true)
        #expect(watch.changes.allSatisfy { $0.id != first.id || $0.state == .closed })
    }

    @Test(arguments: [Verdict.handled, .falsePositive])
    func `what a review has silenced does not silence another car`(verdict: Verdict) throws {
        var (watch, first) = try before()
        try watch.restart(reviewed: verdict)
        watch.see(Self.back...Self.back + 60) { _ in [Street.Thing(.car, Watch.bay, look: 5)] }
        #expect(watch.takeUnsuppressed() == [first.id])
        let opened = watch.changes.filter { $0.state == .opened }
        #expect(opened.map(\.firstSeen.seconds) == [Self.back])
    }

    @Test func `what a review has silenced stays silent while it stands there`() throws {
        var (watch, _) = try before()
        try watch.restart(reviewed: .handled)
        watch.see(Self.back...Self.back + 60) { _ in [Self.car] }
        #expect(watch.changes.isEmpty)
        #expect(watch.takeUnsuppressed() == [])
    }

    /// What may be otherwise in the morning.
    enum Light: CaseIterable {
        case same, dim, sunFromTheSide, halfInShadow, diagonalShadow, infrared

        func change(_ canvas: inout Street.Canvas) {
            switch self {
            case .same: break
            case .dim: canvas.relight(.whole) { _, _, luma in luma * 0.4 }
            case .sunFromTheSide: canvas.relight(.whole) { x, _, luma in luma * (0.5 + Double(x) / 320) }
            case .halfInShadow: canvas.relight(.whole) { x, _, luma in x < 160 ? luma * 0.35 : luma }
            case .diagonalShadow: canvas.relight(.whole) { x, y, luma in x + 2 * y < 340 ? luma * 0.4 : luma }
            case .infrared:
                let picture = GreyImage(width: Street.width, height: Street.height, pixels: canvas.luma)
                if let picture { canvas.luma = Retouch.infrared(picture, seed: 3).pixels }
            }
        }
    }

    @Test(arguments: Light.allCases) func `the same car in other light is the same incident`(light: Light) throws {
        var (watch, first) = try before()
        try watch.restart()
        watch.see(Self.back...Self.back + 120, change: light.change) { _ in [Self.car] }
        #expect(watch.changes.allSatisfy { $0.id == first.id && $0.state == .updated }, "\(watch.changes)")
        #expect(watch.changes.last.map { $0.dwell >= Self.back - 10 } == true)
        watch.see(Self.back + 122...Self.back + 140, change: light.change) { _ in [] }
        #expect(watch.changes.last?.state == .closed && watch.changes.last?.id == first.id)
    }

    /// The detector finds it in one look of three, or only after a bus has left.
    @Test(arguments: Light.allCases)
    func `an incident of a car that is not found waits until its place is seen without it`(light: Light) throws {
        for hasBus in [false, true] {
            var (watch, first) = try before()
            try watch.restart()
            watch.see(Self.back...Self.back + 50, change: light.change) { seconds in
                let isFound = !hasBus && (seconds - Self.back).truncatingRemainder(dividingBy: 6) == 4
                return [isFound ? Self.car : Self.unfound(Self.car)] + (hasBus ? [Self.bus] : [])
            }
            watch.see(Self.back + 52...Self.back + 120, change: light.change) { _ in [Self.car] }
            let changes = watch.changes.filter { $0.object.objectClass == .car }
            #expect(changes.allSatisfy { $0.id == first.id && $0.state == .updated }, "\(hasBus)")
        }
    }

    @Test func `an empty place ends the incident at the first look`() throws {
        var (watch, first) = try before()
        try watch.restart()
        watch.see(Self.back...Self.back + 10) { _ in [] }
        #expect(watch.changes.map(\.id) == [first.id])
        #expect(watch.changes.first?.closed?.seconds == Self.back)
        #expect(watch.changes.first?.why.last?.what == "the place was seen empty")
    }

    @Test func `what had not been told begins anew`() throws {
        // The longer dwell was under way.
        var (watch, first) = try before([20, 90])
        try watch.restart()
        watch.see(Self.back...Self.back + 88) { _ in [Self.car] }
        #expect(watch.changes.allSatisfy { $0.id == first.id })
        watch.see(Self.back + 90...Self.back + 100) { _ in [Self.car] }
        let opened = watch.changes.filter { $0.state == .opened }
        #expect(opened.map(\.zone) == ["z90.0"] && opened.first?.firstSeen.seconds == Self.back)
    }

    @Test func `a short outage after a long time behind a bus closes nothing`() throws {
        var (watch, first) = try before()
        let hidden = [Self.unfound(Self.car), Self.bus]
        watch.see(62...500) { _ in hidden }
        try watch.restart()
        watch.see(510...560) { _ in hidden }
        watch.see(562...600) { _ in [Self.car] }
        #expect(
            watch.changes.filter { $0.object.objectClass == .car }.allSatisfy {
                $0.id == first.id && $0.state == .updated
            })
    }
}

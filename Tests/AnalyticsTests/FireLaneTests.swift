import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// A lane in which vehicles stop one shortly after another.
private struct Lane {
    private static let zone = Zone(
        id: "z", name: "",
        polygon: Polygon([(0.0, 0.2), (1.0, 0.2), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }))
    private static let street = Street()

    private var rules: ZoneRules
    private var tracker = StationaryObjectTracker()
    private var set: RuleSet
    private var book = IncidentBook(camera: "c") { _ in UUID() }
    private(set) var changes: [Incident] = []

    init(_ rules: ZoneRules) {
        self.rules = rules
        set = RuleSet(rules.rules(in: Self.zone, minimumScore: 0.35))
    }

    /// One look in two seconds.
    mutating func see(_ range: Range<Int>, _ things: [Street.Thing]) {
        for look in range {
            let scene = Self.street.scene(at: Double(look) * 2, things)
            let ended = tracker.update(with: scene)
            changes += book.advance(
                set.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended)), at: scene.time)
        }
    }

    /// A new process with what the last one kept at its newest look, and other rules where they are given.
    mutating func restart(at look: Int, _ rules: ZoneRules? = nil) throws {
        let kept = WatchCheckpoint(time: MediaTime(Double(look) * 2), tracker: tracker, rules: set)
        let restored = try #require(WatchCheckpoint(data: try kept.data()))
        self.rules = rules ?? self.rules
        tracker = StationaryObjectTracker(restored: restored)
        set = RuleSet(self.rules.rules(in: Self.zone, minimumScore: 0.35), restored: restored)
        book = IncidentBook(camera: "c", restored: book.open) { _ in UUID() }
    }

    func opened(_ kind: AlertKind) -> [Double] {
        changes.filter { $0.state == .opened && $0.kind == kind }.map(\.confirmed.seconds)
    }

    func closed(_ kind: AlertKind) -> [Double?] {
        changes.filter { $0.state == .closed && $0.kind == kind }.map { $0.closed?.seconds }
    }
}

@Suite struct FireLaneTests {
    private let car = Street.Thing(.car, Box(x: 0.4, y: 0.5, width: 0.2, height: 0.2))
    private let lane = ParkingSettings(dwell: 60, queueVehicles: 0)

    @Test func `nobody waits in a fire lane: three in a row are told each, after the dwell`() {
        let three = [0.1, 0.4, 0.7].map { Street.Thing(.car, Box(x: $0, y: 0.5, width: 0.2, height: 0.2)) }
        var fire = Lane([.fireLane: Rules[.fireLane]?.settings(of: .fireLane) ?? lane])
        var street = Lane([.illegalParking: ParkingSettings(dwell: 60)])
        for range in [0..<5, 5..<40] {
            fire.see(range, range.lowerBound == 0 ? [] : three)
            street.see(range, range.lowerBound == 0 ? [] : three)
        }
        #expect(fire.opened(.fireLane) == [70, 70, 70])
        #expect(street.changes.isEmpty)
    }

    @Test(arguments: [30.0, 60, 300]) func `a vehicle in a zone with both rules is one alert, of the graver kind`(
        dwell: Double
    ) {
        var both = Lane([.illegalParking: ParkingSettings(dwell: dwell), .fireLane: lane])
        both.see(0..<5, [])
        both.see(5..<200, [car])
        both.see(200..<220, [])
        #expect(both.opened(.fireLane) == [70] && both.closed(.fireLane).count == 1)
        #expect(both.changes.allSatisfy { $0.kind == .fireLane })
    }

    @Test func `what the fire lane does not count is parking still`() {
        let bike = Street.Thing(.motorcycle, Box(x: 0.4, y: 0.5, width: 0.12, height: 0.2))
        var both = Lane([.illegalParking: ParkingSettings(dwell: 30, classes: [.car, .motorcycle]), .fireLane: lane])
        both.see(0..<5, [])
        both.see(5..<60, [bike])
        #expect(both.opened(.illegalParking) == [40] && both.opened(.fireLane).isEmpty)
    }

    @Test(arguments: [20, 60])
    func `a restart neither forgets nor repeats the incident of a fire lane`(look: Int) throws {
        var both = Lane([.illegalParking: ParkingSettings(dwell: 30), .fireLane: lane])
        both.see(0..<5, [])
        both.see(5..<look, [car])
        try both.restart(at: look - 1)
        both.see(look..<120, [car])
        both.see(120..<140, [])
        #expect(both.opened(.fireLane) == [70] && both.closed(.fireLane).count == 1)
        #expect(both.changes.allSatisfy { $0.kind == .fireLane })
    }

    @Test func `a zone that becomes a fire lane closes the lesser alert and opens the graver one`() throws {
        var zone = Lane([.illegalParking: ParkingSettings(dwell: 30)])
        zone.see(0..<5, [])
        zone.see(5..<60, [car])
        #expect(zone.opened(.illegalParking) == [40])
        try zone.restart(at: 59, [.illegalParking: ParkingSettings(dwell: 30), .fireLane: lane])
        zone.see(60..<100, [car])
        #expect(zone.closed(.illegalParking).count == 1 && zone.opened(.illegalParking).count == 1)
        #expect(zone.opened(.fireLane).count == 1 && zone.closed(.fireLane).isEmpty)
    }
}

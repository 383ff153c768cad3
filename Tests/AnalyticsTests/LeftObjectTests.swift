import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// Things by hand, without pictures.
private struct Watch {
    var rules: [any Rule]
    var book = IncidentBook(camera: "c") { _ in UUID() }
    var changes: [Incident] = []
    static let picture = Street().scene(at: 0, []).picture

    init(_ rules: ZoneRules) {
        let zone = Zone(
            id: "z", name: "",
            polygon: Polygon([Point(x: 0, y: 0), Point(x: 0.6, y: 0), Point(x: 0.6, y: 1), Point(x: 0, y: 1)]))
        self.rules = rules.rules(in: zone, minimumScore: 0.35)
    }

    init(_ settings: LeftObjectSettings = LeftObjectSettings(dwell: 60)) {
        self.init([.garbagePile: settings])
    }

    mutating func watch(_ range: ClosedRange<Double>, _ object: LeftObject) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
            let scene = Scene(
                time: MediaTime(seconds), date: Date(timeIntervalSince1970: 1_790_000_000 + seconds), detections: [],
                picture: Self.picture)
            var object = object
            if object.isVisible { object.lastSeen = scene.time }
            let look = Observation(scene: scene, objects: [object])
            var findings: [Finding] = []
            for index in rules.indices { findings += rules[index].evaluate(look) }
            changes += book.advance(findings, at: scene.time)
        }
    }

    var opened: [Incident] { changes.filter { $0.state == .opened } }
    var closed: [Incident] { changes.filter { $0.state == .closed } }
}

private func thing(
    since: Double = 10, _ presence: LeftObject.Presence = .visible, area: Double = 0.01,
    identity: LeftObject.Identity = .thing, isThing: Bool = true,
    box: Box = Box(x: 0.3, y: 0.5, width: 0.1, height: 0.1)
) -> LeftObject {
    LeftObject(
        id: 1, box: box, area: area, since: MediaTime(since), lastSeen: MediaTime(since), presence: presence,
        isThing: isThing, certainty: 0.9, identity: identity)
}

@Suite struct LeftObjectTests {
    @Test(arguments: [LeftObject.Doubt.stirs, .light]) func `what is in doubt is not spoken of`(
        doubt: LeftObject.Doubt
    ) {
        var watch = Watch()
        var somebody = thing()
        somebody.doubt = doubt
        watch.watch(16...200, somebody)
        #expect(watch.opened.isEmpty)
    }

    @Test func `a thing is one incident from its arrival until the ground is clean`() throws {
        var watch = Watch()
        watch.watch(16...100, thing())
        #expect(watch.opened.map(\.firstSeen.seconds) == [10])
        #expect(watch.opened.map(\.confirmed.seconds) == [70])
        watch.watch(102...300, thing(.hidden))
        #expect(watch.closed.isEmpty)
        watch.watch(302...302, thing(.gone(at: MediaTime(298))))
        #expect(watch.closed.map(\.closed?.seconds) == [298])
        #expect(watch.opened.count == 1)
    }

    @Test func `an incident ends when the shape of the picture changes, and says so`() throws {
        var watch = Watch()
        watch.watch(16...100, thing())
        watch.watch(102...102, thing(.lost(at: MediaTime(102))))
        let closed = try #require(watch.closed.first)
        #expect(closed.closed?.seconds == 102)
        #expect(closed.why.contains { $0.what.contains("another shape") })
    }

    @Test func `a thing that is hidden, unproved or not looked at opens nothing`() {
        for object in [thing(.hidden), thing(isThing: false), thing(identity: .unknown)] {
            var watch = Watch()
            watch.watch(16...200, object)
            #expect(watch.changes.isEmpty)
        }
    }

    @Test func `a thing outside the zone opens nothing`() {
        var watch = Watch()
        watch.watch(16...200, thing(box: Box(x: 0.56, y: 0.5, width: 0.1, height: 0.1)))
        #expect(watch.changes.isEmpty)
    }

    @Test func `what has been reported remains so when it grows beyond zone and size`() {
        var watch = Watch(LeftObjectSettings(dwell: 60, size: 0...0.02))
        watch.watch(16...80, thing())
        let grown = thing(area: 0.03, box: Box(x: 0.3, y: 0.5, width: 0.7, height: 0.1))
        watch.watch(82...100, grown)
        #expect(watch.book.open.first?.lastSeen.seconds == 100)
        #expect(watch.closed.isEmpty)
    }

    @Test func `the hours before a thing is forbidden do not count`() {
        let hours = TimeWindows(windows: [.init(start: 854, end: 1000)], timeZone: .gmt)
        for first in [16.0, 44] {
            var watch = Watch(LeftObjectSettings(dwell: 60, windows: hours))
            watch.watch(first...140, thing())
            #expect(watch.opened.map(\.confirmed.seconds) == [100], "first seen at \(first) s")
        }
    }

    @Test func `the rule rests on a holiday`() {
        let hours = TimeWindows(windows: [], holidays: [.init(year: 2026, month: 9, day: 21)], timeZone: .gmt)
        var watch = Watch(LeftObjectSettings(dwell: 60, windows: hours))
        watch.watch(16...200, thing())
        #expect(watch.changes.isEmpty)
    }

    @Test func `a vehicle, a person or an animal never opens, and ends what was opened`() {
        var never = Watch()
        never.watch(16...200, thing(identity: .known(.dog)))
        #expect(never.changes.isEmpty)
        var watch = Watch()
        watch.watch(16...100, thing())
        watch.watch(102...200, thing(identity: .known(.car)))
        watch.watch(202...202, thing(.gone(at: MediaTime(200)), identity: .known(.car)))
        #expect(watch.opened.count == 1)
        #expect(watch.closed.map(\.closed?.seconds) == [102])
    }

    @Test func `size decides between exposed garbage and a pile`() {
        let rules: ZoneRules = [
            .exposedGarbage: LeftObjectSettings(dwell: 60, size: 0.001...0.008),
            .garbagePile: LeftObjectSettings(dwell: 60, size: 0.01...1),
        ]
        let kinds: [(Double, [AlertKind])] = [
            (0.0005, []), (0.005, [.exposedGarbage]), (0.009, []), (0.01, [.garbagePile]), (0.05, [.garbagePile]),
        ]
        for (area, expected) in kinds {
            var watch = Watch(rules)
            watch.watch(16...200, thing(area: area))
            #expect(watch.opened.map(\.kind) == expected, "\(area)")
        }
        // Made out bit by bit, it is a pile all the same, and one alert.
        var watch = Watch(rules)
        watch.watch(16...20, thing(area: 0.005))
        watch.watch(22...200, thing(area: 0.02))
        #expect(watch.opened.map(\.kind) == [.garbagePile])
        #expect(watch.opened.map(\.confirmed.seconds) == [70])
    }

    @Test func `another thing in the same place starts the dwell again`() {
        var watch = Watch()
        watch.watch(16...60, thing())
        watch.watch(62...200, thing(since: 62))
        #expect(watch.opened.map(\.firstSeen.seconds) == [62])
        #expect(watch.opened.map(\.confirmed.seconds) == [122])
    }
}

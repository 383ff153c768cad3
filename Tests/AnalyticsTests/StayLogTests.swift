import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// A camera's street with its rules, and what a log of it says afterwards.
private struct Watch {
    var tracker = StationaryObjectTracker()
    var rules: RuleSet
    var book = IncidentBook(camera: "c") { _ in UUID() }
    let log: StayLog
    let zones: [(zone: Zone, rules: ZoneRules)]
    var opened: [Incident] = []

    init(_ rules: ZoneRules, log: StayLog = StayLog(), restored: WatchCheckpoint? = nil) {
        zones = [(Zone(id: "z", name: "", polygon: Self.box(0, 0.3, 1, 0.6)), rules)]
        tracker = StationaryObjectTracker(restored: restored)
        self.rules = RuleSet(zones.flatMap { $0.rules.rules(in: $0.zone, minimumScore: 0.35) }, restored: restored)
        self.log = log
    }

    static func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Polygon {
        Polygon([
            Point(x: x, y: y), Point(x: x + width, y: y), Point(x: x + width, y: y + height),
            Point(x: x, y: y + height),
        ])
    }

    mutating func see(_ scene: Scene) {
        let ended = tracker.update(with: scene)
        let look = Observation(scene: scene, stationary: tracker.stationary, ended: ended)
        log.note(look)
        opened += book.advance(rules.evaluate(look), at: scene.time).filter { $0.state == .opened }
    }

    mutating func watch(_ range: ClosedRange<Double>, _ things: (Double) -> [Street.Thing]) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
            see(Street().scene(at: seconds, things(seconds)))
        }
    }

    /// What the rules would have told, by the boxes.
    func told(_ zones: [(zone: Zone, rules: ZoneRules)]? = nil) -> [(box: Box, at: Double)] {
        let history = log.history
        return history.replay(zones ?? self.zones, minimumScore: 0.35).compactMap { told in
            guard let at = told.at, let stay = history.stays.first(where: { $0.number == told.stay }) else {
                return nil
            }
            return (stay.box, at.seconds)
        }
    }
}

@Suite struct StayLogTests {
    private static let slots = (0..<6).map { Box(x: 0.02 + 0.16 * Double($0), y: 0.45, width: 0.13, height: 0.13) }
    private static let car = Street.Thing(.car, slots[2])

    /// One vehicle of a random hour.
    private struct Visit {
        let slot: Int
        let from: Double
        let to: Double
        let look: Int
        /// A bus stands before it.
        let hidden: ClosedRange<Double>?
    }

    private static func hour(_ random: inout SeededGenerator) -> [Visit] {
        (0..<6).flatMap { slot -> [Visit] in
            var visits: [Visit] = []
            var time = Double.random(in: 0...300, using: &random)
            while time < 2400 {
                let stays: Double = [20, 60, 110, 130, 200, 600].randomElement(using: &random) ?? 60
                let end = time + stays + Double.random(in: 0...20, using: &random)
                let start = time + stays / 3
                let length: Double = [6, 20, 50].randomElement(using: &random) ?? 6
                let isHidden = stays > 100 && Int.random(in: 0..<3, using: &random) == 0
                visits.append(
                    Visit(
                        slot: slot, from: time, to: end, look: 100 * slot + visits.count,
                        hidden: isHidden ? start...(start + length) : nil))
                time = end + Double.random(in: 40...500, using: &random)
            }
            return visits
        }
    }

    @Test(.heavy, arguments: [1, 2, 3] as [UInt64])
    func `over a random hour it tells what the rule has told, vehicle by vehicle`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let visits = Self.hour(&random)
        var watch = Watch([.illegalParking: ParkingSettings(dwell: 120)])
        watch.watch(0...2400) { seconds in
            visits.filter { $0.from <= seconds && seconds < $0.to }.flatMap { visit -> [Street.Thing] in
                let car = Street.Thing(.car, Self.slots[visit.slot], look: visit.look)
                guard visit.hidden?.contains(seconds) == true else { return [car] }
                return [Street.Thing(.bus, Self.slots[visit.slot].grown(by: 0.05), look: 9000 + visit.look)]
            }
        }
        let told = watch.told()
        #expect(watch.opened.count > 4)
        #expect(told.count == watch.opened.count, "\(told) \(watch.opened.map { ($0.object.box, $0.confirmed) })")
        for incident in watch.opened {
            let found = told.first {
                $0.box.iou(incident.object.box) > 0.7 && abs($0.at - incident.confirmed.seconds) <= 8
            }
            #expect(found != nil, "\(incident.object.box) at \(incident.confirmed.seconds): \(told)")
        }
        // What nobody reported stood too short, or was hidden for too long.
        let stays = watch.log.history.stays
        #expect(stays.count >= watch.opened.count && stays.allSatisfy { $0.objectClass.isPlated })
    }

    @Test func `another zone, and another dwell, are told by the same looks`() {
        var watch = Watch([.illegalParking: ParkingSettings(dwell: 60)])
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [Self.car] }
        watch.watch(202...220) { _ in [] }
        let opened = watch.opened.map(\.confirmed.seconds)
        #expect(opened.count == 1 && opened.allSatisfy { (70...74).contains($0) })
        // The replay looks every four seconds.
        let told = watch.told().map(\.at)
        #expect(told.count == 1 && zip(told, opened).allSatisfy { (0...4).contains($0 - $1) })
        func zone(_ polygon: Polygon, _ settings: ParkingSettings) -> [(zone: Zone, rules: ZoneRules)] {
            [(Zone(id: "n", name: "", polygon: polygon), [.illegalParking: settings])]
        }
        let everywhere = Watch.box(0, 0, 1, 1)
        #expect(watch.told(zone(everywhere, ParkingSettings(dwell: 150))).count == 1)
        #expect(watch.told(zone(everywhere, ParkingSettings(dwell: 250))).isEmpty)
        #expect(watch.told(zone(Watch.box(0.6, 0, 0.4, 1), ParkingSettings(dwell: 60))).isEmpty)
        #expect(watch.told(zone(everywhere, ParkingSettings(dwell: 60, classes: [.bus]))).isEmpty)
        // Inside, and not long enough.
        let inside = watch.log.history.replay(zone(everywhere, ParkingSettings(dwell: 250)), minimumScore: 0.35)
        #expect(inside.map(\.at) == [nil] && inside.map(\.zone) == ["n"])
        // A graver kind in the same zone speaks for it.
        let both = watch.log.history.replay(
            [
                (
                    Zone(id: "n", name: "", polygon: everywhere),
                    [
                        .illegalParking: ParkingSettings(dwell: 60),
                        .fireLane: ParkingSettings(dwell: 60, queueVehicles: 0),
                    ]
                )
            ], minimumScore: 0.35)
        #expect(both.filter { $0.at != nil }.map(\.kind) == [.fireLane])
    }

    /// The street's date is 2026-09-21 14:13:20 UTC and so many seconds.
    @Test func `the hours of a rule hold in the past as well`() {
        var watch = Watch([.illegalParking: ParkingSettings(dwell: 60)])
        watch.watch(0...8) { _ in [] }
        watch.watch(10...400) { _ in [Self.car] }
        func told(_ from: Int, _ to: Int) -> [Double] {
            let windows = TimeWindows(windows: [.init(start: from, end: to)], timeZone: .gmt)
            let zone = Zone(id: "n", name: "", polygon: Watch.box(0, 0, 1, 1))
            return watch.told([(zone, [.illegalParking: ParkingSettings(dwell: 60, windows: windows)])]).map(\.at)
        }
        let scene = Street().scene(at: 0, []).date
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.hour, .minute], from: scene)
        let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
        #expect(told((minute + 3) % 1440, (minute + 30) % 1440).first.map { $0 > 200 } == true)
        #expect(told((minute + 60) % 1440, (minute + 90) % 1440).isEmpty)
    }

    @Test func `a thing is told once its ground was seen with it for long enough, and not while it is in doubt`() {
        let log = StayLog()
        let picture = Street().scene(at: 0, []).picture
        func see(_ range: ClosedRange<Double>, _ object: LeftObject) {
            for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
                var object = object
                if object.isVisible { object.lastSeen = MediaTime(seconds) }
                log.note(
                    Observation(
                        scene: Scene(
                            time: MediaTime(seconds), date: Date(timeIntervalSince1970: 1_790_000_000 + seconds),
                            detections: [], picture: picture), objects: [object]))
            }
        }
        func thing(_ presence: LeftObject.Presence = .visible, isThing: Bool = true, doubt: LeftObject.Doubt? = nil)
            -> LeftObject
        {
            LeftObject(
                id: 1, box: Box(x: 0.3, y: 0.5, width: 0.1, height: 0.1), area: 0.01, since: MediaTime(10),
                lastSeen: MediaTime(10), presence: presence, isThing: isThing, certainty: 0.9, identity: .thing,
                doubt: doubt)
        }
        func told(_ dwell: Double) -> [Double] {
            let zone = Zone(id: "z", name: "", polygon: Watch.box(0, 0, 1, 1))
            return log.history.replay([(zone, [.exposedGarbage: LeftObjectSettings(dwell: dwell)])], minimumScore: 0.35)
                .compactMap { $0.at?.seconds }
        }
        see(10...40, thing(isThing: false))
        see(42...100, thing())
        see(102...200, thing(doubt: .stirs))
        #expect(told(60).first.map { (70...76).contains($0) } == true)
        #expect(told(120).isEmpty)
        see(202...300, thing())
        #expect(told(120).first.map { (200...206).contains($0) } == true)
        see(302...302, thing(.gone(at: MediaTime(302))))
        #expect(log.history.stays.map { $0.until?.seconds } == [302])
        #expect(told(60).count == 1)
    }

    @Test func `a restart of the camera goes on with the same stay, and another clock begins anew`() {
        var watch = Watch([.illegalParking: ParkingSettings(dwell: 100)])
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [Self.car] }
        let kept = WatchCheckpoint(time: MediaTime(60), tracker: watch.tracker, rules: watch.rules)
        var next = Watch([.illegalParking: ParkingSettings(dwell: 100)], log: watch.log, restored: kept)
        next.watch(70...150) { _ in [Self.car] }
        #expect(watch.log.history.stays.count == 1)
        #expect(next.told().map(\.at).first.map { (110...114).contains($0) } == true)
        var other = Watch([.illegalParking: ParkingSettings(dwell: 100)], log: watch.log)
        other.watch(0...8) { _ in [] }
        #expect(watch.log.history.stays.isEmpty)
        #expect(watch.log.history.begin == MediaTime(0))
    }

    @Test func `it is bounded, forgets what is over for long, and knows nobody`() {
        let log = StayLog()
        let picture = Street().scene(at: 0, []).picture
        for number in 0..<1000 {
            let time = MediaTime(Double(number) * 2)
            let objects = (0..<3).map { index in
                LeftObject(
                    id: number * 3 + index, box: Box(x: 0.1 * Double(index), y: 0.5, width: 0.1, height: 0.1),
                    area: 0.01,
                    since: time, lastSeen: time, presence: .visible, isThing: true, certainty: 1, identity: .thing)
            }
            log.note(
                Observation(
                    scene: Scene(time: time, date: .distantPast, detections: [], picture: picture), objects: objects))
        }
        #expect(log.history.stays.count == 300)
        log.note(
            Observation(
                scene: Scene(time: MediaTime(9000), date: .distantPast, detections: [], picture: picture), objects: []))
        #expect(log.history.stays.isEmpty && log.history.lying.isEmpty)
        var watch = Watch([.illegalParking: ParkingSettings(dwell: 20)])
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [Street.Thing(.person, Self.slots[1])] }
        #expect(watch.log.history.stays.isEmpty)
    }
}

import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// Tracker, rule and incidents together, on scripted streets.
private struct Watch {
    var tracker: StationaryObjectTracker
    var rules: RuleSet
    var book: IncidentBook
    var changes: [Incident] = []
    private var time = MediaTime(0)

    var checkpoint: WatchCheckpoint { WatchCheckpoint(time: time, tracker: tracker, rules: rules) }

    init(
        _ settings: ParkingSettings = ParkingSettings(dwell: 20), restored: [Incident] = [],
        watch: WatchCheckpoint? = nil,
        in area: Box = Box(x: 0, y: 0.3, width: 1, height: 0.6)
    ) {
        tracker = StationaryObjectTracker(restored: watch)
        let polygon = Polygon([
            Point(x: area.x, y: area.y), Point(x: area.maxX, y: area.y), Point(x: area.maxX, y: area.maxY),
            Point(x: area.x, y: area.maxY),
        ])
        rules = RuleSet(
            [IllegalParking(zone: Zone(id: "z", name: "", polygon: polygon), settings: settings)], restored: watch)
        book = IncidentBook(camera: "c", restored: restored) { _ in UUID() }
    }

    mutating func see(_ scene: Scene) {
        let ended = tracker.update(with: scene)
        let findings = rules.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended))
        time = scene.time
        changes += book.advance(findings, at: scene.time)
    }

    /// Looks every `step` seconds over `range`.
    mutating func watch(
        _ range: ClosedRange<Double>, step: Double = 2, gain: Double = 1, jitter: Double = 0,
        _ things: (Double) -> [Street.Thing]
    ) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            see(Street().scene(at: seconds, things(seconds), gain: gain, jitter: jitter))
        }
    }

    var opened: [Incident] { changes.filter { $0.state == .opened } }
    var closed: [Incident] { changes.filter { $0.state == .closed } }
}

private let place = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)
private let car = Street.Thing(.car, place)

extension Street.Thing {
    fileprivate var undetected: Street.Thing {
        var thing = self
        thing.isDetected = false
        return thing
    }
}

@Suite struct ParkingTests {
    /// The stream breaks off while it stands there and comes back an hour later: nobody can vouch for that hour.
    @Test(arguments: [20.0, 40, 3600])
    func `a car that stands over a long gap begins anew, and over a short one goes on`(gap: Double) {
        var watch = Watch(ParkingSettings(dwell: 60))
        watch.watch(0...8) { _ in [] }
        watch.watch(10...20) { _ in [car] }
        let back = 20 + gap
        watch.watch(back...back + 120) { _ in [car] }
        #expect(watch.opened.map(\.firstSeen.seconds) == [gap > 30 ? back : 10])
        #expect(watch.opened.map(\.confirmed.seconds) == [(gap > 30 ? back : 10) + 60])
    }

    /// A tenth of the light leaves a car a few levels of contrast.
    @Test(arguments: [1, 0.2, 0.1, 0.07])
    func `a car that comes in the dark has come then, and has gone when it leaves`(
        light: Double
    ) {
        var watch = Watch(ParkingSettings(dwell: 20))
        watch.watch(0...18, gain: light) { _ in [] }
        watch.watch(20...60, gain: light) { _ in [car] }
        watch.watch(62...90, gain: light) { _ in [] }
        #expect(watch.opened.map(\.firstSeen.seconds) == [20] && watch.opened.map(\.confirmed.seconds) == [40])
        #expect(watch.closed.compactMap(\.closed?.seconds).allSatisfy { $0 <= 70 } && watch.closed.count == 1)
    }

    /// Every second look shows another lorry where it stood, whether that is found or not.
    @Test(arguments: [true, false]) func `what passes over the empty place does not delay the end`(isDetected: Bool) {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [car] }
        let wide = Box(x: 0.35, y: 0.35, width: 0.4, height: 0.3)
        watch.watch(62...74) { seconds in
            let lorry = Street.Thing(.truck, wide, look: Int(seconds), isDetected: isDetected)
            return Int(seconds) % 4 == 0 ? [lorry] : []
        }
        #expect(watch.closed.map(\.closed?.seconds) == [62])
        #expect(watch.opened.count == 1)
    }

    /// A site may look once a minute.
    @Test func `looks that are always rare are no gaps`() {
        var watch = Watch(ParkingSettings(dwell: 300))
        watch.watch(0...1200, step: 60) { $0 < 120 ? [] : [car] }
        #expect(watch.opened.map(\.confirmed.seconds) == [420])
    }

    /// The car's footprint is 0.4…0.6 × 0.53…0.6.
    @Test(arguments: [
        (Box(x: 0.45, y: 0.55, width: 0.05, height: 0.03), true),
        (Box(x: 0.45, y: 0.57, width: 0.05, height: 0.1), false),
        (Box(x: 0.45, y: 0.42, width: 0.05, height: 0.08), false),
    ]) func `a zone that is smaller than a car is violated by the car that stands on it`(area: Box, isViolated: Bool) {
        var watch = Watch(in: area)
        watch.watch(0...8) { _ in [] }
        watch.watch(10...80) { _ in [car] }
        #expect(watch.opened.count == (isViolated ? 1 : 0))
    }

    @Test func `a car that stays is one incident from its stop to its departure`() throws {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...80) { _ in [car] }
        watch.watch(82...100) { _ in [] }
        #expect(watch.opened.count == 1)
        let opened = try #require(watch.opened.first)
        #expect(opened.firstSeen.seconds == 10)
        #expect(opened.confirmed.seconds == 30)
        #expect(watch.closed.count == 1)
        #expect(watch.closed.first?.closed?.seconds == 82)
        #expect(watch.closed.first?.id == opened.id)
        #expect(watch.changes.map(\.revision) == Array(1...watch.changes.count))
    }

    /// Two cars wait for 30 s at a gate, every minute.
    private static func gate(_ seconds: Double) -> [Street.Thing] {
        let cycle = Int(seconds / 60)
        guard (10..<40).contains(seconds - Double(cycle) * 60) else { return [] }
        return [
            Street.Thing(.car, Box(x: 0.3, y: 0.4, width: 0.15, height: 0.15), look: 2 * cycle),
            Street.Thing(.car, Box(x: 0.5, y: 0.4, width: 0.15, height: 0.15), look: 2 * cycle + 1),
        ]
    }

    @Test func `where two and two wait and leave in turn, waiting is no parking, and who stays longer parks`() {
        var watch = Watch(ParkingSettings(dwell: 20))
        watch.watch(0...598) { Self.gate($0) }
        // Three times it must be seen, and nobody knows before.
        #expect(!watch.opened.isEmpty && watch.opened.allSatisfy { $0.confirmed.seconds < 180 })
        let before = watch.opened.count
        let parked = Street.Thing(.car, Box(x: 0.3, y: 0.4, width: 0.15, height: 0.15), look: 99)
        watch.watch(600...700) { $0 < 610 ? [] : [parked] }
        #expect(watch.opened.dropFirst(before).map(\.firstSeen.seconds) == [610])
        #expect(watch.opened.last.map { (640...660).contains($0.confirmed.seconds) } == true)
    }

    /// Each by itself, with minutes between: they have parked, one after another.
    @Test func `those that stop one by one in a place are told, each of them`() {
        var watch = Watch(ParkingSettings(dwell: 20))
        watch.watch(0...598) { seconds in
            let cycle = Int(seconds / 60)
            guard (10..<40).contains(seconds - Double(cycle) * 60) else { return [] }
            return [Street.Thing(.car, place, look: cycle)]
        }
        #expect(watch.opened.count == 10)
    }

    @Test func `where no queue is presumed nobody is given time to wait`() {
        var watch = Watch(ParkingSettings(dwell: 20, queueVehicles: 0))
        watch.watch(0...598) { Self.gate($0) }
        #expect(watch.opened.count == 20)
    }

    /// Once the detector takes the whole scene for a lorry, and the scene looks as it did ever since.
    @Test func `a box that was drawn once around a whole scene hides no car that stops in it`() throws {
        var watch = Watch()
        let scene = Street.Thing(.truck, Box(x: 0.3, y: 0.3, width: 0.4, height: 0.4), look: 5)
        watch.watch(0...4) { $0 == 2 ? [scene] : [scene.undetected] }
        watch.watch(6...20) { _ in [scene.undetected] }
        watch.watch(22...60) { _ in [scene.undetected, car] }
        #expect(watch.opened.map(\.firstSeen.seconds) == [22])
    }

    /// Of five tiles one is looked at in a look: the car is found in each fifth one and stands there in all.
    @Test func `looks in which the detector was not asked do not count against a car`() throws {
        for (unasked, isTold) in [([place], true), ([], false)] {
            var watch = Watch()
            watch.watch(0...8) { _ in [] }
            for index in 0...30 {
                let isAsked = index.isMultiple(of: 5)
                let scene = Street().scene(at: 10 + Double(index) * 2, [isAsked ? car : car.undetected])
                watch.see(
                    Scene(
                        time: scene.time, date: scene.date, detections: scene.detections, picture: scene.picture,
                        unasked: isAsked ? [] : unasked))
            }
            #expect(watch.opened.count == (isTold ? 1 : 0))
        }
    }

    /// The same five tiles; now and then what passes is found in the whole picture, and the place looks as if it stood there.
    @Test func `what the looks that search for a car never find is none`() {
        for (isFoundThen, isTold) in [(false, false), (true, true)] {
            var watch = Watch(ParkingSettings(dwell: 40))
            watch.watch(0...8) { _ in [] }
            for index in 0...30 {
                let isAsked = index.isMultiple(of: 5)
                let isFound = index == 0 || (isAsked ? isFoundThen : index % 5 == 2)
                let scene = Street().scene(at: 10 + Double(index) * 2, [isFound ? car : car.undetected])
                watch.see(
                    Scene(
                        time: scene.time, date: scene.date, detections: scene.detections, picture: scene.picture,
                        unasked: isAsked ? [] : [place]))
            }
            #expect(watch.opened.count == (isTold ? 1 : 0))
        }
    }

    /// The white line beside a car is most of what its box shows: the road correlates with it by 0.75.
    @Test func `a road that resembles the car on it is empty again though a tail was there a look before`() {
        let tail = Street.Thing(.car, Box(x: 0.5, y: 0.55, width: 0.2, height: 0.2), look: 3)
        var watch = Watch(ParkingSettings(dwell: 8))
        for seconds in stride(from: 0.0, through: 40, by: 2) {
            let isThere = seconds == 12 || seconds == 16
            let things = isThere ? [car] : seconds == 10 ? [tail] : []
            watch.see(
                Street().scene(at: seconds, things) { canvas in
                    if isThere { canvas.relight(place) { x, y, _ in Double(20 + Street.noise(x / 6, y / 6, 1) % 140) } }
                    let line = Box(x: place.x, y: place.y, width: place.width * 0.12, height: place.height)
                    canvas.relight(line) { _, _, _ in 230 }
                })
        }
        #expect(watch.changes.isEmpty)
    }

    /// A lorry is found so often and stands there in all looks; in the others the detector was not asked.
    @Test(arguments: [(drivesUp: true, finds: 1, isTold: false), (true, 2, true), (false, 2, false), (false, 3, true)])
    func `one box is no vehicle, nor are two where nothing was seen to arrive`(
        drivesUp: Bool, finds: Int, isTold: Bool
    ) {
        let lorry = Street.Thing(.truck, place, score: 0.42)
        var watch = Watch()
        watch.watch(0...8) { _ in drivesUp ? [] : [lorry.undetected] }
        for index in 0...30 {
            let scene = Street().scene(at: 10 + Double(index) * 2, [index < finds ? lorry : lorry.undetected])
            watch.see(
                Scene(
                    time: scene.time, date: scene.date, detections: scene.detections, picture: scene.picture,
                    unasked: index < finds ? [] : [place]))
        }
        #expect(watch.opened.count == (isTold ? 1 : 0))
    }

    @Test(arguments: [1.0, 2.0, 2.5]) func `a stop shorter than the threshold opens nothing`(step: Double) {
        var watch = Watch()
        watch.watch(0...8, step: step) { _ in [] }
        watch.watch(10...28, step: step) { _ in [car] }
        watch.watch(30...60, step: step) { _ in [] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a moving car opens nothing`() {
        var watch = Watch(ParkingSettings(dwell: 4))
        watch.watch(0...60) { seconds in
            [
                Street.Thing(
                    .car, Box(x: seconds.truncatingRemainder(dividingBy: 16) * 0.05, y: 0.4, width: 0.2, height: 0.2))
            ]
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func `two isolated sightings never add up`() {
        var watch = Watch()
        watch.watch(0...60) { seconds in seconds == 10 || seconds == 40 ? [car] : [] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a bus in front of the car for twenty seconds does not end the incident`() {
        let bus = Street.Thing(.bus, Box(x: 0.35, y: 0.3, width: 0.4, height: 0.4), look: 7)
        var watch = Watch(ParkingSettings(dwell: 30))
        watch.watch(0...8) { _ in [] }
        watch.watch(10...18) { _ in [car] }
        watch.watch(20...38) { _ in [Street.Thing(.car, place, isDetected: false), bus] }
        watch.watch(40...90) { _ in [car] }
        watch.watch(92...110) { _ in [Street.Thing(.car, place, isDetected: false), bus] }
        watch.watch(112...130) { _ in [car] }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
    }

    @Test func `a car that the detector misses for a while is one incident`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...100) { seconds in
            [Street.Thing(.car, place, isDetected: seconds.truncatingRemainder(dividingBy: 6) == 4)]
        }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
    }

    @Test func `jittering boxes and changes of light do not split an incident`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...50, jitter: 0.01) { _ in [car] }
        watch.watch(52...90, gain: 0.7, jitter: 0.01) { _ in [car] }
        watch.watch(92...120, gain: 1.1, jitter: 0.01) { _ in [car] }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
    }

    @Test func `another car in the same place begins anew`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...24) { _ in [car] }
        watch.watch(26...42) { _ in [Street.Thing(.car, place, look: 5)] }
        watch.watch(44...60) { _ in [] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a car outside the zone opens nothing, nor does another class within it`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in
            [
                Street.Thing(.car, Box(x: 0.4, y: 0, width: 0.2, height: 0.2)),
                Street.Thing(.bicycle, place, look: 3),
            ]
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a queue that moves on is not parking`() {
        var watch = Watch(ParkingSettings(dwell: 20, queuePatience: 60))
        let lane = (0..<4).map {
            Street.Thing(.car, Box(x: 0.05 + Double($0) * 0.22, y: 0.4, width: 0.2, height: 0.2), look: $0 + 1)
        }
        watch.watch(0...8) { _ in [] }
        watch.watch(10...70) { _ in lane }
        watch.watch(72...90) { _ in [] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a car that stays when the queue moves on counts from then`() throws {
        var watch = Watch(ParkingSettings(dwell: 20, queuePatience: 60))
        let lane = (0..<4).map {
            Street.Thing(.car, Box(x: 0.05 + Double($0) * 0.22, y: 0.4, width: 0.2, height: 0.2), look: $0 + 1)
        }
        watch.watch(0...8) { _ in [] }
        watch.watch(10...40) { _ in lane }
        watch.watch(42...90) { _ in [lane[1]] }
        #expect(watch.opened.count == 1)
        let opened = try #require(watch.opened.first)
        #expect(opened.firstSeen.seconds >= 40 && opened.confirmed.seconds >= 60)
    }

    /// Nobody saw when the others stopped.
    @Test func `a car that stops beside two that were there in the first picture is no queue with them`() {
        var watch = Watch(ParkingSettings(dwell: 20, queuePatience: 60))
        let lane = (0..<3).map {
            Street.Thing(.car, Box(x: 0.05 + Double($0) * 0.22, y: 0.4, width: 0.2, height: 0.2), look: $0 + 1)
        }
        watch.watch(0...18) { _ in Array(lane.prefix(2)) }
        watch.watch(20...60) { _ in lane }
        #expect(watch.opened.map(\.confirmed.seconds).sorted() == [20, 20, 40])
    }

    @Test func `those that were there in the first picture may be a queue among themselves`() {
        var watch = Watch(ParkingSettings(dwell: 20, queuePatience: 60))
        let lane = (0..<3).map {
            Street.Thing(.car, Box(x: 0.05 + Double($0) * 0.22, y: 0.4, width: 0.2, height: 0.2), look: $0 + 1)
        }
        watch.watch(0...60) { _ in lane }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a row that never moves is parked after all`() {
        var watch = Watch(ParkingSettings(dwell: 20, queuePatience: 60))
        let lane = (0..<3).map {
            Street.Thing(.car, Box(x: 0.05 + Double($0) * 0.22, y: 0.4, width: 0.2, height: 0.2), look: $0 + 1)
        }
        watch.watch(0...8) { _ in [] }
        watch.watch(10...120) { _ in lane }
        #expect(watch.opened.count == 3)
        #expect(watch.opened.allSatisfy { $0.confirmed.seconds >= 90 })
    }

    @Test func `the part of a stop before the forbidden hours does not count`() throws {
        // 1 790 000 000 is 14:13:20 UTC: the window opens 40 s later, with minute 854 of the day.
        let windows = TimeWindows(windows: [.init(start: 854, end: 1000)], timeZone: .gmt)
        var watch = Watch(ParkingSettings(dwell: 20, windows: windows))
        watch.watch(0...8) { _ in [] }
        watch.watch(10...100) { _ in [car] }
        let opened = try #require(watch.opened.first)
        #expect(watch.opened.count == 1)
        #expect(opened.confirmed.seconds == 60)
    }

    @Test func `what looks like a lorry from the first picture on needs better scores`() {
        let banner = Street.Thing(.truck, place, score: 0.38)
        var watch = Watch()
        watch.watch(0...100) { _ in [banner] }
        #expect(watch.changes.isEmpty)
        var arrival = Watch()
        arrival.watch(0...8) { _ in [] }
        arrival.watch(10...100) { _ in [banner] }
        #expect(arrival.opened.count == 1)
    }

    @Test func `a restart adopts the car that is still there and closes the one that has gone`() throws {
        var first = Watch()
        let other = Street.Thing(.car, Box(x: 0.1, y: 0.6, width: 0.2, height: 0.2), look: 4)
        first.watch(0...8) { _ in [] }
        first.watch(10...60) { _ in [car, other] }
        #expect(first.opened.count == 2)
        var second = Watch(restored: first.book.open)
        second.watch(70...120) { _ in [car] }
        #expect(second.opened.isEmpty)
        #expect(second.closed.count == 1)
        #expect(second.closed.first?.object.box == other.box)
        second.watch(122...140) { _ in [] }
        #expect(second.closed.count == 2)
        #expect(Set(second.closed.map(\.id)) == Set(first.opened.map(\.id)))
    }

    @Test func `a dwell that a kill interrupts opens on time`() throws {
        var first = Watch(ParkingSettings(dwell: 60))
        first.watch(0...8) { _ in [] }
        first.watch(10...50) { _ in [car] }
        #expect(first.changes.isEmpty)
        let kept = try #require(WatchCheckpoint(data: try first.checkpoint.data()))
        var second = Watch(ParkingSettings(dwell: 60), watch: kept)
        second.watch(58...100) { _ in [car] }
        let opened = try #require(second.opened.first)
        #expect(second.opened.count == 1)
        #expect(opened.firstSeen.seconds == 10)
        #expect(opened.confirmed.seconds == 70)
    }

    @Test func `the dwell before a kill is not lent to another car`() {
        var first = Watch(ParkingSettings(dwell: 60))
        first.watch(0...8) { _ in [] }
        first.watch(10...50) { _ in [car] }
        for (gap, look) in [(8.0, 5), (400, 1)] {
            var second = Watch(ParkingSettings(dwell: 60), watch: first.checkpoint)
            second.watch(50 + gap...50 + gap + 40) { _ in [Street.Thing(.car, place, look: look)] }
            #expect(second.changes.isEmpty)
        }
    }

    @Test func `the time before the forbidden hours does not count after a kill either`() throws {
        let windows = TimeWindows(windows: [.init(start: 854, end: 1000)], timeZone: .gmt)
        var first = Watch(ParkingSettings(dwell: 60, windows: windows))
        first.watch(0...8) { _ in [] }
        first.watch(10...50) { _ in [car] }
        var second = Watch(ParkingSettings(dwell: 60, windows: windows), watch: first.checkpoint)
        second.watch(58...120) { _ in [car] }
        #expect(try #require(second.opened.first).confirmed.seconds == 100)
    }

    private static let bus = Street.Thing(.bus, Box(x: 0.35, y: 0.3, width: 0.4, height: 0.4), look: 7)

    @Test func `a bus in front of the car at the first looks after a restart ends nothing`() {
        var first = Watch()
        first.watch(0...8) { _ in [] }
        first.watch(10...60) { _ in [car] }
        var second = Watch(restored: first.book.open, watch: first.checkpoint)
        second.watch(70...86) { _ in [Street.Thing(.car, place, isDetected: false), Self.bus] }
        second.watch(88...140) { _ in [car] }
        #expect(second.opened.isEmpty && second.closed.isEmpty)
        second.watch(142...160) { _ in [] }
        #expect(second.closed.map(\.id) == first.opened.map(\.id))
        #expect(second.closed.first?.closed?.seconds == 142)
    }

    @Test func `a kill while the car seems to have gone forgets nothing`() {
        var first = Watch()
        first.watch(0...8) { _ in [] }
        first.watch(10...60) { _ in [car] }
        first.watch(62...62) { _ in [Street.Thing(.car, place, isDetected: false), Self.bus].map { $0.undetected } }
        #expect(first.tracker.isInDoubt)
        var second = Watch(restored: first.book.open, watch: first.checkpoint)
        second.watch(70...100) { _ in [car] }
        #expect(second.changes.filter { $0.state != .updated }.isEmpty)
        #expect(second.tracker.stationary.map(\.since.seconds) == [10])
    }

    @Test func `another box around the car is no second car`() {
        var watch = Watch()
        var shifted = car
        shifted.box = Box(x: 0.45, y: 0.44, width: 0.22, height: 0.22)
        shifted.isDrawn = false
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [car] }
        watch.watch(62...200) { _ in [Street.Thing(.car, place, isDetected: false), shifted] }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
        #expect(watch.tracker.stationary.count == 1)
    }

    /// It stops, rolls on by half its length, and the detector draws a second box around it in some looks: one vehicle, not a
    /// queue of three that is given time.
    @Test(arguments: [20.0, 40]) func `a car that turns into its place is one vehicle`(dwell: Double) {
        var watch = Watch(ParkingSettings(dwell: dwell))
        let stops = [0.3, 0.4, 0.5].map { Street.Thing(.car, Box(x: $0, y: 0.4, width: 0.2, height: 0.2)) }
        let second = Street.Thing(
            .car, Box(x: 0.5, y: 0.33, width: 0.16, height: 0.22), score: 0.4, isDrawn: false)
        watch.watch(0...8) { _ in [] }
        watch.watch(10...12) { _ in [stops[0]] }
        watch.watch(14...16) { _ in [stops[1]] }
        watch.watch(18...118) { $0.truncatingRemainder(dividingBy: 6) == 0 ? [stops[2], second] : [stops[2]] }
        #expect(watch.opened.map(\.confirmed.seconds) == [18 + dwell])
        #expect(watch.tracker.stationary.count { $0.isEstablished } == 1)
    }

    @Test func `second boxes around the cars of a queue do not count as cars`() {
        let lane = (0..<3).map {
            Street.Thing(.car, Box(x: 0.05 + Double($0) * 0.22, y: 0.4, width: 0.2, height: 0.2), look: $0 + 1)
        }
        let second = lane.map {
            Street.Thing(
                .car, Box(x: $0.box.x + 0.02, y: 0.36, width: 0.2, height: 0.22), score: 0.4, isDrawn: false)
        }
        for count in [2, 3] {
            var watch = Watch(ParkingSettings(dwell: 20, queuePatience: 60))
            watch.watch(0...8) { _ in [] }
            watch.watch(10...70) {
                Array(lane[..<count] + ($0.truncatingRemainder(dividingBy: 6) == 4 ? second[..<count] : []))
            }
            // Two are no queue, and three that have second boxes none of six.
            #expect(watch.opened.isEmpty == (count == 3), "\(count) cars")
        }
    }

    @Test func `two cars that overlap are two incidents`() {
        var watch = Watch()
        let behind = Street.Thing(.car, Box(x: 0.48, y: 0.36, width: 0.2, height: 0.2), look: 4)
        watch.watch(0...8) { _ in [] }
        watch.watch(10...80) { _ in [behind, car] }
        #expect(watch.opened.count == 2)
    }

    @Test func `a hidden car is kept even where the detector misses what hides it`() {
        var watch = Watch()
        let hidden = Street.Thing(.car, place, isDetected: false)
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [car] }
        watch.watch(62...100) { seconds in [hidden, seconds < 66 ? Self.bus : Self.bus.undetected] }
        watch.watch(102...120) { _ in [car] }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
    }

    @Test func `a visible part of the car vouches for the whole for a while`() {
        var watch = Watch()
        let hidden = Street.Thing(.car, place, isDetected: false)
        let box = Street.Thing(.person, Box(x: 0.4, y: 0.52, width: 0.2, height: 0.08), look: 9, isDetected: false)
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [car] }
        watch.watch(62...100) { _ in [hidden, box] }
        #expect(watch.closed.isEmpty)
        watch.watch(102...140) { _ in [car] }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
        watch.watch(142...300) { _ in [hidden, box] }
        #expect(watch.closed.count == 1)
    }

    /// A law: whatever the stop's length and the sampling, there is an incident if it is clearly longer than the
    /// threshold and none if it is shorter.
    @Test func `a stop opens if it is longer than the dwell and not if it is shorter`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<40 {
            let length = Double.random(in: 4...60, using: &generator)
            let step = Double.random(in: 0.5...3, using: &generator)
            var watch = Watch()
            watch.watch(0...100, step: step) { seconds in seconds >= 10 && seconds < 10 + length ? [car] : [] }
            if length < 20 { #expect(watch.opened.isEmpty, "\(length) s, a look each \(step) s") }
            if length > 20 + 2 * step { #expect(watch.opened.count == 1, "\(length) s, a look each \(step) s") }
        }
    }
}

import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// One car that is parked for eight hours of a camera's time, through all that makes a tracker lose it, by a seed.
private struct LongStay {
    /// What the detector, the street or the process does at a time, in seconds.
    enum Event {
        /// The detector misses it.
        case missed
        /// The detector draws another box around it: so much to the right and down, and so many times as large.
        case otherBox(x: Double, y: Double, size: Double)
        case otherClass(ObjectClass)
        /// The process is killed and started again at the end.
        case restart
        /// A bus stands before it.
        case bus
    }

    static let arrival = 20.0
    static let departure = arrival + 8 * 3600
    static let end = departure + 60
    static let dwell = 300.0
    static let nightfall = 3 * 3600.0
    static let morning = 6.5 * 3600
    static let car = Box(x: 0.4, y: 0.45, width: 0.16, height: 0.2)

    let events: [(event: Event, from: Double, to: Double)]
    private var random: SeededGenerator

    init(seed: UInt64, losses: Int = 24, occlusions: Int = 12) {
        random = SeededGenerator(seed: seed)
        // In the middle of the dwell; then anywhere, over one another too.
        var events: [(event: Event, from: Double, to: Double)] = [
            (.missed, 60, 74), (.restart, 120, 140), (.bus, 200, 220),
        ]
        func time(_ random: inout SeededGenerator) -> Double {
            2 * Double(Int.random(in: 200...14_300, using: &random))
        }
        for _ in 0..<occlusions {
            let from = time(&random)
            events.append((.bus, from, from + 20))
        }
        for index in 0..<losses {
            let from = time(&random)
            let missed = from + 2 * Double(Int.random(in: 3...14, using: &random))
            let shown = missed + Double(Int.random(in: 20...900, using: &random))
            switch index % 4 {
            case 0: events.append((.restart, from, missed))
            case 1:
                let classes: [ObjectClass] = [.truck, .bus]
                events.append((.otherClass(classes[index / 4 % 2]), from, shown))
            default:
                events.append((.missed, from, missed))
                let (dx, dy) = (
                    Double.random(in: -0.2...0.2, using: &random), Double.random(in: -0.2...0.2, using: &random)
                )
                let size = Double.random(in: 0.85...1.2, using: &random)
                events.append((.otherBox(x: dx, y: dy, size: size), missed, shown))
            }
        }
        self.events = events
    }

    /// How often the tracker is made to lose it: each miss comes back with another box.
    var losses: Int {
        events.count { event, _, _ in
            switch event {
            case .missed, .otherClass, .restart: true
            case .otherBox, .bus: false
            }
        }
    }

    /// Between the two, infra-red.
    static func isNight(_ time: Double) -> Bool { time >= nightfall && time < morning }

    /// How bright the day is, in sixteenths.
    static func light(_ time: Double) -> Int {
        let darkness =
            time < nightfall ? (time - nightfall + 3600) / 3600 : 1 - max(0, time - morning) / 3600
        return isNight(time) ? 16 : 16 - Int((12 * min(1, max(0, darkness))).rounded())
    }

    func isDone(_ time: Double, _ isEvent: (Event) -> Bool) -> Bool {
        events.contains { isEvent($0.event) && time >= $0.from && time < $0.to }
    }

    /// What the detector says of a picture that it is shown.
    mutating func detections(at time: Double, hasCar: Bool, hasBus: Bool, passing: Int) -> [Detection] {
        func jitter(_ box: Box) -> Box {
            var box = box
            box.x += Double.random(in: -0.004...0.004, using: &random)
            box.y += Double.random(in: -0.004...0.004, using: &random)
            return box
        }
        let chance = Double.random(in: 0..<1, using: &random)
        let score = Double.random(in: Self.isNight(time) ? 0.3...0.6 : 0.4...0.8, using: &random)
        var detections: [Detection] = []
        // It misses the bus too, now and then.
        if hasBus, chance > 0.05 { detections.append(.init(objectClass: .bus, score: 0.7, box: jitter(Pictures.bus))) }
        if passing > 0, !hasBus, chance < 0.8 {
            detections.append(.init(objectClass: .car, score: 0.5, box: jitter(Pictures.passing(passing))))
        }
        guard hasCar, !hasBus, chance > 0.1 else { return detections }
        var (box, kind) = (Self.car, ObjectClass.car)
        for (event, from, to) in events where time >= from && time < to {
            switch event {
            case .missed: return detections
            case .otherClass(let other): kind = other
            case .otherBox(let x, let y, let size):
                box = Box(
                    x: Self.car.x + x * Self.car.width, y: Self.car.y + y * Self.car.height,
                    width: Self.car.width * size, height: Self.car.height * size)
            case .restart, .bus: break
            }
        }
        detections.append(.init(objectClass: kind, score: score, box: jitter(box)))
        return detections
    }

    mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
}

/// The pictures of the street, each drawn once.
private struct Pictures {
    static let width = 160
    static let height = 90
    static let bus = Box(x: 0.33, y: 0.3, width: 0.36, height: 0.4)

    /// It passes in front, low enough to touch the parked car.
    static func passing(_ place: Int) -> Box {
        Box(x: 0.18 * Double(place) - 0.1, y: 0.6, width: 0.16, height: 0.2)
    }

    private struct Key: Hashable {
        let hasCar: Bool
        let hasBus: Bool
        /// Of a car that passes, 0 where none does.
        let passing: Int
        let light: Int
        let isNight: Bool
        let variant: Int
    }

    private var drawn: [Key: GreyImage] = [:]

    mutating func picture(at time: Double, hasCar: Bool, hasBus: Bool, passing: Int) -> GreyImage {
        let isNight = LongStay.isNight(time)
        let key = Key(
            hasCar: hasCar, hasBus: hasBus, passing: passing, light: LongStay.light(time), isNight: isNight,
            variant: Int(time / 2) % 5)
        if let picture = drawn[key] { return picture }
        let picture = Self.draw(key)
        drawn[key] = picture
        return picture
    }

    private static func draw(_ key: Key) -> GreyImage {
        var pixels = [UInt8](repeating: 0, count: width * height)
        func fill(_ box: Box, _ value: (Int, Int) -> Int) {
            let (left, top) = (Int(box.x * Double(width)), Int(box.y * Double(height)))
            for y in max(0, top)..<min(height, Int(box.maxY * Double(height))) {
                for x in max(0, left)..<min(width, Int(box.maxX * Double(width))) {
                    pixels[y * width + x] = UInt8(clamping: value(x - left, y - top))
                }
            }
        }
        fill(Box(x: 0, y: 0, width: 1, height: 1)) { x, y in
            70 + x / 5 + Street.noise(x / 8, y / 8, 99) % 90 + Street.noise(x, y, 0) % 5
        }
        if key.hasCar { fill(LongStay.car) { x, y in 20 + Street.noise(x / 4, y / 4, 1) % 210 } }
        if key.passing > 0 {
            fill(passing(key.passing)) { x, y in 20 + Street.noise(x / 4, y / 4, 40 + key.passing) % 210 }
        }
        if key.hasBus { fill(bus) { x, y in 20 + Street.noise(x / 7, y / 7, 7) % 210 } }
        guard var picture = GreyImage(width: width, height: height, pixels: pixels) else {
            preconditionFailure("as many pixels as a picture has")
        }
        if key.isNight { picture = Retouch.infrared(picture, seed: key.variant) }
        if key.isNight, key.passing > 0 {
            // Its headlights, before it.
            let (x0, y0) = (Double(key.passing) * 0.18 * Double(width), 0.65 * Double(height))
            var lit = picture.pixels
            for at in lit.indices {
                let (dx, dy) = (Double(at % width) - x0 - 12, Double(at / width) - y0)
                lit[at] = UInt8(clamping: Int(lit[at]) + Int(150 * exp(-(dx * dx + 4 * dy * dy) / 400)))
            }
            picture = GreyImage(width: width, height: height, pixels: lit) ?? picture
        }
        let gain = Double(key.light) / 16
        return Retouch.noise(
            gain < 1 ? Retouch.gain(picture, gain) : picture, 2.5, seed: key.variant &* 31 &+ key.light)
    }
}

/// What the pipeline does with looks, without its detector.
private struct Watch {
    var monitor = ViewMonitor()
    var tracker = StationaryObjectTracker()
    var rules = RuleSet([Self.rule])
    private var time = MediaTime(0)
    var book = IncidentBook(camera: "c") { _ in UUID() }
    var changes: [Incident] = []

    private static var rule: IllegalParking {
        let polygon = Polygon([
            Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 0.9), Point(x: 0, y: 0.9),
        ])
        return IllegalParking(
            zone: Zone(id: "z", name: "", polygon: polygon), settings: ParkingSettings(dwell: LongStay.dwell))
    }

    mutating func see(_ picture: GreyImage, _ detections: [Detection], at seconds: Double) {
        time = MediaTime(seconds)
        let judgement = monitor.judge(picture, at: time)
        if judgement.hasNewAppearance { tracker.appearanceChanged(at: time) }
        guard judgement.isClear else { return tracker.interrupt() }
        let scene = Scene(
            time: time, date: Date(timeIntervalSince1970: 1_790_000_000 + seconds), detections: detections,
            picture: picture)
        let ended = tracker.update(with: scene)
        changes += book.advance(
            rules.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended)), at: time)
    }

    /// As after a kill: what was on disk comes back.
    mutating func restart() throws {
        let checkpoint = WatchCheckpoint(time: time, tracker: tracker, rules: rules)
        let kept = try #require(WatchCheckpoint(data: try checkpoint.data()))
        monitor = ViewMonitor()
        tracker = StationaryObjectTracker(restored: kept)
        rules = RuleSet([Self.rule], restored: kept)
        book = IncidentBook(camera: "c", restored: book.open) { _ in UUID() }
    }
}

@Suite(.heavy) struct LongParkingTests {
    @Test(arguments: [1, 2, 20] as [UInt64])
    func `eight hours of lost detections, buses and a night are one alert`(seed: UInt64) throws {
        var stay = LongStay(seed: seed)
        var pictures = Pictures()
        var watch = Watch()
        var detections: [Detection] = []
        var shown: (state: [Int], at: Double) = ([], -10)
        var isDown = false
        var looks = 0
        for time in stride(from: 0, through: LongStay.end, by: 2) {
            let restarts = stay.isDone(time) { if case .restart = $0 { true } else { false } }
            if restarts {
                isDown = true
                continue
            }
            if isDown {
                isDown = false
                try watch.restart()
                shown.at = -10
            }
            let hasCar = time >= LongStay.arrival && time < LongStay.departure
            let hasBus = stay.isDone(time) { if case .bus = $0 { true } else { false } }
            // What passes is somewhere else in each look.
            let passing = stay.chance(0.1) ? 1 + Int(time / 2) % 5 : 0
            // The gate: what looks the same is not shown to the detector for up to ten seconds.
            let state = [hasCar ? 1 : 0, hasBus ? 1 : 0, passing, LongStay.isNight(time) ? 1 : 0]
            if state != shown.state || time - shown.at >= 10 || watch.tracker.isInDoubt || stay.chance(0.3) {
                detections = stay.detections(at: time, hasCar: hasCar, hasBus: hasBus, passing: passing)
                shown = (state, time)
            }
            watch.see(
                pictures.picture(at: time, hasCar: hasCar, hasBus: hasBus, passing: passing), detections, at: time)
            looks += 1
        }
        #expect(looks > 14_000)
        #expect(stay.events.count { if case .bus = $0.event { true } else { false } } >= 10)
        #expect(stay.losses >= 20)
        #expect(watch.changes.map(\.state).filter { $0 != .updated } == [.opened, .closed])
        #expect(Set(watch.changes.map(\.id)).count == 1)
        let opened = try #require(watch.changes.first)
        // Each of them in one to three looks: the detector may be late, and something may pass just then.
        #expect((LongStay.arrival...LongStay.arrival + 4).contains(opened.firstSeen.seconds))
        #expect((0...4).contains(opened.confirmed - opened.firstSeen - LongStay.dwell))
        let closed = try #require(watch.changes.last?.closed?.seconds)
        #expect((LongStay.departure...LongStay.departure + 6).contains(closed))
    }
}

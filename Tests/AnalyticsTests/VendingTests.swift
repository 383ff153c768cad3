import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// Tracker, rule and incidents together, on scripted streets.
private struct Watch {
    var tracker = StationaryObjectTracker()
    var rule: SuspectedVending
    var book = IncidentBook(camera: "c") { _ in UUID() }
    var changes: [Incident] = []
    static let street = Street(isTextured: false)

    init(_ settings: VendingSettings = VendingSettings(dwell: 40), kind: AlertKind = .roadVending) {
        let zone = Zone(
            id: "z", name: "",
            polygon: Polygon([Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 1), Point(x: 0, y: 1)]),
            surface: .pavement)
        rule = SuspectedVending(kind: kind, zone: zone, settings: settings)
    }

    /// Looks every two seconds over `range`.
    mutating func watch(
        _ range: ClosedRange<Double>, objects: [LeftObject] = [], _ things: (Double) -> [Street.Thing]
    ) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
            let scene = Self.street.scene(at: seconds, things(seconds))
            let ended = tracker.update(with: scene)
            let findings = rule.evaluate(
                Observation(scene: scene, stationary: tracker.stationary, ended: ended, objects: objects))
            changes += book.advance(findings, at: scene.time)
        }
    }

    var opened: [Incident] { changes.filter { $0.state == .opened } }
    var closed: [Incident] { changes.filter { $0.state == .closed } }
}

private let person = Box(x: 0.5, y: 0.45, width: 0.06, height: 0.25)
private let seller = Street.Thing(.person, person, look: 2)
/// 0.14 of the picture's width is the person's height.
private let wideUmbrella = Street.Thing(.umbrella, Box(x: 0.45, y: 0.37, width: 0.16, height: 0.07), look: 3)
private let ownUmbrella = Street.Thing(.umbrella, Box(x: 0.485, y: 0.41, width: 0.09, height: 0.05), look: 3)
private let table = Street.Thing(.diningTable, Box(x: 0.52, y: 0.6, width: 0.1, height: 0.1), look: 4)
private let fruit = Street.Thing(.orange, Box(x: 0.56, y: 0.6, width: 0.03, height: 0.03), look: 5)
private let tricycle = Street.Thing(.motorcycle, Box(x: 0.55, y: 0.55, width: 0.1, height: 0.15), look: 6)

private func aside(_ thing: Street.Thing, by x: Double, tint: Int = 0) -> Street.Thing {
    var thing = thing
    thing.box.x += x
    thing.tint = tint
    return thing
}

/// Somebody of a look of their own who stops there for so long.
private struct Visit {
    let from: Double
    var seconds = 8.0
    let tint: Int
    var aside = 0.1

    func things(at time: Double) -> [Street.Thing] {
        guard from...from + seconds ~= time else { return [] }
        var customer = seller
        customer.box.x += aside
        customer.tint = tint
        return [customer]
    }
}

/// One after another, four who look different.
private let customers = [(20, -60), (46, 60), (70, -100), (96, 100)].map { Visit(from: $0.0, tint: $0.1) }

@Suite(.heavy) struct LingeringPeopleTests {
    /// A step is as long across as along, whatever the picture's shape; a third of a person's height is still staying.
    @Test(arguments: [(320, 180), (180, 320), (240, 240)])
    func `a step is measured in heights of the person`(width: Int, height: Int) throws {
        let picture = try #require(
            GreyImage(width: width, height: height, pixels: [UInt8](repeating: 110, count: width * height)))
        let tall = 0.2
        func staying(_ step: (x: Double, y: Double)) -> Int {
            var people = LingeringPeople()
            for look in 0..<6 {
                let side = look.isMultiple(of: 2) ? 1.0 : 0
                let box = Box(
                    x: 0.4 + side * step.x * Double(height) / Double(width), y: 0.4 + side * step.y, width: 0.05,
                    height: tall)
                _ = people.update(
                    with: Scene(
                        time: MediaTime(Double(look) * 2), date: Date(timeIntervalSince1970: 0),
                        detections: [.init(objectClass: .person, score: 0.6, box: box)], picture: picture))
            }
            return people.staying.count
        }
        for step in [(0.3 * tall, 0.0), (0, 0.3 * tall), (0.2 * tall, 0.2 * tall)] { #expect(staying(step) == 1) }
        for step in [(0.45 * tall, 0.0), (0, 0.45 * tall), (0.3 * tall, 0.3 * tall)] { #expect(staying(step) == 0) }
    }
}

@Suite(.heavy) struct VendingTests {
    @Test(arguments: [[wideUmbrella], [table], [wideUmbrella, table, fruit]])
    func `a seller is one incident from the beginning to the departure`(things: [Street.Thing]) throws {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...128) { _ in things + [seller] }
        watch.watch(130...170) { _ in [] }
        #expect(watch.opened.count == 1)
        let opened = try #require(watch.opened.first)
        #expect(opened.firstSeen.seconds == 10)
        #expect(opened.confirmed.seconds == 50)
        #expect(opened.object.objectClass == .stall)
        #expect(watch.closed.map(\.id) == [opened.id])
        // One empty look may be a gap: the second is the end.
        #expect(watch.closed.first?.closed?.seconds == 132)
    }

    @Test func `people who stand and talk are no sellers`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [seller, aside(seller, by: 0.08, tint: 20), aside(seller, by: -0.08, tint: -20)] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `walkers past a table are no sellers`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { seconds in
            [table, aside(seller, by: 0, tint: [-40, 0, 40][Int(seconds / 2) % 3])]
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func `parked vehicles are no goods, whoever stands beside them`() {
        let bicycle = Street.Thing(.bicycle, Box(x: 0.42, y: 0.58, width: 0.07, height: 0.12), look: 8)
        for things in [[bicycle], [bicycle, seller], [bicycle, tricycle, seller]] {
            var watch = Watch()
            watch.watch(0...8) { _ in [] }
            watch.watch(10...200) { _ in things }
            #expect(watch.changes.isEmpty, "\(things.map(\.objectClass))")
        }
    }

    @Test func `an umbrella over one person is taken for rain`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...100) { _ in [ownUmbrella, seller] }
        watch.watch(102...200) { seconds in
            let x = seconds.truncatingRemainder(dividingBy: 8) * 0.06
            return [aside(wideUmbrella, by: x - 0.15), aside(seller, by: x - 0.15)]
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func `what belongs to the street is not a vendor's`() {
        let bench = Street.Thing(.bench, Box(x: 0.44, y: 0.6, width: 0.12, height: 0.1), look: 7)
        let bus = Street.Thing(.bus, Box(x: 0.3, y: 0.3, width: 0.5, height: 0.5), look: 9)
        var watch = Watch()
        watch.watch(0...8) { _ in [bench, table] }
        watch.watch(10...90) { _ in [bench, table, seller] }
        watch.watch(92...110) { _ in [bus] }
        watch.watch(112...220) { _ in [bench, table, seller] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a handbag is not taken for goods`() {
        let bag = Street.Thing(.handbag, Box(x: 0.5, y: 0.55, width: 0.04, height: 0.06), look: 4)
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [seller, bag, fruit] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `goods without anybody beside them open nothing`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [wideUmbrella, table, fruit] }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a seller who leaves for less than a minute keeps the incident, and for longer ends it`() throws {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...80) { _ in [wideUmbrella, table, seller] }
        watch.watch(82...128) { _ in [wideUmbrella, table] }
        watch.watch(130...180) { _ in [wideUmbrella, table, seller] }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
        watch.watch(182...260) { _ in [wideUmbrella, table] }
        #expect(watch.closed.count == 1)
        #expect((180...184).contains(try #require(watch.closed.first?.closed?.seconds)))
    }

    @Test func `a seller whom the detector misses now and then is one incident`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { seconds in
            let look = Int(seconds / 2)
            var (one, other) = (seller, table)
            one.isDetected = look % 4 != 0
            other.isDetected = look % 3 != 0
            return [other, one]
        }
        #expect(watch.opened.count == 1)
        #expect(watch.closed.isEmpty)
    }

    @Test func `a tricycle with fruit is a stall from its arrival`() throws {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...100) { _ in [tricycle, fruit, seller, aside(seller, by: 0.12, tint: 30)] }
        #expect(watch.opened.count == 1)
        let opened = try #require(watch.opened.first)
        #expect(opened.firstSeen.seconds == 10 && opened.confirmed.seconds == 50)
    }

    @Test func `an hour in which the camera saw nothing does not count as selling`() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...30) { _ in [wideUmbrella, table, seller] }
        watch.watch(3600...3620) { _ in [wideUmbrella, table, seller] }
        #expect(watch.changes.isEmpty)
        watch.watch(3622...3700) { _ in [wideUmbrella, table, seller] }
        #expect(watch.opened.count == 1)
        #expect(watch.opened.allSatisfy { $0.firstSeen.seconds >= 3600 })
    }

    @Test func `a permit covers its place until it ends`() throws {
        let place = Polygon([
            Point(x: 0.4, y: 0.3), Point(x: 0.7, y: 0.3), Point(x: 0.7, y: 0.8), Point(x: 0.4, y: 0.8),
        ])
        for until in [nil, Date(timeIntervalSince1970: 1_790_000_060)] {
            var watch = Watch(VendingSettings(dwell: 40, permits: [.init(name: "p", polygon: place, until: until)]))
            watch.watch(0...8) { _ in [] }
            watch.watch(10...140) { _ in [wideUmbrella, table, seller] }
            // The 60th second is covered still; what is judged from the 62nd on counts.
            #expect(watch.opened.map(\.confirmed.seconds) == (until == nil ? [] : [102]))
            #expect(watch.opened.allSatisfy { $0.firstSeen.seconds == 62 })
        }
    }

    @Test func `a permit for another place covers nothing`() {
        let place = Polygon([Point(x: 0, y: 0.3), Point(x: 0.3, y: 0.3), Point(x: 0.3, y: 0.8), Point(x: 0, y: 0.8)])
        var watch = Watch(VendingSettings(dwell: 40, permits: [.init(name: "p", polygon: place)]))
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [wideUmbrella, seller] }
        #expect(watch.opened.count == 1)
    }

    @Test func `market hours are judged again at their boundary`() {
        // 1 790 000 000 is 14:13:20 UTC: minute 854 begins 40 s later.
        for (window, opened) in [
            (TimeWindows.Window(start: 854, end: 1000), [80.0]), (.init(start: 800, end: 854), []),
        ] {
            var watch = Watch(
                VendingSettings(dwell: 40, windows: TimeWindows(windows: [window], timeZone: .gmt)))
            watch.watch(0...8) { _ in [] }
            watch.watch(10...140) { _ in [wideUmbrella, seller] }
            #expect(watch.opened.map(\.confirmed.seconds) == opened)
        }
    }

    @Test func `the rule rests on a holiday`() {
        for (day, count) in [(21, 0), (22, 1)] {
            let windows = TimeWindows(windows: [], holidays: [.init(year: 2026, month: 9, day: day)], timeZone: .gmt)
            var watch = Watch(VendingSettings(dwell: 40, windows: windows))
            watch.watch(0...8) { _ in [] }
            watch.watch(10...100) { _ in [wideUmbrella, seller] }
            #expect(watch.opened.count == count)
        }
    }

    /// A table, a wide umbrella, a tricycle that stand there in the first picture.
    @Test(arguments: [[table], [wideUmbrella], [tricycle]])
    func `what was there in the first picture is a stall where customers come and go`(things: [Street.Thing]) throws {
        var watch = Watch()
        watch.watch(0...160) { seconds in things + [seller] + customers.flatMap { $0.things(at: seconds) } }
        let opened = try #require(watch.opened.first)
        #expect(watch.opened.count == 1)
        #expect(opened.firstSeen.seconds == 0)
        // The third has left at 78, and is known to have four looks later.
        #expect((80...90).contains(opened.confirmed.seconds))
        #expect(opened.why.contains { $0.what.contains("3 came, stopped and left") })
        watch.watch(162...200) { _ in things }
        watch.watch(202...300) { _ in [] }
        #expect(watch.closed.count == 1)
    }

    @Test(arguments: [
        // Two customers are what anybody has who waits.
        Array(customers.prefix(2)),
        // A waiter.
        [20, 44, 68, 92].map { Visit(from: $0, tint: 60) },
        // Guests who sit for longer than buying takes.
        [Visit(from: 4, seconds: 140, tint: -60), Visit(from: 6, seconds: 150, tint: 60, aside: -0.1)],
        // All leave with one bus.
        [
            Visit(from: 20, seconds: 60, tint: -60), Visit(from: 30, seconds: 50, tint: 60, aside: -0.1),
            Visit(from: 40, seconds: 40, tint: 100, aside: 0.16),
        ],
        // Walkers, who are seen once or twice.
        [20, 30, 40, 50, 60, 70].map { Visit(from: $0, seconds: 2, tint: Int($0) * 3 - 140) },
        // Beyond a stall's width.
        customers.map { Visit(from: $0.from, tint: $0.tint, aside: 0.2) },
    ])
    fileprivate func `guests, waiters, walkers and those who wait make no stall of a table or a car`(visits: [Visit]) {
        let car = Street.Thing(.car, Box(x: 0.52, y: 0.45, width: 0.2, height: 0.22), look: 11)
        for things in [[table], [car]] {
            var watch = Watch()
            watch.watch(0...200) { seconds in things + [seller] + visits.flatMap { $0.things(at: seconds) } }
            #expect(watch.changes.isEmpty)
        }
    }

    /// In a queue who came first leaves first: nobody is there before and after.
    @Test func `a queue beside a parked car is no stall`() {
        let car = Street.Thing(.car, Box(x: 0.52, y: 0.45, width: 0.2, height: 0.22), look: 11)
        let queue = (0..<12).map { place in
            Visit(
                from: Double(place) * 14, seconds: 40, tint: [-100, -60, 60, 100][place % 4],
                aside: [0, 0.07, 0.14][place % 3])
        }
        var watch = Watch()
        watch.watch(0...200) { seconds in [car] + queue.flatMap { $0.things(at: seconds) } }
        #expect(watch.changes.isEmpty)
    }

    @Test func `a vehicle that comes and sells is a stall once three have bought`() throws {
        var watch = Watch()
        let van = Street.Thing(.truck, Box(x: 0.53, y: 0.35, width: 0.25, height: 0.3), look: 12)
        watch.watch(0...8) { _ in [] }
        watch.watch(10...160) { seconds in [van, seller] + customers.flatMap { $0.things(at: seconds) } }
        #expect(watch.opened.count == 1)
        #expect(watch.opened.first?.firstSeen.seconds == 10)
    }

    @Test func `what the detector finds late was there all the same`() {
        var watch = Watch()
        var missed = table
        missed.isDetected = false
        watch.watch(0...20) { _ in [missed] }
        watch.watch(22...200) { seconds in
            // It flickers, as small tables do.
            [Int(seconds) % 24 < 12 ? missed : table, seller]
        }
        #expect(watch.changes.isEmpty)
    }

    /// Two who wait side by side in the rain have one umbrella for the detector.
    @Test(arguments: [true, false]) func `in rain an umbrella over two is none of a stall`(isRaining: Bool) {
        var watch = Watch()
        var roof = wideUmbrella
        roof.box.width = 0.2
        watch.watch(0...8) { _ in [] }
        watch.watch(10...160) { seconds in
            let step = Int(seconds / 2)
            let passing = (0..<2).map { lane in
                aside(ownUmbrella, by: Double((step * 3 + lane * 5) % 10) * 0.1 - 0.45)
            }.map { thing -> Street.Thing in
                var thing = thing
                thing.box.y = 0.32 + Double(step % 2) * 0.06 + (thing.box.x > 0.4 ? 0.6 : 0)
                return thing
            }
            return [roof, seller, aside(seller, by: 0.07, tint: 60)] + (isRaining ? passing : [])
        }
        #expect(watch.opened.count == (isRaining ? 0 : 1))
    }

    private static func goods(_ box: Box, since: Double, identity: LeftObject.Identity = .thing) -> LeftObject {
        LeftObject(
            id: 1, box: box, area: box.area, since: MediaTime(since), lastSeen: MediaTime(since), presence: .visible,
            isThing: true, certainty: 0.9, identity: identity, doubt: nil)
    }

    /// A rack beside people whose height is a quarter of the picture's.
    @Test func `goods before a shop need nobody, and a bag is none`() throws {
        let rack = Self.goods(Box(x: 0.7, y: 0.5, width: 0.07, height: 0.2), since: 20)
        let bag = Self.goods(Box(x: 0.7, y: 0.6, width: 0.03, height: 0.07), since: 20)
        for (kind, thing, count) in [
            (AlertKind.outOfStore, rack, 1), (.outOfStore, bag, 0), (.roadVending, rack, 0),
            (.itinerantVending, rack, 0),
        ] {
            var watch = Watch(kind: kind)
            let passing = { (seconds: Double) in
                [aside(seller, by: (seconds / 2).truncatingRemainder(dividingBy: 4) * -0.1)]
            }
            watch.watch(0...26, passing)
            watch.watch(28...100, objects: [thing], passing)
            #expect(watch.opened.count == count, "\(kind)")
            #expect(watch.opened.allSatisfy { $0.firstSeen.seconds == 20 && $0.confirmed.seconds == 60 })
            watch.watch(102...120) { _ in [] }
            #expect(watch.closed.count == count)
        }
    }

    @Test func `what an older version kept is taken back`() throws {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...30) { _ in [wideUmbrella, table, seller] }
        let data = try #require(watch.rule.checkpointData)
        let kept = try PropertyListSerialization.propertyList(from: data, format: nil)
        let added = ["customers", "broughtSince", "isBrought", "anchor"]
        var dropped: Set<String> = []
        func older(_ value: Any) -> Any {
            if let list = value as? [Any] { return list.map(older) }
            guard let map = value as? [String: Any] else { return value }
            dropped.formUnion(map.keys.filter(added.contains))
            return map.filter { !added.contains($0.key) }.mapValues(older)
        }
        let old = try PropertyListSerialization.data(fromPropertyList: older(kept), format: .binary, options: 0)
        #expect(dropped.count == added.count)
        var next = Watch()
        next.rule.restore(data: old, after: 2)
        next.watch(32...100) { _ in [wideUmbrella, table, seller] }
        #expect(next.opened.map(\.confirmed.seconds) == [50])
        #expect(next.opened.first?.firstSeen.seconds == 10)
    }
}

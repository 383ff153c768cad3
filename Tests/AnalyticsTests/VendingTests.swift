import Foundation
import TestSupport
import Testing

@testable import Analytics

/// Tracker, rule and incidents together, on scripted streets.
private struct Watch {
    var tracker = StayTracker()
    var rule: SuspectedVending
    var book = IncidentBook(camera: "c") { _ in UUID() }
    var changes: [Incident] = []
    static let street = Street(isTextured: false)

    init(_ settings: VendingSettings = VendingSettings(dwell: 40)) {
        let zone = Zone(
            id: "z", name: "",
            polygon: Polygon([Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 1), Point(x: 0, y: 1)]),
            surface: .pavement)
        rule = SuspectedVending(kind: .roadVending, zone: zone, settings: settings)
    }

    /// Looks every two seconds over `range`.
    mutating func watch(_ range: ClosedRange<Double>, _ things: (Double) -> [Street.Thing]) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
            let scene = Self.street.scene(at: seconds, things(seconds))
            let ended = tracker.update(with: scene)
            let findings = rule.evaluate(Observation(scene: scene, stays: tracker.stays, ended: ended))
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

@Suite(.heavy) struct LingeringPeopleTests {
    /// A step is as long across as along, whatever the picture's shape; a third of a person's height is still staying.
    @Test(arguments: [(320, 180), (180, 320), (240, 240)]) func aStepIsMeasuredInHeights(width: Int, height: Int) throws
    {
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
    func aSellerIsOneIncidentFromTheBeginningToTheDeparture(things: [Street.Thing]) throws {
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

    @Test func peopleWhoStandAndTalkAreNothing() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [seller, aside(seller, by: 0.08, tint: 20), aside(seller, by: -0.08, tint: -20)] }
        #expect(watch.changes.isEmpty)
    }

    @Test func walkersPastATableAreNothing() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { seconds in
            [table, aside(seller, by: 0, tint: [-40, 0, 40][Int(seconds / 2) % 3])]
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func parkedVehiclesAreNoGoodsWhoeverStandsBesideThem() {
        let bicycle = Street.Thing(.bicycle, Box(x: 0.42, y: 0.58, width: 0.07, height: 0.12), look: 8)
        for things in [[bicycle], [bicycle, seller], [bicycle, tricycle, seller]] {
            var watch = Watch()
            watch.watch(0...8) { _ in [] }
            watch.watch(10...200) { _ in things }
            #expect(watch.changes.isEmpty, "\(things.map(\.objectClass))")
        }
    }

    @Test func anUmbrellaOfOnePersonIsRain() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...100) { _ in [ownUmbrella, seller] }
        watch.watch(102...200) { seconds in
            let x = seconds.truncatingRemainder(dividingBy: 8) * 0.06
            return [aside(wideUmbrella, by: x - 0.15), aside(seller, by: x - 0.15)]
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func whatBelongsToTheStreetIsNotAVendors() {
        let bench = Street.Thing(.bench, Box(x: 0.44, y: 0.6, width: 0.12, height: 0.1), look: 7)
        let bus = Street.Thing(.bus, Box(x: 0.3, y: 0.3, width: 0.5, height: 0.5), look: 9)
        var watch = Watch()
        watch.watch(0...8) { _ in [bench, table] }
        watch.watch(10...90) { _ in [bench, table, seller] }
        watch.watch(92...110) { _ in [bus] }
        watch.watch(112...220) { _ in [bench, table, seller] }
        #expect(watch.changes.isEmpty)
    }

    @Test func aHandbagIsNothing() {
        let bag = Street.Thing(.handbag, Box(x: 0.5, y: 0.55, width: 0.04, height: 0.06), look: 4)
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [seller, bag, fruit] }
        #expect(watch.changes.isEmpty)
    }

    @Test func thingsWithoutAnybodyAreNothing() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...200) { _ in [wideUmbrella, table, fruit] }
        #expect(watch.changes.isEmpty)
    }

    @Test func whoLeavesForLessThanAMinuteKeepsTheIncidentAndForLongerEndsIt() throws {
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

    @Test func theDetectorMayMissASellerNowAndThen() {
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

    @Test func aTricycleWithFruitIsAStallFromItsArrival() throws {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...100) { _ in [tricycle, fruit, seller, aside(seller, by: 0.12, tint: 30)] }
        #expect(watch.opened.count == 1)
        let opened = try #require(watch.opened.first)
        #expect(opened.firstSeen.seconds == 10 && opened.confirmed.seconds == 50)
    }

    @Test func anHourInWhichTheCameraSawNothingIsNoSelling() {
        var watch = Watch()
        watch.watch(0...8) { _ in [] }
        watch.watch(10...30) { _ in [wideUmbrella, table, seller] }
        watch.watch(3600...3620) { _ in [wideUmbrella, table, seller] }
        #expect(watch.changes.isEmpty)
        watch.watch(3622...3700) { _ in [wideUmbrella, table, seller] }
        #expect(watch.opened.count == 1)
        #expect(watch.opened.allSatisfy { $0.firstSeen.seconds >= 3600 })
    }

    @Test func aPermitCoversItsPlaceUntilItEnds() throws {
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

    @Test func aPermitElsewhereCoversNothing() {
        let place = Polygon([Point(x: 0, y: 0.3), Point(x: 0.3, y: 0.3), Point(x: 0.3, y: 0.8), Point(x: 0, y: 0.8)])
        var watch = Watch(VendingSettings(dwell: 40, permits: [.init(name: "p", polygon: place)]))
        watch.watch(0...8) { _ in [] }
        watch.watch(10...60) { _ in [wideUmbrella, seller] }
        #expect(watch.opened.count == 1)
    }

    @Test func marketHoursAreJudgedAgainAtTheirBoundary() {
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

    @Test func onAHolidayTheRuleRests() {
        for (day, count) in [(21, 0), (22, 1)] {
            let windows = TimeWindows(windows: [], holidays: [.init(year: 2026, month: 9, day: day)], timeZone: .gmt)
            var watch = Watch(VendingSettings(dwell: 40, windows: windows))
            watch.watch(0...8) { _ in [] }
            watch.watch(10...100) { _ in [wideUmbrella, seller] }
            #expect(watch.opened.count == count)
        }
    }
}

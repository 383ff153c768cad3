import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// Tracker, rules and incidents of one camera, which is killed and started again.
private struct Watch {
    let zones: [(zone: Zone, rules: ZoneRules)]
    var tracker = StationaryObjectTracker()
    var rules: RuleSet
    var book = IncidentBook(camera: "c") { _ in UUID() }
    var changes: [Incident] = []
    /// What was written last.
    var kept: WatchCheckpoint?

    init(_ rules: ZoneRules, _ polygon: Polygon) {
        zones = [(Zone(id: "z", name: "", polygon: polygon, surface: .pavement), rules)]
        self.rules = RuleSet(Self.rules(zones))
    }

    private static func rules(_ zones: [(zone: Zone, rules: ZoneRules)]) -> [any Rule] {
        zones.flatMap { $0.rules.rules(in: $0.zone, minimumScore: 0.35) }
    }

    mutating func see(_ scene: Scene) {
        let ended = tracker.update(with: scene)
        let findings = rules.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended))
        changes += book.advance(findings, at: scene.time)
    }

    mutating func keep(at scene: Scene) { kept = WatchCheckpoint(time: scene.time, tracker: tracker, rules: rules) }

    /// Incidents are written at once, the rest may be older.
    mutating func restart() throws {
        let data = try #require(kept).data()
        let watch = try #require(WatchCheckpoint(data: data))
        tracker = StationaryObjectTracker(restored: watch)
        rules = RuleSet(Self.rules(zones), restored: watch)
        book = IncidentBook(camera: "c", restored: book.open) { _ in UUID() }
    }

    func times(_ state: Incident.State) -> [Double] {
        changes.filter { $0.state == state }.map { ($0.closed ?? $0.confirmed).seconds }
    }
}

/// A scene in which one thing is to be told, look by look; a look is two seconds.
struct Play: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let rules: ZoneRules
    let polygon: Polygon
    /// The first look that shows it, and the first one without it again.
    let begin: Int
    let end: Int
    let scenes: [Scene]

    init(
        _ name: String, _ rules: ZoneRules, _ polygon: Polygon, begin: Int, end: Int, scene: (Int) -> Scene
    ) {
        testDescription = name
        (self.rules, self.polygon, self.begin, self.end) = (rules, polygon, begin, end)
        scenes = (0..<end + 20).map(scene)
    }

    private static let lower = Polygon([
        Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 1), Point(x: 0, y: 1),
    ])
    private static let street = Street(isTextured: false)

    private static func street(
        _ name: String, _ rules: ZoneRules, _ things: [Street.Thing]
    ) -> Play {
        Play(name, rules, lower, begin: 5, end: 50) { look in
            street.scene(at: Double(look) * 2, 5..<50 ~= look ? things : [])
        }
    }

    private static let seller = Street.Thing(.person, Box(x: 0.5, y: 0.45, width: 0.06, height: 0.25), look: 2)
    private static let table = Street.Thing(.diningTable, Box(x: 0.52, y: 0.6, width: 0.1, height: 0.1), look: 4)
    private static let car = Street.Thing(.car, Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2))
    private static let people = (0..<4).map {
        Street.Thing(.person, Box(x: 0.2 * Double($0), y: 0.4, width: 0.05, height: 0.3), look: $0)
    }

    private static let water: Play = {
        let (width, height) = (60, 36)
        return Play(
            "water", [.dirtyWater: WaterSettings(dwell: 60)],
            Polygon([Point(x: 0, y: 0.5), Point(x: 1, y: 0.5), Point(x: 1, y: 1), Point(x: 0, y: 1)]), begin: 160,
            end: 205
        ) { look in
            let tint = 160..<205 ~= look ? 15 : 0
            let blue = (0..<width * height).map { pixel in
                UInt8(clamping: 128 + Street.noise(pixel, look, 1) % 5 + (pixel >= width * 18 ? 6 + tint : 0))
            }
            let grey = [UInt8](repeating: 110, count: blue.count)
            let picture = GreyImage(width: width, height: height, pixels: grey)
            return Scene(
                time: MediaTime(Double(look) * 2), date: Date(timeIntervalSince1970: 1_790_000_000), detections: [],
                picture: picture ?? street.scene(at: 0, []).picture,
                chroma: Chroma(blue: blue, red: [UInt8](repeating: 128, count: blue.count)))
        }
    }()

    static let all = [
        street("parking", [.illegalParking: ParkingSettings(dwell: 60)], [car]),
        street("vending", [.roadVending: VendingSettings(dwell: 60)], [table, seller]),
        street("crowd", [.crowd: CrowdSettings(dwell: 60, people: 4)], people), water,
    ]
}

@Suite(.heavy) struct RestartTests {
    /// The looks before the kill that were not written, and those in which nobody looked.
    private static let kills = [(stale: 0, gap: 1), (0, 8), (12, 3)]

    private func run(_ play: Play, killAt kill: Int? = nil, stale: Int = 0, gap: Int = 0) throws -> Watch {
        var watch = Watch(play.rules, play.polygon)
        for (look, scene) in play.scenes.enumerated() {
            if look == kill { try watch.restart() }
            if let kill, kill..<kill + gap ~= look { continue }
            watch.see(scene)
            if let kill, look == kill - 1 - stale { watch.keep(at: scene) }
        }
        return watch
    }

    @Test(arguments: Play.all) func `a dwell that a kill interrupts opens on time and once`(play: Play) throws {
        let whole = try run(play)
        #expect(whole.times(.opened).count == 1)
        let opens = try #require(whole.times(.opened).first)
        let opening = Int(opens / 2)
        #expect(opening == play.begin + 30)
        for (stale, gap) in Self.kills {
            for kill in play.begin + stale + 2...opening {
                let watch = try run(play, killAt: kill, stale: stale, gap: gap)
                let opened = watch.times(.opened)
                #expect(opened.count == 1, "killed at look \(kill), \(stale) stale")
                let back = Double(kill + gap) * 2
                let delay = (opened.first ?? .infinity) - max(opens, back)
                #expect((0...2).contains(delay), "killed at look \(kill), \(stale) stale: \(opened)")
                #expect(watch.changes.first?.firstSeen == whole.changes.first?.firstSeen)
                #expect(watch.times(.closed) == whole.times(.closed))
            }
        }
    }

    @Test(arguments: Play.all) func `an open incident is neither opened again nor closed early`(play: Play) throws {
        let whole = try run(play)
        for (stale, gap) in Self.kills {
            for kill in stride(from: play.begin + 31 + stale, to: play.end - gap, by: 2) {
                let watch = try run(play, killAt: kill, stale: stale, gap: gap)
                #expect(watch.times(.opened) == whole.times(.opened), "killed at look \(kill), \(stale) stale")
                #expect(watch.times(.closed) == whole.times(.closed), "killed at look \(kill), \(stale) stale")
                #expect(Set(watch.changes.map(\.id)).count == 1)
            }
        }
    }

    @Test(arguments: Play.all) func `what ends while nobody looks is closed once`(play: Play) throws {
        let kill = play.end - 2
        let watch = try run(play, killAt: kill, gap: 4)
        #expect(watch.times(.opened).count == 1)
        #expect(watch.times(.closed).count == 1)
    }

    /// The camera is blind at the restart, and what is kept meanwhile is no younger for it.
    @Test func `a checkpoint that waits for the first look keeps its age`() throws {
        let watch = try run(Play.all[2], killAt: 30)
        let kept = try #require(watch.kept)
        let again = WatchCheckpoint(
            time: kept.time + 200, tracker: StationaryObjectTracker(restored: kept), rules: RuleSet([], restored: kept))
        #expect(again == kept)
    }

    /// As a reload does it: the zone no longer holds the car, or still does.
    @Test(arguments: [(0.7, false), (0.3, true)])
    func `a zone that is drawn anew keeps what it still holds and closes the rest`(left: Double, holds: Bool) throws {
        let play = Play.all[0]
        var watch = Watch(play.rules, play.polygon)
        for scene in play.scenes.prefix(40) { watch.see(scene) }
        watch.keep(at: play.scenes[39])
        let opened = try #require(watch.changes.first)
        var after = Watch(
            play.rules,
            Polygon([Point(x: left, y: 0.2), Point(x: 1, y: 0.2), Point(x: 1, y: 1), Point(x: left, y: 1)]))
        (after.kept, after.book) = (watch.kept, watch.book)
        try after.restart()
        for scene in play.scenes[41..<50] { after.see(scene) }
        #expect(after.times(.opened).isEmpty)
        #expect(after.times(.closed).count == (holds ? 0 : 1))
        for scene in play.scenes[50...] { after.see(scene) }
        #expect(after.changes.filter { $0.state == .closed }.map(\.id) == [opened.id])
    }

    @Test func `a checkpoint that is damaged or of another version is not taken`() throws {
        let watch = try run(Play.all[1], killAt: 30)
        let data = try #require(watch.kept).data()
        #expect(WatchCheckpoint(data: data) != nil)
        #expect(WatchCheckpoint(data: data.dropLast(40)) == nil)
        #expect(WatchCheckpoint(data: Data()) == nil)
        let old = try PropertyListSerialization.data(fromPropertyList: ["version": 0], format: .binary, options: 0)
        #expect(WatchCheckpoint(data: old) == nil)
    }

    @Test func `checkpoints keep the keys that older versions wrote`() throws {
        func keys(_ value: some Encodable) throws -> Set<String> {
            let data = try PropertyListEncoder.binary.encode(value)
            let read = try PropertyListSerialization.propertyList(from: data, format: nil)
            return Set(try #require(read as? [String: Any]).keys)
        }
        let watch = WatchCheckpoint(time: MediaTime(0), tracker: StationaryObjectTracker(), rules: RuleSet([]))
        #expect(try keys(watch).isSuperset(of: ["version", "time", "stays", "reported", "rules"]))
        let impression = SmokeCheckpoint.Impression(time: MediaTime(0), seconds: 1, hazy: Data(), stirred: Data())
        #expect(try keys(impression) == ["time", "seconds", "veiled", "stirred"])
    }

    @Test func `a rule whose memory cannot be read begins anew alone`() throws {
        struct Unknown: Codable { let other: String }
        var rule = Crowd(zone: Zone(id: "z", name: "", polygon: Play.all[2].polygon), settings: CrowdSettings())
        rule.restore(data: try PropertyListEncoder.binary.encode(Unknown(other: "x")), after: 1)
        #expect(rule.checkpoint == nil)
    }

    @Test func `what stood in a checkpoint that is too old is found anew`() throws {
        for play in Play.all.prefix(3) {
            let watch = try run(play, killAt: play.begin + 20)
            let old = try #require(watch.kept)
            var tracker = StationaryObjectTracker(restored: old)
            var rules = RuleSet(play.rules.rules(in: watch.zones[0].zone, minimumScore: 0.35), restored: old)
            let scene = Play.all[0].scenes[play.begin]
            let later = Scene(
                time: MediaTime(old.time.seconds + 400), date: scene.date, detections: [], picture: scene.picture)
            let ended = tracker.update(with: later)
            #expect(
                rules.evaluate(Observation(scene: later, stationary: tracker.stationary, ended: ended)).isEmpty,
                "\(play.testDescription)")
        }
    }
}

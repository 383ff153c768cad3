import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

private let whole = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])

@Suite struct CrowdTests {
    private func confirmed(
        isSeen: (Int) -> Bool = { _ in true }, _ count: (Int) -> Int
    ) -> (opened: [Double], closed: [Double?]) {
        var rule = Crowd(zone: Zone(id: "z", name: "", polygon: whole), settings: CrowdSettings(dwell: 60, people: 5))
        var book = IncidentBook(camera: "c") { _ in UUID() }
        let picture = Street().scene(at: 0, []).picture
        var changes: [Incident] = []
        for look in 0..<100 where isSeen(look) {
            let people = (0..<count(look)).map {
                Detection(
                    objectClass: .person, score: 0.6,
                    box: Box(x: 0.08 * Double($0), y: 0.4, width: 0.05, height: 0.2))
            }
            let scene = Scene(
                time: MediaTime(Double(look) * 2), date: Date(timeIntervalSince1970: 1_790_000_000),
                detections: people, picture: picture)
            changes += book.advance(rule.evaluate(Observation(scene: scene)), at: scene.time)
        }
        return (
            changes.filter { $0.state == .opened }.map(\.confirmed.seconds),
            changes.filter { $0.state == .closed }.map { $0.closed?.seconds }
        )
    }

    @Test func `enough people for longer than the dwell are one incident`() {
        let seen = confirmed { 5..<60 ~= $0 ? 6 : 2 }
        #expect(seen.opened == [70])
        #expect(seen.closed == [120])
    }

    @Test func `fewer people, or enough for a shorter time, open nothing`() {
        #expect(confirmed { _ in 4 }.opened.isEmpty)
        #expect(confirmed { 5..<34 ~= $0 ? 9 : 2 }.opened.isEmpty)
    }

    @Test func `no dwell adds up while the camera is blind for long`() {
        #expect(confirmed(isSeen: { !(10..<20 ~= $0) }, { $0 < 5 ? 0 : 6 }).opened == [70])
        #expect(confirmed(isSeen: { !(10..<50 ~= $0) }, { $0 < 5 ? 0 : 6 }).opened == [160])
    }

    @Test func `a person whom the detector misses ends nothing`() {
        let seen = confirmed { $0 < 5 ? 0 : $0 % 3 == 0 ? 5 : 4 }
        #expect(seen.opened == [72])
        #expect(seen.closed.isEmpty)
    }
}

@Suite struct WaterTests {
    /// Water in the lower half; `tint` is what it has more of blue than before, `daylight` what everything has.
    private func opened(
        looks: Int, luma: (Int) -> Int = { _ in 110 }, daylight: (Int) -> Int = { _ in 0 }, tint: (Int) -> Int
    ) -> [Double] {
        var rule = WaterColour(
            zone: Zone(
                id: "z", name: "",
                polygon: Polygon([Point(x: 0, y: 0.5), Point(x: 1, y: 0.5), Point(x: 1, y: 1), Point(x: 0, y: 1)])),
            settings: WaterSettings(dwell: 60))
        var book = IncidentBook(camera: "c") { _ in UUID() }
        var opened: [Double] = []
        for look in 0..<looks {
            let light = UInt8(clamping: luma(look))
            guard let picture = GreyImage(width: 60, height: 36, pixels: [UInt8](repeating: light, count: 60 * 36))
            else { continue }
            let blue = (0..<60 * 36).map { pixel in
                UInt8(
                    clamping: 128 + daylight(look) + Street.noise(pixel, look, 1) % 5
                        + (pixel >= 60 * 18 ? 6 + tint(look) : 0))
            }
            let scene = Scene(
                time: MediaTime(Double(look) * 2), date: Date(timeIntervalSince1970: 1_790_000_000), detections: [],
                picture: picture, chroma: Chroma(blue: blue, red: [UInt8](repeating: 128, count: blue.count)))
            let changes = book.advance(rule.evaluate(Observation(scene: scene)), at: scene.time)
            opened += changes.filter { $0.state == .opened }.map(\.confirmed.seconds)
        }
        return opened
    }

    @Test func `a tint for longer than the dwell is one incident`() {
        #expect(opened(looks: 300) { $0 >= 200 ? 15 : 0 } == [460])
        #expect(opened(looks: 300) { 200..<225 ~= $0 ? 15 : 0 }.isEmpty)
    }

    @Test func `a change of daylight is no change of the water`() {
        #expect(opened(looks: 400, daylight: { $0 / 10 }, tint: { _ in 0 }).isEmpty)
    }

    @Test func `nothing is reported before the water is known, nor by night`() {
        #expect(opened(looks: 149) { $0 >= 60 ? 15 : 0 }.isEmpty)
        #expect(opened(looks: 300, luma: { $0 >= 200 ? 20 : 110 }, tint: { $0 >= 200 ? 15 : 0 }).isEmpty)
    }
}

@Suite struct ZoneLawTests {
    /// Laws of what rules say: nothing stands before its dwell, what stood ends once, places are unique.
    @Test func `in random scenes nothing stands before its dwell, and all that stood ends once`() {
        var generator = SeededGenerator(seed: 11)
        let rules: ZoneRules = [
            .illegalParking: ParkingSettings(dwell: 20), .garbagePile: LeftObjectSettings(dwell: 20),
            .roadVending: VendingSettings(dwell: 20), .burning: SmokeSettings(dwell: 10),
            .crowd: CrowdSettings(dwell: 20, people: 3),
        ]
        let classes: [ObjectClass] = [.person, .person, .person, .car, .motorcycle, .umbrella, .diningTable, .orange]
        var standing = Set<AlertKind>()
        for _ in 0..<12 {
            var tracker = StationaryObjectTracker()
            var all = rules.rules(in: Zone(id: "z", name: "", polygon: whole), minimumScore: 0.35)
            let cast = classes.indices.map { index in
                (
                    thing: Street.Thing(
                        classes[index],
                        Box(
                            x: Double.random(in: 0.3...0.5, using: &generator),
                            y: Double.random(in: 0.4...0.5, using: &generator), width: 0.15, height: 0.25),
                        look: index), from: Double.random(in: 0...40, using: &generator),
                    to: Double.random(in: 40...120, using: &generator)
                )
            }
            let (since, gone) = (
                Double.random(in: 2...40, using: &generator), Double.random(in: 50...120, using: &generator)
            )
            var (stood, over) = (Set<String>(), Set<String>())
            for seconds in stride(from: 0.0, through: 130, by: 2) {
                let things = cast.filter {
                    $0.from <= seconds && seconds < $0.to && Double.random(in: 0...1, using: &generator) < 0.85
                }.map(\.thing)
                let scene = Street().scene(at: seconds, things)
                let ended = tracker.update(with: scene)
                let isOver = seconds >= gone
                let isThere = seconds >= since && seconds < gone + 2
                let hidden = Double.random(in: 0...1, using: &generator) < 0.3
                let object = LeftObject(
                    id: 1, box: Box(x: 0.3, y: 0.5, width: 0.1, height: 0.1), area: 0.01, since: MediaTime(since),
                    lastSeen: scene.time, presence: isOver ? .gone(at: MediaTime(gone)) : hidden ? .hidden : .visible,
                    isThing: true, certainty: 0.9, identity: .thing)
                let plume = Plume(
                    id: 1, box: object.box, since: MediaTime(since), lastSeen: scene.time,
                    presence: isOver ? .gone(at: MediaTime(gone)) : hidden ? .hidden : .visible,
                    certainty: 0.8)
                let look = Observation(
                    scene: scene, stationary: tracker.stationary, ended: ended, objects: isThere ? [object] : [],
                    plumes: isThere ? [plume] : [])
                var places = Set<String>()
                for index in all.indices {
                    for finding in all[index].evaluate(look) {
                        let key = "\(finding.kind) \(finding.place)"
                        #expect(places.insert(key).inserted, "\(key) twice at \(seconds) s")
                        #expect(!over.contains(key), "\(key) again at \(seconds) s")
                        switch finding.phase {
                        case .standing:
                            #expect(scene.time - finding.firstSeen >= finding.threshold, "\(key) at \(seconds) s")
                            stood.insert(key)
                            standing.insert(finding.kind)
                        case .ended: over.insert(key)
                        case .pending: #expect(!stood.contains(key), "\(key) at \(seconds) s")
                        case .hidden: #expect(stood.contains(key), "\(key) at \(seconds) s")
                        }
                    }
                }
            }
        }
        #expect(standing == rules.kinds)
    }
}

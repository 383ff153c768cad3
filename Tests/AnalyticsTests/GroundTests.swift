import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// Ground and smoke on scripted pictures, driven as a camera's pipeline drives them.
private struct Watch {
    static let zones = [
        Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])
    ]
    var watcher = LeftObjectDetector(zones: zones)
    var tracker = StationaryObjectTracker()
    var smoke = SmokeWatcher()
    var seen: [(time: Double, objects: [LeftObject])] = []
    var plumes: [Plume] = []
    static let street = Street(isTextured: true)

    /// A watch that begins again with what this one knows of the ground.
    func restarted(at seconds: Double) throws -> Watch {
        let kept = try #require(watcher.checkpoint(at: MediaTime(seconds)))
        var next = Watch()
        next.watcher = LeftObjectDetector(zones: Self.zones, restored: kept)
        return next
    }

    mutating func see(_ scene: Scene) {
        let ended = tracker.update(with: scene)
        let objects = watcher.update(
            with: scene, stationary: tracker.stationary, ended: ended, hazes: smoke.hazes, plumes: smoke.plumes)
        seen.append((scene.time.seconds, objects))
        plumes += smoke.update(with: watcher, at: scene.time)
        if let due = watcher.due(at: scene.time) { watcher.identify(due.id, by: [], at: scene.time) }
    }

    mutating func watch(
        _ range: ClosedRange<Double>, gain: Double = 1, _ things: [Street.Thing] = [],
        change: (inout Street.Canvas, Int) -> Void = { _, _ in }
    ) {
        for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
            see(Self.street.scene(at: seconds, things, gain: gain) { change(&$0, Int(seconds / 2)) })
        }
    }

    /// All that was ever said of proved things.
    var things: [LeftObject] { seen.flatMap(\.objects).filter(\.isThing) }
    var departures: [MediaTime] {
        things.compactMap { if case .gone(let at) = $0.presence { at } else { nil } }
    }
}

private let place = Box(x: 0.4, y: 0.5, width: 0.08, height: 0.14)
private let bag = Street.Thing(.object, place, look: 11, isDetected: false, tint: 25)
private let region = Box(x: 0.3, y: 0.2, width: 0.4, height: 0.4)

@Suite(.heavy) struct GroundTests {
    /// A live camera counts from the Unix epoch, a recording from its beginning.
    @Test(arguments: [0.0, 1_795_000_001, 1e10])
    func `the time at which a thing was put down is exact from any epoch`(epoch: Double) throws {
        var watch = Watch()
        watch.watch(epoch...epoch + 20)
        watch.watch(epoch + 22...epoch + 60, [bag])
        let object = try #require(watch.seen.last?.objects.first { $0.isThing })
        #expect(abs(object.since.seconds - epoch - 22) < 0.1)
    }

    @Test func `a thing that is put down is found from its first look until the ground is clean`() throws {
        var watch = Watch()
        watch.watch(0...20)
        watch.watch(22...60, [bag])
        #expect(Set(watch.things.map(\.id)).count == 1)
        let object = try #require(watch.seen.last?.objects.first { $0.isThing })
        #expect(object.since.seconds == 22)
        #expect(object.identity == .thing && object.isVisible)
        #expect(object.box.iou(place) > 0.5)
        watch.watch(62...80)
        #expect(watch.departures.map(\.seconds) == [62])
        #expect(watch.seen.last?.objects.isEmpty == true)
    }

    /// An exposure that is being set in the first looks changes every pixel of the ground, none of them by habit.
    @Test func `a camera that sets its exposure at first sees what is put down soon after`() throws {
        var watch = Watch()
        for (look, gain) in [1, 0.7, 1, 0.75, 1].enumerated() {
            watch.watch(Double(look) * 2...Double(look) * 2, gain: gain)
        }
        watch.watch(10...30, [bag])
        let object = try #require(watch.things.first)
        #expect(object.since.seconds == 10)
    }

    /// The detector takes a bag for a person who is as wide as tall, surely and in each look the same.
    @Test func `a bag that is surely taken for a person who does not move is found`() throws {
        var watch = Watch()
        watch.watch(0...20)
        let person = Street.Thing(.person, place, look: 11, score: 0.65, tint: 25)
        watch.watch(22...50, [person])
        let object = try #require(watch.seen.last?.objects.first { $0.isThing })
        #expect(object.identity == .thing)
    }

    @Test func `a thing that was there from the beginning and leaves is not reported`() {
        var watch = Watch()
        watch.watch(0...30, [bag])
        watch.watch(32...90)
        #expect(watch.things.isEmpty)
    }

    @Test func `changes of light are not taken for things`() {
        var gains = Watch()
        gains.watch(0...20)
        for (index, gain) in [0.6, 1.3, 0.8, 1].enumerated() {
            gains.watch(22 + Double(index) * 20...40 + Double(index) * 20, gain: gain)
        }
        #expect(gains.things.isEmpty)
        for factor in [0.6, 1.4] {
            var watch = Watch()
            watch.watch(0...20)
            watch.watch(22...80) { canvas, _ in
                canvas.relight(Box(x: 0.4, y: 0.4, width: 0.12, height: 0.2)) { $2 * factor }
            }
            #expect(watch.things.isEmpty, "\(factor)")
        }
    }

    /// In the shade each stone of the paving loses the light that it had on one side: no gain of the ground explains that.
    private static func shade(_ canvas: inout Street.Canvas, _ look: Int) {
        canvas.relight(Box(x: 0, y: 0.3, width: 1, height: 0.7)) { $2 * 0.6 }
        canvas.relight(place) { x, y, luma in luma + Double(Street.noise(x / 3, y / 3, 7) % 30) - 15 }
    }

    @Test func `what looks new when the sun goes is nothing where nobody was`() {
        var still = Watch()
        still.watch(0...20)
        // The light above goes on: that the sun has gone is not the exposure's doing.
        still.watch(22...90, change: Self.shade)
        #expect(still.things.allSatisfy { $0.doubt == .light })
        // Without the sun's going the same change is a thing.
        var sunny = Watch()
        sunny.watch(0...20)
        sunny.watch(22...90) { canvas, _ in
            canvas.relight(place) { x, y, luma in luma * 0.6 + Double(Street.noise(x / 3, y / 3, 7) % 30) - 15 }
        }
        #expect(sunny.things.contains { $0.doubt == nil })
    }

    @Test func `a bag that somebody brings while the sun goes is found`() throws {
        let person = Street.Thing(.person, Box(x: 0.36, y: 0.25, width: 0.1, height: 0.4), look: 5, score: 0.8)
        var watch = Watch()
        watch.watch(0...18)
        watch.watch(20...22, [person])
        watch.watch(24...70, [bag]) { canvas, _ in
            canvas.relight(Box(x: 0, y: 0.3, width: 1, height: 0.7)) { $2 * 0.6 }
        }
        let object = try #require(watch.seen.last?.objects.first { $0.isThing })
        #expect(object.box.iou(place) > 0.5 && object.doubt == nil)
    }

    @Test func `somebody whom the detector misses stirs, a bag in the shaking picture does not`() throws {
        var standing = Watch()
        standing.watch(0...20)
        for look in 0..<10 {
            // Somebody who stands sways by a hand's breadth.
            let body = Box(x: 0.4 + Double(look * 7 % 3) * 0.009, y: 0.5, width: 0.08, height: 0.2)
            let time = 22 + Double(look) * 2
            standing.watch(time...time, [Street.Thing(.object, body, look: 11, isDetected: false, tint: 25)])
        }
        #expect(standing.seen.last?.objects.contains { $0.doubt == .stirs } == true)
        #expect(!standing.seen.flatMap(\.objects).contains { $0.isThing && $0.doubt == nil })
        var shaking = Watch()
        shaking.watch(0...20)
        for look in 0..<20 {
            let time = 22 + Double(look) * 2
            shaking.watch(time...time, [bag]) { canvas, look in
                let step = look % 2
                canvas.luma = canvas.luma.indices.map { canvas.luma[max(0, $0 - step)] }
            }
        }
        #expect(shaking.seen.last?.objects.contains { $0.isThing && $0.doubt == nil } == true)
    }

    @Test func `a colour that comes and goes in a sky as bright as can be stored is no thing`() {
        // White clouds in a blue sky of which the blue is clipped; and the same colours where nothing is.
        func things(sky luma: Double) -> [LeftObject] {
            var watch = Watch()
            func paint(_ canvas: inout Street.Canvas, _ box: Box, blue: UInt8, red: UInt8) {
                canvas.relight(box) { _, _, _ in luma }
                for y in Int(box.y * 180)..<Int(box.maxY * 180) {
                    for x in Int(box.x * 320)..<Int(box.maxX * 320) {
                        canvas.blue[y * 320 + x] = blue
                        canvas.red[y * 320 + x] = red
                    }
                }
            }
            let sky = Box(x: 0, y: 0, width: 1, height: 0.4)
            watch.watch(0...20) { canvas, _ in paint(&canvas, sky, blue: 140, red: 116) }
            watch.watch(22...60) { canvas, _ in
                paint(&canvas, sky, blue: 140, red: 116)
                paint(&canvas, Box(x: 0.4, y: 0.1, width: 0.1, height: 0.1), blue: 130, red: 126)
            }
            return watch.things
        }
        #expect(things(sky: 240).isEmpty)
        #expect(!things(sky: 150).isEmpty)
    }

    @Test func `what becomes something else where nobody came is nothing, and where somebody came it is`() {
        func undoubted(visitor: Bool) -> Bool {
            var watch = Watch()
            watch.watch(0...20)
            watch.watch(22...36, [bag])
            // The detector does not see through the bag's place; somebody walks by.
            let person = Street.Thing(.person, Box(x: 0.5, y: 0.3, width: 0.05, height: 0.3), look: 5, score: 0.8)
            let other = Street.Thing(.object, place, look: 47, isDetected: false, tint: -30)
            watch.watch(38...38, visitor ? [other, person] : [other])
            watch.watch(40...80, [other])
            let since = watch.seen.last?.objects.first { $0.isThing }?.since.seconds ?? 0
            return since >= 38
                && watch.seen.suffix(5).allSatisfy { $0.objects.contains { $0.isThing && $0.doubt == nil } }
        }
        #expect(undoubted(visitor: true))
        #expect(!undoubted(visitor: false))
    }

    @Test func `what is as upright as somebody who stands is a thing only after a minute`() {
        let post = Street.Thing(
            .object, Box(x: 0.4, y: 0.4, width: 0.04, height: 0.24), look: 11, isDetected: false, tint: 25)
        var watch = Watch()
        watch.watch(0...20)
        watch.watch(22...100, [post])
        let sure = watch.seen.filter { $0.objects.contains { $0.isThing && $0.doubt == nil } }.map(\.time)
        #expect(sure.first.map { (82...92).contains($0) } == true, "\(sure)")
    }

    @Test(arguments: [(0.45, true), (0.6, false)])
    func `what changes on the body of a parked car is the car's, what lies before it is not`(
        top: Double, isTheCars: Bool
    ) throws {
        // A car from the first picture on, of which the body reaches from 0.42 to 0.7.
        let car = Street.Thing(.car, Box(x: 0.3, y: 0.42, width: 0.4, height: 0.28), look: 3, score: 0.5)
        let spot = Street.Thing(
            .object, Box(x: 0.48, y: top, width: 0.04, height: 0.08), look: 11, isDetected: false, tint: 25)
        var watch = Watch()
        watch.watch(0...20, [car])
        watch.watch(22...60, [car, spot])
        let thing = try #require(watch.seen.last?.objects.first { $0.isThing })
        #expect(thing.identity == (isTheCars ? .known(.car) : .thing))
    }

    @Test func `pixels that have hardly changed have no time`() throws {
        var watch = Watch()
        watch.watch(0...40)
        let model = try #require(watch.watcher.model)
        #expect(model.since(Array(1000..<1100)) == nil)
    }

    @Test func `a person in front of a thing hides it and does not end it`() throws {
        let person = Street.Thing(.person, Box(x: 0.36, y: 0.2, width: 0.18, height: 0.5), look: 5, score: 0.8)
        var watch = Watch()
        watch.watch(0...20)
        watch.watch(22...50, [bag])
        watch.watch(52...70, [bag, person])
        #expect(watch.seen.last?.objects.first { $0.isThing }?.presence == .hidden)
        watch.watch(72...90, [bag])
        #expect(watch.departures.isEmpty)
        #expect(watch.seen.last?.objects.first { $0.isThing }?.isVisible == true)
        #expect(watch.seen.last?.objects.first { $0.isThing }?.since.seconds == 22)
    }

    /// Nobody sees an arrival in the first look of a watch: not that of somebody who walks by either.
    @Test func `somebody who walks by as the watch begins again neither ends nor hides what lies there`() throws {
        let person = Street.Thing(.person, Box(x: 0.34, y: 0.3, width: 0.2, height: 0.42), look: 5, score: 0.8)
        var before = Watch()
        before.watch(0...20)
        before.watch(22...50, [bag])
        var watch = try before.restarted(at: 50)
        watch.watch(70...70, [person, bag])
        watch.watch(72...110, [bag])
        #expect(watch.watcher.restoration == .taken)
        #expect(watch.departures.isEmpty)
        let object = try #require(watch.seen.last?.objects.first { $0.isThing })
        #expect(object.isVisible && object.since.seconds == 22)
        #expect(watch.seen.last?.objects.count == 1)
    }

    /// The detector finds what stood there from the first look on when it likes: the ground under it is new when it leaves.
    @Test(arguments: [6, 60.0]) func `a vehicle that was found late and leaves is no thing`(found: Double) {
        let place = Box(x: 0.4, y: 0.4, width: 0.16, height: 0.28)
        func car(isDetected: Bool) -> Street.Thing { .init(.car, place, look: 4, isDetected: isDetected) }
        var watch = Watch()
        watch.watch(0...found, [car(isDetected: false)])
        watch.watch(found + 2...found + 20, [car(isDetected: true)])
        watch.watch(found + 22...found + 120)
        #expect(watch.things.isEmpty)
    }

    @Test func `a place that shows something else in each look holds no thing`() {
        var watch = Watch()
        watch.watch(0...20)
        for look in 0..<30 {
            let other = Street.Thing(.object, place, look: 20 + look, isDetected: false, tint: [25, -30, 0][look % 3])
            let time = 22 + Double(look) * 2
            watch.watch(time...time, [other])
        }
        #expect(watch.things.isEmpty)
    }

    @Test func `another size of picture starts over`() {
        var watch = Watch()
        watch.watch(0...20)
        watch.watch(22...40, [bag])
        for look in 21...40 {
            let pixels = (0..<160 * 90).map { UInt8(80 + Street.noise($0 % 160 / 4, $0 / 160 / 4, 9) % 60) }
            guard let picture = GreyImage(width: 160, height: 90, pixels: pixels) else { continue }
            let grey = [UInt8](repeating: 128, count: pixels.count)
            watch.see(
                Scene(
                    time: MediaTime(Double(look) * 2), date: Date(timeIntervalSince1970: 1_790_000_000),
                    detections: [], picture: picture, chroma: Chroma(blue: grey, red: grey)))
        }
        #expect(watch.seen.last?.objects.isEmpty == true)
        watch.watch(82...100)
        #expect(watch.seen.last?.objects.isEmpty == true)
    }

    @Test func `a thing outlives the change to infra-red and back`() throws {
        let night: (inout Street.Canvas, Int) -> Void = { canvas, _ in
            canvas.luma = canvas.luma.map { 40 + (255 - $0) / 2 }
            canvas.blue = [UInt8](repeating: 128, count: canvas.blue.count)
            canvas.red = canvas.blue
        }
        var watch = Watch()
        watch.watch(0...20)
        watch.watcher.appearanceChanged()
        watch.watch(22...40, change: night)
        watch.watcher.appearanceChanged()
        watch.watch(42...80, [bag])
        let before = try #require(watch.seen.last?.objects.first { $0.isThing })
        watch.watcher.appearanceChanged()
        watch.watch(82...82, [bag], change: night)
        #expect(watch.seen.last?.objects.first { $0.id == before.id }?.presence == .hidden)
        watch.watch(84...100, [bag], change: night)
        let after = try #require(watch.seen.last?.objects.first { $0.id == before.id })
        #expect(after.isVisible && after.since == before.since)
        #expect(Set(watch.things.map(\.id)).count == 1)
        #expect(watch.departures.isEmpty)
    }
}

@Suite(.heavy) struct SmokeTests {
    /// Asphalt, against which pale smoke stands out.
    private func darken(_ canvas: inout Street.Canvas) { canvas.relight(.whole) { $2 * 0.6 } }

    /// Opacity and shade of haze that stirs from look to look.
    private func haze(_ box: Box) -> (inout Street.Canvas, Int) -> Void {
        { canvas, look in
            canvas.relight(box) { x, y, luma in
                let opacity = 0.35 + Double(Street.noise(x / 10, y / 10, look) % 30) / 100
                return (1 - opacity) * luma + opacity * 180
            }
        }
    }

    @Test func `haze that stirs opens one incident, which ends with it`() throws {
        var rule = SmokeRule(
            kind: .burning,
            zone: Zone(
                id: "z", name: "",
                polygon: Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])),
            dwell: 10)
        var watch = Watch()
        var book = IncidentBook(camera: "c") { _ in UUID() }
        var changes: [Incident] = []
        for seconds in stride(from: 0.0, through: 100, by: 2) {
            watch.plumes = []
            watch.watch(seconds...seconds) { canvas, look in
                darken(&canvas)
                if 20..<50 ~= seconds { haze(region)(&canvas, look) }
            }
            let scene = Watch.street.scene(at: seconds, [])
            changes += book.advance(
                rule.evaluate(Observation(scene: scene, plumes: watch.plumes)), at: MediaTime(seconds))
        }
        #expect(changes.filter { $0.state == .opened }.count == 1)
        #expect(changes.filter { $0.state == .closed }.count == 1)
        let opened = try #require(changes.first)
        #expect((20...26).contains(opened.firstSeen.seconds) && opened.confirmed - opened.firstSeen >= 10)
        // The ground follows what stationary: haze may be taken for ground before it is over.
        #expect((32...70).contains(try #require(changes.last?.closed?.seconds)))
    }

    /// The plumes of haze from 20 s to 60 s, seen in looks and maybe in burst frames.
    private func plumes(
        _ watch: inout Watch, burstFrames: Bool, isThere: (Double) -> Bool = { _ in true }, in boxes: [Box] = [region]
    ) {
        for seconds in stride(from: 0.0, through: 60, by: burstFrames ? 0.5 : 2) {
            let isLook = seconds.truncatingRemainder(dividingBy: 2) == 0
            let scene = Watch.street.scene(at: seconds, []) { canvas in
                darken(&canvas)
                guard seconds >= 20, isThere(seconds) else { return }
                for box in boxes { haze(box)(&canvas, Int(seconds * 2)) }
            }
            if isLook { watch.see(scene) } else { watch.smoke.take(burstFrame: scene, over: watch.watcher) }
        }
    }

    @Test(arguments: [false, true]) func `two patches of haze over one fire are one plume`(burstFrames: Bool) {
        var watch = Watch()
        plumes(
            &watch, burstFrames: burstFrames,
            in: [Box(x: 0.3, y: 0.2, width: 0.2, height: 0.4), Box(x: 0.56, y: 0.2, width: 0.2, height: 0.4)])
        #expect(Set(watch.plumes.map(\.id)) == [1])
    }

    @Test func `burst frames tell smoke that lasts from a flicker at the looks`() {
        var smoke = Watch()
        plumes(&smoke, burstFrames: true)
        #expect(!smoke.plumes.isEmpty && smoke.plumes.allSatisfy { (18...22).contains($0.since.seconds) })
        var flicker = Watch()
        plumes(&flicker, burstFrames: true) { $0.truncatingRemainder(dividingBy: 2) == 0 }
        #expect(flicker.plumes.isEmpty)
    }

    @Test(arguments: [24.0, 26, 28, 30, 34, 50], [2.0, 8, 20])
    func `a restart loses no time of smoke`(killed: Double, outage: Double) throws {
        let zone = Zone(
            id: "z", name: "",
            polygon: Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)]))
        let column = Box(x: 0.42, y: 0.1, width: 0.16, height: 0.5)
        func rules() -> RuleSet { RuleSet([SmokeRule(kind: .burning, zone: zone, dwell: 20)]) }
        func changes(restart: Bool) throws -> [Incident] {
            var (watch, rules, book) = (Watch(), rules(), IncidentBook(camera: "c") { _ in UUID() })
            var changes: [Incident] = []
            for seconds in stride(from: 0.0, through: 120, by: 2) {
                if restart, seconds > killed, seconds < killed + outage { continue }
                let scene = Watch.street.scene(at: seconds, []) { canvas in
                    darken(&canvas)
                    if 20..<70 ~= seconds { haze(column)(&canvas, Int(seconds / 2)) }
                }
                watch.plumes = []
                watch.see(scene)
                changes += book.advance(
                    rules.evaluate(Observation(scene: scene, plumes: watch.plumes)), at: scene.time)
                guard restart, seconds == killed else { continue }
                let kept = try #require(
                    WatchCheckpoint(
                        data: WatchCheckpoint(
                            time: scene.time, tracker: watch.tracker, rules: rules, smoke: watch.smoke
                        ).data()))
                let ground = try #require(watch.watcher.checkpoint(at: scene.time))
                watch = Watch(
                    watcher: LeftObjectDetector(
                        zones: [zone.polygon], restored: BackgroundCheckpoint(data: try ground.data())),
                    tracker: StationaryObjectTracker(restored: kept), smoke: SmokeWatcher(restored: kept))
                rules = RuleSet([SmokeRule(kind: .burning, zone: zone, dwell: 20)], restored: kept)
                book = IncidentBook(camera: "c", restored: book.open) { _ in UUID() }
            }
            return changes
        }
        func times(_ changes: [Incident], _ state: Incident.State) -> [Double] {
            changes.filter { $0.state == state }.map(\.confirmed.seconds)
        }
        let (whole, broken) = (try changes(restart: false), try changes(restart: true))
        let opened = try #require(times(whole, .opened).first)
        #expect(times(broken, .opened).count == 1 && times(broken, .closed).count == 1)
        // Three looks must show it again, where nobody saw it come true.
        let due = max(opened, killed < opened ? killed + outage + 4 : opened)
        #expect(times(broken, .opened).allSatisfy { (opened...due + 2).contains($0) }, "\(opened) \(broken)")
    }

    @Test func `more looks are wanted while haze is undecided`() {
        var watch = Watch()
        var wanted: [Double] = []
        let small = Box(x: 0.4, y: 0.3, width: 0.2, height: 0.3)
        for seconds in stride(from: 0.0, through: 80, by: 2) {
            watch.see(
                Watch.street.scene(at: seconds, []) { canvas in
                    darken(&canvas)
                    if seconds >= 20 { haze(small)(&canvas, Int(seconds)) }
                })
            if watch.smoke.isUndecided { wanted.append(seconds) }
        }
        #expect(wanted.first.map { (20...24).contains($0) } == true)
        // A plume that is known for what it is asks for no more.
        #expect(wanted.count >= 3 && wanted.allSatisfy { $0 <= 60 }, "\(wanted)")
    }

    @Test(arguments: ["shadow", "lamp", "box", "fog", "pale"])
    func `a shadow, a lamp, a moving box, fog or a paler view is not taken for smoke`(what: String) {
        let fog = haze(Box(x: 0, y: 0, width: 1, height: 0.9))
        var watch = Watch()
        watch.watch(0...20) { canvas, _ in darken(&canvas) }
        watch.watch(22...60) { canvas, look in
            darken(&canvas)
            switch what {
            case "shadow": canvas.relight(region) { $2 * 0.6 }
            case "lamp": canvas.relight(region) { $2 + 40 }
            case "box":
                canvas.relight(Box(x: Double(look % 8) * 0.1, y: 0.3, width: 0.25, height: 0.4)) { x, y, _ in
                    Double(150 + Street.noise(x / 8, y / 8, 3) % 60)
                }
            case "fog": fog(&canvas, look)
            default: canvas.relight(region) { 0.5 * $2 + 90 }
            }
        }
        #expect(watch.plumes.isEmpty)
    }

    /// A stream that changes from 16:9 to 4:3 in the middle, under either appearance: nobody could ever see what lay there
    /// go away.
    @Test(arguments: [false, true])
    func `what lay there ends when the shape of the picture changes`(isTakenForNewAppearance: Bool) throws {
        var watch = Watch()
        watch.watch(0...20)
        watch.watch(22...60, [bag])
        let before = try #require(watch.seen.last?.objects.first { $0.isThing })
        if isTakenForNewAppearance { watch.watcher.appearanceChanged() }
        for seconds in stride(from: 62.0, through: 120, by: 2) {
            watch.see(try Self.cropped(Watch.street.scene(at: seconds, [bag])))
        }
        #expect(watch.things.filter { $0.presence == .lost(at: MediaTime(62)) }.map(\.id) == [before.id])
        watch.watcher.appearanceChanged()
        watch.see(try Self.cropped(Watch.street.scene(at: 122, [bag])))
        #expect(watch.seen.last?.objects.contains { $0.id == before.id } == false)
    }

    private static func cropped(_ scene: Scene) throws -> Scene {
        let width = 240
        func cut(_ plane: [UInt8]) -> [UInt8] {
            (0..<Street.height).flatMap { plane[$0 * Street.width..<$0 * Street.width + width] }
        }
        let chroma = try #require(scene.chroma)
        return Scene(
            time: scene.time, date: scene.date, detections: [],
            picture: try #require(GreyImage(width: width, height: Street.height, pixels: cut(scene.picture.pixels))),
            chroma: Chroma(blue: cut(chroma.blue), red: cut(chroma.red)))
    }
}

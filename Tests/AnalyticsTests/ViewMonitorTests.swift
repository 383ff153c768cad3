import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// A street with a view that stays, with sensor noise, as a camera shows it look by look.
private struct Watch {
    var monitor = ViewMonitor()
    var look = 0
    var judgements: [(time: Double, judgement: ViewJudgement)] = []
    /// As soft as a lens makes it.
    static let street = Retouch.blurred(
        Street().scene(
            at: 0,
            [
                .init(.car, Box(x: 0.02, y: 0.02, width: 0.3, height: 0.5), look: 3),
                .init(.car, Box(x: 0.38, y: 0.1, width: 0.25, height: 0.35), look: 4),
                .init(.car, Box(x: 0.7, y: 0.04, width: 0.28, height: 0.6), look: 5),
                .init(.car, Box(x: 0.1, y: 0.7, width: 0.8, height: 0.28), look: 6),
            ]
        ).picture, 1)

    /// The street to the last pixel, and a car at `x` of its width.
    static func street(withCarAt x: Double?) -> GreyImage {
        Retouch.map(street) { column, row in
            let left = x.map { Int($0 * Double(street.width)) } ?? street.width
            let isCar = (left..<left + 40).contains(column) && (90..<115).contains(row)
            return isCar ? Double(60 + (column - left) * 3) : Double(street.pixels[row * street.width + column])
        }
    }

    /// Takes so many looks, two seconds apart; returns the last judgement.
    @discardableResult
    mutating func see(
        _ looks: Int, noise: Double = 2, light: Double = 1, _ change: (GreyImage) -> GreyImage = { $0 }
    ) -> ViewJudgement {
        var last = ViewJudgement(isClear: true)
        for _ in 0..<looks {
            let picture = change(
                Retouch.noise(light == 1 ? Self.street : Retouch.gain(Self.street, light), noise, seed: look))
            last = monitor.judge(picture, at: MediaTime(Double(look) * 2))
            judgements.append((Double(look) * 2, last))
            look += 1
        }
        return last
    }

    var unclear: [String] {
        judgements.filter { !$0.judgement.isClear || $0.judgement.hasNewAppearance }.map {
            "\($0.time): \($0.judgement)"
        }
    }

    /// Seconds from the fault to its statement.
    func delay(from time: Double) -> Double? { judgements.first { $0.judgement.fault != nil }.map { $0.time - time } }
}

@Suite(.heavy) struct ViewMonitorTests {
    @Test func `an hour of quiet night is no fault`() {
        var watch = Watch()
        watch.see(30)
        // Dusk, then dark with little noise, then rain for a while and its end, then dawn.
        for step in 0..<40 { watch.see(4, light: 1 - Double(step) * 0.02) }
        watch.see(600, noise: 0.7, light: 0.2)
        watch.see(60, noise: 6, light: 0.2)
        watch.see(100, noise: 0.7, light: 0.2)
        #expect(watch.unclear.isEmpty, "\(watch.unclear)")
    }

    @Test func `a camera that always sends the same picture twice is not frozen`() {
        var monitor = ViewMonitor()
        for look in 0..<120 {
            let picture = Retouch.noise(Watch.street, 2, seed: look / 2)
            let judgement = monitor.judge(picture, at: MediaTime(Double(look) * 2))
            // Until its habit is known one look may be withheld.
            #expect(judgement.fault == nil && (look > 24 ? judgement.isClear : true))
        }
    }

    /// As an encoder shows it that leaves out what does not change, or a camera with strong noise reduction.
    @Test func `a camera without noise is not frozen while something moves`() {
        var monitor = ViewMonitor()
        var unclear: [Int] = []
        for look in 0..<400 {
            // A car that comes by each half a minute; one stays from look 200 on.
            let step = look % 15
            let x =
                look >= 204 && look < 320
                ? 0.5 : step < 4 || (200..<204).contains(look) ? Double(step) * 0.15 + 0.05 : nil
            let judgement = monitor.judge(Watch.street(withCarAt: x), at: MediaTime(Double(look) * 2))
            if !judgement.isClear { unclear.append(look) }
        }
        #expect(unclear.isEmpty, "\(unclear)")
    }

    /// The first stillness of a camera that is not known: frozen is stated, and taken back when a car comes.
    @Test func `a still beginning ends with the first thing that moves`() {
        var monitor = ViewMonitor()
        var judgements: [ViewJudgement] = []
        for look in 0..<120 {
            let x = look < 35 ? nil : min(0.05 + Double(look - 35) * 0.15, 0.5)
            judgements.append(monitor.judge(Watch.street(withCarAt: x), at: MediaTime(Double(look) * 2)))
        }
        #expect(judgements[34].fault?.kind == .frozen)
        #expect(judgements[40...].allSatisfy { $0.isClear })
    }

    @Test func `a frozen picture with a running clock is frozen over its minutes and hours`() {
        var watch = Watch()
        watch.see(30)
        let still = Retouch.noise(Watch.street, 2, seed: 29)
        for look in 0..<200 { watch.see(1) { _ in Retouch.clock(still, look) } }
        #expect(watch.judgements[35...].allSatisfy { $0.judgement.fault?.kind == .frozen })
    }

    @Test func `a frozen picture is stated, and the camera recovers`() throws {
        var watch = Watch()
        watch.see(30)
        let still = Retouch.noise(Watch.street, 2, seed: 29)
        let fault = try #require(watch.see(5) { _ in still }.fault)
        #expect(fault.kind == .frozen && fault.since.seconds == 58)
        #expect(try #require(watch.delay(from: 58)) <= 10)
        #expect(watch.see(2).isClear)
        #expect(watch.see(1).fault == nil)
    }

    @Test(arguments: [
        CameraFault.Kind.black, .covered, .outOfFocus, .moved,
    ]) func `a fault is stated within ten seconds, and the camera recovers`(kind: CameraFault.Kind) throws {
        var watch = Watch()
        watch.see(30)
        let fault = watch.see(5) { picture in
            switch kind {
            case .black: Retouch.gain(Retouch.plain(picture, 16), 1)
            case .covered: Retouch.noise(Retouch.hand(picture), 2, seed: 1)
            case .outOfFocus: Retouch.blurred(picture, 3)
            case .moved, .frozen: Retouch.shifted(picture, 36, 12)
            }
        }.fault
        #expect(fault?.kind == kind, "\(String(describing: fault))")
        #expect(try #require(fault).since.seconds == 60)
        #expect(try #require(watch.delay(from: 60)) <= 10)
        #expect(watch.see(2).isClear)
        let clear = watch.see(20)
        #expect(clear.isClear && clear.fault == nil)
    }

    @Test func `a moved camera stays moved until the old view is back`() {
        var watch = Watch()
        watch.see(30)
        let later = watch.see(40) { Retouch.shifted($0, 36, 0) }
        #expect(later.fault?.kind == .moved && !later.isClear)
        #expect(later.fault?.why.contains("until the old view is back") == true)
        // To the right: what was at 0.5 is at 0.6125 now.
        #expect(watch.monitor.offset.map { abs($0.x - 36.0 / 320) < 0.01 && abs($0.y) < 0.01 } == true)
        #expect(watch.see(2).isClear)
        #expect(watch.monitor.offset == nil)
    }

    /// Another preset of a camera that turns: nothing of the street is where it was.
    private func preset(_ number: Int) -> @Sendable (GreyImage) -> GreyImage {
        { picture in
            // Blocks of another size and place in each, so that chance alone makes them alike.
            let shift = Double(number) * 0.0137
            let other = Street().scene(
                at: 0,
                (0..<6).map {
                    .init(
                        .car,
                        Box(
                            x: Double($0 % 3) * 0.33 - 0.1 + shift, y: Double($0 / 3) * 0.5 - 0.15 + shift,
                            width: 0.22 + shift, height: 0.4 + shift), look: 100 * number + $0)
                }
            ).picture
            return Retouch.noise(Retouch.blurred(other, 1), 2, seed: picture.pixels.reduce(0) { $0 &+ Int($1) })
        }
    }

    @Test func `a camera that turns before it is known rests until it keeps to one view`() throws {
        var watch = Watch()
        watch.see(4)
        for number in 1...6 { watch.see(4, preset(number)) }
        #expect(try #require(watch.delay(from: 8)) <= 10)
        #expect(watch.judgements.dropFirst(4).allSatisfy { !$0.judgement.isClear })
        #expect(watch.judgements.last?.judgement.fault?.kind == .moved)
        let stayed = watch.see(35, preset(7))
        #expect(stayed.isClear && stayed.fault == nil)
        let first = try #require(watch.judgements.dropFirst(28).first { $0.judgement.isClear })
        #expect(first.time >= 56 + 60 && first.judgement.hasNewAppearance)
        // From then on that is the view: a turn away from it is stated, and taken back.
        #expect(watch.see(5, preset(8)).fault?.kind == .moved)
        #expect(watch.see(3, preset(7)).isClear)
    }

    @Test func `a camera that turns and comes back before it is known goes on`() {
        var watch = Watch()
        watch.see(5)
        #expect(watch.see(4, preset(1)).fault?.kind == .moved)
        #expect(watch.see(3).isClear)
        #expect(watch.see(60).fault == nil)
    }

    /// Asphalt, say: too few edges to be known, and nothing that could have turned.
    @Test func `a camera that turns to a plain view rests for a minute and no longer`() {
        var watch = Watch()
        watch.see(4)
        let plain: (GreyImage) -> GreyImage = { picture in
            Retouch.noise(
                Retouch.map(picture) { column, _ in 100 + Double(column) / 16 }, 1,
                seed: picture.pixels.reduce(0) { $0 &+ Int($1) })
        }
        // The first of them is another view, the others are as good as nothing.
        watch.see(2, preset(1))
        watch.see(40, plain)
        #expect(watch.judgements[5].judgement.isClear == false)
        #expect(watch.judgements.last?.judgement.isClear == true && watch.judgements.last?.judgement.fault == nil)
    }

    @Test func `a camera that was turned while nobody looked is moved until it is back`() throws {
        var before = Watch()
        before.see(12)
        let view = try #require(before.monitor.checkpoint)
        var watch = Watch()
        watch.monitor = ViewMonitor(known: [view])
        let away = try #require(watch.see(5, preset(1)).fault)
        #expect(away.kind == .moved && away.why.contains("draw the zones anew"))
        #expect(watch.judgements.allSatisfy { !$0.judgement.isClear })
        // The night tells nothing of it, and takes nothing back.
        let night: (GreyImage) -> GreyImage = { Retouch.noise(Retouch.plain($0, 18), 2, seed: 1) }
        #expect(watch.see(5, night).fault?.kind == .black)
        #expect(watch.see(40, preset(1)).fault?.kind == .moved)
        #expect(watch.monitor.checkpoint == view)
        #expect(watch.see(2).isClear && watch.see(20).fault == nil)
        // A camera that begins in the dark is not moved, and neither is what is too plain to tell.
        var dark = Watch()
        dark.monitor = ViewMonitor(known: [view])
        #expect(dark.see(5, night).fault?.kind == .black)
        #expect(dark.see(2).isClear)
        var plain = Watch()
        plain.monitor = ViewMonitor(known: [view])
        let asphalt = plain.see(8) { picture in
            Retouch.noise(Retouch.map(picture) { column, _ in 100 + Double(column) / 8 }, 1, seed: 1)
        }
        #expect(asphalt.fault?.kind != .moved)
    }

    @Test func `a camera that turns when it is started is moved within ten seconds`() throws {
        var before = Watch()
        before.see(12)
        var watch = Watch()
        watch.monitor = ViewMonitor(known: [try #require(before.monitor.checkpoint)])
        for number in 1...6 { watch.see(1, preset(number)) }
        #expect(try #require(watch.delay(from: 0)) <= 10)
        #expect(watch.judgements.allSatisfy { !$0.judgement.isClear })
    }

    @Test func `a picture of noise alone is no turn`() {
        var watch = Watch()
        watch.see(20, noise: 20) {
            Retouch.noise(Retouch.plain($0, 60), 20, seed: $0.pixels.reduce(0) { $0 &+ Int($1) })
        }
        #expect(watch.unclear.isEmpty, "\(watch.unclear)")
    }

    @Test func `one bad picture is not looked at and is no fault`() {
        var watch = Watch()
        watch.see(30)
        for _ in 0..<5 {
            #expect(!watch.see(1) { Retouch.plain($0, 128) }.isClear)
            let after = watch.see(3)
            #expect(after.isClear && after.fault == nil)
        }
    }

    @Test func `shaking by three pixels is no fault`() {
        var watch = Watch()
        watch.see(10)
        for step in 0..<60 { watch.see(1) { Retouch.shifted($0, [0, 3, -3, 2][step % 4], [3, -3, 0, 1][step % 4]) } }
        #expect(watch.unclear.isEmpty, "\(watch.unclear)")
    }

    @Test func `a picture of another shape is learnt anew`() throws {
        var watch = Watch()
        watch.see(20)
        let wide = try #require(GreyImage(width: 320, height: 240, pixels: [UInt8](repeating: 90, count: 76_800)))
        let judgement = watch.monitor.judge(Retouch.noise(wide, 4, seed: 1), at: MediaTime(40))
        #expect(judgement.hasNewAppearance && judgement.isClear)
    }
}

/// Zones rest while the camera cannot see.
@Suite(.heavy) struct RestingZoneTests {
    private static let zone = Zone(
        id: "z", name: "",
        polygon: Polygon([Point(x: 0, y: 0.3), Point(x: 1, y: 0.3), Point(x: 1, y: 0.9), Point(x: 0, y: 0.9)]))
    private let car = Street.Thing(.car, Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2))

    private struct Watch {
        var tracker = StationaryObjectTracker()
        var rule = IllegalParking(zone: zone, settings: ParkingSettings(dwell: 20))
        var book = IncidentBook(camera: "c") { _ in UUID() }
        var changes: [Incident] = []

        mutating func see(_ scene: Scene) {
            let ended = tracker.update(with: scene)
            changes += book.advance(
                rule.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended)), at: scene.time)
        }

        mutating func watch(_ range: ClosedRange<Double>, _ things: [Street.Thing]) {
            for seconds in stride(from: range.lowerBound, through: range.upperBound, by: 2) {
                see(Street().scene(at: seconds, things))
            }
        }
    }

    @Test func `an open incident outlives blindness and remains one`() {
        var watch = Watch()
        watch.watch(0...8, [])
        watch.watch(10...40, [car])
        for _ in 0..<100 { watch.tracker.interrupt() }
        watch.watch(240...300, [car])
        #expect(watch.changes.filter { $0.state == .opened }.count == 1)
        #expect(!watch.changes.contains { $0.state == .closed })
        watch.watch(302...310, [])
        #expect(watch.changes.last?.state == .closed)
    }

    @Test(arguments: [(20.0, 20.0), (200, 0)])
    func `a stop goes on after a short blindness and begins anew after a long one`(gap: Double, counted: Double) throws
    {
        var watch = Watch()
        watch.watch(0...8, [])
        watch.watch(10...24, [car])
        watch.tracker.interrupt()
        let back = 24 + gap
        watch.watch(back...back + 60, [car])
        let opened = try #require(watch.changes.first { $0.state == .opened })
        #expect(counted > 0 ? opened.firstSeen.seconds == 10 : opened.firstSeen.seconds == back)
    }

    @Test func `the change to infra-red closes nothing, and a departure during it is still seen`() {
        var watch = Watch()
        watch.watch(0...8, [])
        watch.watch(10...40, [car])
        watch.tracker.appearanceChanged(at: MediaTime(42))
        // The same car looks different now, and the detector needs a while to find it.
        var night = car
        night.look = 9
        night.isDetected = false
        watch.watch(42...50, [night])
        night.isDetected = true
        watch.watch(52...70, [night])
        #expect(watch.changes.filter { $0.state == .closed }.isEmpty)
        watch.tracker.appearanceChanged(at: MediaTime(72))
        watch.watch(72...140, [])
        #expect(watch.changes.last?.state == .closed)
    }

    /// Dates are for calendars and messages: setting the clock by an hour changes no dwell and no order of incidents.
    @Test(arguments: [-3600.0, 3600]) func `setting the clock changes no dwell`(seconds: Double) throws {
        func changes(stepAt step: Double?) -> [Incident] {
            var watch = Watch()
            for time in stride(from: 0.0, through: 100, by: 2) {
                let scene = Street().scene(at: time, time >= 10 && time <= 80 ? [car] : [])
                let shift = step.map { time >= $0 ? seconds : 0 } ?? 0
                watch.see(
                    Scene(
                        time: scene.time, date: scene.date.addingTimeInterval(shift), detections: scene.detections,
                        picture: scene.picture))
            }
            return watch.changes
        }
        let usual = changes(stepAt: nil)
        #expect(usual.count >= 2)
        for step in [12.0, 20, 30, 82] {
            let set = changes(stepAt: step)
            #expect(set.map(\.state) == usual.map(\.state))
            #expect(set.map(\.dwell) == usual.map(\.dwell))
            #expect(set.map(\.confirmed) == usual.map(\.confirmed))
        }
    }
}

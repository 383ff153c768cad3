import Analytics
import Domain
import Inference
import TestSupport
import Testing

@Suite struct MotionGateTests {
    private let whole = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])
    private let car = Street.Thing(.car, Box(x: 0.4, y: 0.4, width: 0.1, height: 0.1))

    private func picture(_ things: [Street.Thing], gain: Double = 1) -> GreyImage {
        Street().scene(at: 0, things, gain: gain).picture
    }

    @Test func `a still picture is admitted once, and again after a rest`() {
        var gate = MotionGate(zones: [whole])
        let admitted = (0..<10).map { gate.admission(of: picture([]), at: MediaTime(Double($0) * 2)) }
        #expect(admitted.map { $0 == nil } == (0..<10).map { $0 % 5 != 0 })
        #expect(admitted[0] == .changed && admitted[5] == .rested)
    }

    @Test func `a still picture is admitted where the detector is asked again`() {
        var gate = MotionGate(zones: [whole])
        let wanted = [false, true, false, false]
        let admitted = wanted.enumerated().map {
            gate.admission(of: picture([]), at: MediaTime(Double($0) * 2), isWanted: $1)
        }
        #expect(admitted == [.changed, .changed, nil, nil])
    }

    @Test func `a change is admitted`() {
        var gate = MotionGate(zones: [whole])
        let things: [[Street.Thing]] = [[], [car], [car], []]
        let admitted = things.enumerated().map { gate.admission(of: picture($1), at: MediaTime(Double($0) * 2)) }
        #expect(admitted == [.changed, .changed, nil, .changed])
    }

    @Test func `a change far from every zone is not admitted`() {
        let corner = Polygon([Point(x: 0, y: 0), Point(x: 0.1, y: 0), Point(x: 0, y: 0.1)])
        var gate = MotionGate(zones: [corner])
        _ = gate.admission(of: picture([]), at: MediaTime(0))
        let admission = gate.admission(of: picture([car]), at: MediaTime(2))
        #expect(admission == nil)
    }

    @Test(arguments: [1e300, -1e300, .infinity, -.infinity, .nan])
    func `a zone with a corner out of all reason is no crash`(corner: Double) {
        for zone in [
            [Point(x: corner, y: 0), Point(x: corner, y: 1), Point(x: corner, y: corner)],
            [Point(x: 0, y: 0), Point(x: 1, y: corner), Point(x: corner, y: 1)],
        ] {
            var gate = MotionGate(zones: [Polygon(zone)])
            _ = gate.admission(of: picture([]), at: MediaTime(0))
            _ = gate.admission(of: picture([car]), at: MediaTime(2))
            let afterRest = gate.admission(of: picture([]), at: MediaTime(20))
            #expect(afterRest != nil)
        }
    }
}

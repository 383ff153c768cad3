import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

@Suite struct StandingOrNotTests {
    private static let place = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    /// A road that is in the shade above and in the sun below, and a car that is as dark above and as bright below.
    private static func scene(at seconds: Double, hasCar: Bool, isDetected: Bool) -> Scene {
        Street(isTextured: false).scene(
            at: seconds, [.init(.car, place, isDetected: isDetected, isDrawn: false)]
        ) { canvas in
            canvas.relight(Box(x: 0, y: 0, width: 1, height: 0.5)) { _, _, _ in 85 }
            guard hasCar else { return }
            canvas.relight(place) { x, y, luma in
                let body = luma < 100 ? 60.0 : 150
                return body + Double(Street.noise(x / 4, y / 4, 3) % 80) - 40
            }
        }
    }

    @Test func `a shaded road where a car stood is empty although it is as dark above and as bright below`() {
        var tracker = StationaryObjectTracker()
        var ended: [StationaryObjectTracker.Ended] = []
        for seconds in stride(from: 0.0, through: 20, by: 2) {
            let isThere = seconds < 12
            ended += tracker.update(with: Self.scene(at: seconds, hasCar: isThere, isDetected: isThere))
        }
        #expect(ended.map(\.at.seconds) == [12])
        #expect(tracker.stationary.isEmpty)
    }

    @Test func `a car that the detector misses stays where the picture still shows it`() {
        var tracker = StationaryObjectTracker()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            _ = tracker.update(with: Self.scene(at: seconds, hasCar: true, isDetected: seconds < 6))
        }
        #expect(tracker.stationary.map(\.presence) == [.unchanged])
    }

    /// A container that stands there from the first picture on, and that the detector takes for a lorry only later on.
    @Test(arguments: [false, true])
    func `what is found late stood there before, and what drives up has arrived`(drivesUp: Bool) {
        var tracker = StationaryObjectTracker()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let thing = Street.Thing(.truck, Self.place, isDetected: seconds >= 30)
            _ = tracker.update(with: Street().scene(at: seconds, drivesUp && seconds < 30 ? [] : [thing]))
        }
        #expect(tracker.stationary.map(\.hasArrived) == [drivesUp])
        #expect(tracker.stationary.map(\.since.seconds) == [drivesUp ? 30 : 24])
    }

    @Test func `what was only hidden when the detector found it has not arrived`() {
        var tracker = StationaryObjectTracker()
        let lorry = Street.Thing(.truck, Self.place, isDetected: false)
        let passer = Street.Thing(.person, Box(x: 0.42, y: 0.3, width: 0.1, height: 0.4), look: 9, isDetected: false)
        for seconds in stride(from: 0.0, through: 8, by: 2) {
            _ = tracker.update(with: Street().scene(at: seconds, seconds == 6 ? [lorry, passer] : [lorry]))
        }
        _ = tracker.update(with: Street().scene(at: 10, [Street.Thing(.truck, Self.place)]))
        #expect(tracker.stationary.map(\.hasArrived) == [false])
    }

    @Test func `a line of the road that passing cars share with it is no car that stands`() {
        // Grey cars on a grey road, an edge line through the place: it outweighs what else there is.
        func scene(at seconds: Double, car: Int?) -> Scene {
            let things = car.map { [Street.Thing(.car, Self.place, look: $0, isDrawn: false)] } ?? []
            return Street(isTextured: false).scene(at: seconds, things) { canvas in
                if let car {
                    canvas.relight(Self.place) { x, y, luma in luma + Double(Street.noise(x / 4, y / 4, car) % 40) - 20
                    }
                }
                canvas.relight(Box(x: 0.52, y: 0, width: 0.05, height: 1)) { _, _, _ in 240 }
            }
        }
        var tracker = StationaryObjectTracker()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let passes = seconds >= 8 && Int(seconds) % 8 < 2
            _ = tracker.update(with: scene(at: seconds, car: passes ? Int(seconds) : nil))
            #expect(passes || !tracker.stationary.contains(where: \.isVisible), "at \(seconds) s")
        }
    }

    /// One after the other, in half a box's distance of one another, all darker above than below.
    @Test func `cars that follow one another are not one that stands`() {
        var tracker = StationaryObjectTracker()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let box = Box(x: Int(seconds) % 4 == 0 ? 0.4 : 0.43, y: 0.4, width: 0.2, height: 0.2)
            let car = Street.Thing(.car, box, isDrawn: false)
            let scene = Street(isTextured: false).scene(at: seconds, [car]) { canvas in
                canvas.relight(box.union(Self.place)) { x, y, _ in
                    (y < Street.height / 2 ? 75.0 : 105) + Double(Street.noise(x / 4, y / 4, Int(seconds)) % 50)
                }
            }
            _ = tracker.update(with: scene)
        }
        #expect(tracker.stationary.allSatisfy { $0.seenSeconds < 10 })
    }
}

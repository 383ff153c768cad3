import Foundation
import TestSupport
import Testing

@testable import Analytics

@Suite struct EmptiedPlaceTests {
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
        var tracker = StayTracker()
        var ended: [StayTracker.Ended] = []
        for seconds in stride(from: 0.0, through: 20, by: 2) {
            let isThere = seconds < 12
            ended += tracker.update(with: Self.scene(at: seconds, hasCar: isThere, isDetected: isThere))
        }
        #expect(ended.map(\.at.seconds) == [12])
        #expect(tracker.stays.isEmpty)
    }

    @Test func `a car that the detector misses stays where the picture still shows it`() {
        var tracker = StayTracker()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            _ = tracker.update(with: Self.scene(at: seconds, hasCar: true, isDetected: seconds < 6))
        }
        #expect(tracker.stays.map(\.presence) == [.unchanged])
    }
}

import Foundation
import TestSupport
import Testing

@testable import Bench

/// What looks that are far apart cost an alert: nothing, since the key frames in between are looked back at.
@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 10))
struct RestingCameraTests {
    @Test func `a car that comes while the camera rests is told at the same key frame, in far fewer looks`()
        async throws
    {
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        // It stands from 29.2 s to 104.2 s; with a dwell of a minute a camera at rest is looked at every six seconds.
        let options = Benchmark.Options(dwell: 60)
        let resting = try await Benchmark(detector: Prepared.detector(), options: options).run(clip)
        var watchful = options
        watchful.promise = 3
        let usual = try await Benchmark(detector: Prepared.detector(), options: watchful).run(clip)
        #expect(usual.alerts.count == 1 && resting.alerts.count == 1)
        let (a, b) = (try #require(usual.alerts.first), try #require(resting.alerts.first))
        #expect(abs(a.openedS - b.openedS) <= 2.1 && abs(b.openedS - 89.2) <= 3, "\(a.openedS) \(b.openedS)")
        #expect(try abs(#require(a.closedS) - #require(b.closedS)) <= 6.1)
        #expect(resting.looks * 10 <= usual.looks * 6, "\(resting.looks) of \(usual.looks)")
    }
}

import Foundation
import TestSupport
import Testing

@testable import Bench

/// What looks that are far apart cost an alert: nothing, since the key frames in between are looked back at.
@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 10))
struct RestingCameraTests {
    @Test func `a car that comes while the camera rests is told as early as with all looks, in far fewer of them`()
        async throws
    {
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let report = try await Benchmark(detector: Prepared.detector(), options: .init(dwell: 60)).run(clip)
        #expect((report.matched, report.missed, report.wrong, report.duplicate) == (1, 0, 0, 0))
        // It stands from 29.2 s to 104.2 s, and a key frame comes every two seconds. A look in six seconds would tell of it up to
        // six seconds late if nobody looked back.
        let alert = try #require(report.alerts.first)
        #expect((89.1...93.3).contains(alert.openedS), "\(alert.openedS)")
        #expect((104...111).contains(try #require(alert.closedS)))
        #expect(Double(report.looks) <= 0.6 * report.streamSeconds / 2, "\(report.looks) looks")
    }
}

import Analytics
import Domain
import Evidence
import Foundation
import Pipeline
import TestSupport
import Testing
import Video

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

    @Test func `its first picture is that of the key frame with which it came`() async throws {
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let options = Benchmark.Options(dwell: 60)
        var pipeline = CameraPipeline(
            zones: options.zones(try options.truth(for: clip)), detector: try Prepared.detector(),
            incidents: IncidentBook(camera: "c") { _ in UUID() }, recorder: EvidenceRecorder { try JPEG.encode($0) })
        var recording = try Recording(path: clip, sampling: options.sampling)
        var opened: CameraPipeline.Change?
        var size = (width: 0, height: 0)
        while opened == nil, let frame = try recording.next() {
            size = (frame.width, frame.height)
            opened = try await pipeline.look(at: frame).changes.first { $0.incident.state == .opened }
            recording.rest = pipeline.rest
        }
        let change = try #require(opened)
        let first = try #require(change.views.first)
        #expect(first.role == .panoramaFirst)
        // A look in six seconds would show it up to six seconds later.
        #expect(abs(first.taken.timeIntervalSince1970 - change.incident.firstSeen.seconds) <= 2.05)
        guard case .compressed(let jpeg) = first.source else {
            Issue.record("the first view is kept as a whole frame")
            return
        }
        let picture = try JPEG.decode(try await jpeg.value, time: MediaTime(0), date: .distantPast)
        #expect((picture.width, picture.height) == size)
    }
}

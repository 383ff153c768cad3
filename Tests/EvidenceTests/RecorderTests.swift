import Analytics
import Domain
import Foundation
import PipelineSupport
import TestSupport
import Testing
import Video

@testable import Evidence

/// Which views an incident gets, and when.
@Suite struct RecorderTests {
    private func frame(at seconds: Double) throws -> Frame {
        let canvas = try Canvas(width: 64, height: 48, .grey)
        return try JPEG.decode(
            try JPEG.encode(canvas), time: MediaTime(seconds), date: Date(timeIntervalSince1970: seconds))
    }

    private func recorder() -> EvidenceRecorder { EvidenceRecorder { try JPEG.encode($0) } }

    @Test func `an opened incident has two panoramas and a close-up`() async throws {
        var recorder = recorder()
        recorder.note([Samples.finding(.pending)], vehicles: [], in: try frame(at: 0))
        let views = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 300))
        #expect(views.map(\.role) == [.panoramaFirst, .panoramaConfirming, .closeUp])
        #expect(views.map(\.taken.timeIntervalSince1970) == [0, 300, 300])
        guard case .compressed(let jpeg) = views[0].source else {
            Issue.record("the first view is kept as a whole frame")
            return
        }
        #expect(try await jpeg.value.starts(with: [0xFF, 0xD8]))
    }

    @Test(.waiting) func `a picture that a camera's key frame was decoded to waits as that key frame`() async throws {
        let played = try await PlayedCamera.firstFrame()
        let frame = try #require(played)
        var recorder = EvidenceRecorder { _ in
            Issue.record("it is compressed")
            return []
        }
        recorder.note([Samples.finding(.pending)], vehicles: [], in: frame)
        let views = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: frame)
        #expect(views.map(\.role) == [.panoramaFirst, .panoramaConfirming, .closeUp])
        for view in views {
            guard case .key(let key) = view.source else {
                Issue.record("\(view.role) is kept as something else")
                continue
            }
            #expect(view.bytes == key.bytes && key.bytes < EvidenceView.bytes(of: frame))
            let shown = try key.frame(date: view.taken)
            #expect((shown.width, shown.height, shown.date) == (frame.width, frame.height, frame.date))
        }
    }

    @Test(arguments: [3.0, 9.9])
    func `panoramas that are too close in time are followed by a later one`(confirmed: Double) throws {
        var recorder = recorder()
        recorder.note([Samples.finding(.pending)], vehicles: [], in: try frame(at: 0))
        let incident = Samples.incident()
        _ = recorder.views(
            for: incident, findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: confirmed))
        #expect(recorder.due([Samples.finding(.standing)], at: MediaTime(9.95)).isEmpty)
        #expect(recorder.due([Samples.finding(.hidden)], at: MediaTime(12)).isEmpty)
        #expect(recorder.due([Samples.finding(.standing)], at: MediaTime(12)).count == 1)
        var updated = incident
        updated.state = .updated
        let views = recorder.views(
            for: updated, findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 12))
        #expect(views.map(\.role) == [.panoramaLater, .closeUp])
        #expect(recorder.due([Samples.finding(.standing)], at: MediaTime(30)).isEmpty)
    }

    @Test func `the first view is that of the arrival where one looked back, for the thing that came and no other`()
        async throws
    {
        var recorder = recorder()
        let box = Samples.finding(.pending).object.box
        #expect(recorder.lacksFirst(Samples.finding(.pending)))
        let elsewhere = EvidenceRecorder.Arrival(
            box: Box(x: 0, y: 0, width: 0.01, height: 0.01), frame: try frame(at: 2), vehicles: [])
        let arrival = EvidenceRecorder.Arrival(box: box, frame: try frame(at: 4), vehicles: [box])
        recorder.note(
            [Samples.finding(.pending)], vehicles: [], in: try frame(at: 10), arrivals: [elsewhere, arrival])
        #expect(!recorder.lacksFirst(Samples.finding(.pending)))
        let views = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 13))
        #expect(views.map(\.taken.timeIntervalSince1970) == [4, 13, 13])
        // What is masked there is what was there then.
        #expect(views[0].vehicles == [box])
        #expect(
            recorder.due([Samples.finding(.standing)], at: MediaTime(14)).count == 1, "ten seconds after the arrival")
    }

    @Test func `panoramas far enough apart need no other`() throws {
        var recorder = recorder()
        recorder.note([Samples.finding(.pending)], vehicles: [], in: try frame(at: 0))
        _ = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 10))
        #expect(recorder.due([Samples.finding(.standing)], at: MediaTime(60)).isEmpty)
    }

    @Test func `without a first view the second panorama follows`() throws {
        var recorder = recorder()
        let views = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 100))
        #expect(views.map(\.role) == [.panoramaConfirming, .closeUp])
        #expect(recorder.due([Samples.finding(.standing)], at: MediaTime(111)).count == 1)
    }

    @Test func `a place that no rule speaks of any more makes room`() throws {
        var recorder = recorder()
        // As many as are kept, none of which is ever said to end.
        for place in 0..<40 {
            recorder.note([Samples.finding(.pending, place: 100 + place)], vehicles: [], in: try frame(at: 0))
        }
        recorder.note([Samples.finding(.pending)], vehicles: [], in: try frame(at: 100))
        let views = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 400))
        #expect(views.map(\.role) == [.panoramaFirst, .panoramaConfirming, .closeUp])
    }

    @Test func `a place whose finding has ended is forgotten`() throws {
        var recorder = recorder()
        recorder.note([Samples.finding(.pending)], vehicles: [], in: try frame(at: 0))
        recorder.note([Samples.finding(.ended(at: MediaTime(5)))], vehicles: [], in: try frame(at: 5))
        let views = recorder.views(
            for: Samples.incident(), findings: [Samples.finding(.standing)], vehicles: [], in: try frame(at: 300))
        #expect(views.map(\.role) == [.panoramaConfirming, .closeUp])
    }
}

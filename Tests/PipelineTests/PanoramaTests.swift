import Analytics
import Domain
import Evidence
import Foundation
import Inference
import TestSupport
import Testing
import Video

@testable import Pipeline

/// The pictures of real incidents on footage.
@Suite(.waiting) struct PanoramaTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady =
        Footage.isPresent && FileManager.default.fileExists(atPath: models + "/manifest.json")

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 3))
    func `with a short dwell the second panorama follows ten seconds after the first`() async throws {
        let model = try ModelManifest.load(folder: Self.models)
            .detection("efficientdet-lite0", in: Self.models)
        var settings = ParkingSettings()
        settings.dwell = 5
        let corners = [(0.1875, 0.4583), (0.6875, 0.3667), (0.75, 0.5694), (0.2969, 0.6333)]
        let zone = Zone(id: "np1", name: "", polygon: Polygon(corners.map { Point(x: $0.0, y: $0.1) }))
        var pipeline = CameraPipeline(
            zones: [WatchedZone(zone: zone, rules: [.illegalParking: settings])],
            detector: try ObjectDetector(model: model),
            incidents: IncidentBook(camera: "c") { _ in UUID() }, recorder: EvidenceRecorder { try JPEG.encode($0) })
        let clip = try #require(Footage.clip("composed/camera-1080p25-h264.mp4"))
        var recording = try Recording(path: clip, sampling: .keyFrames(promise: 3))
        var panoramas: [UUID: [Date]] = [:]
        var opened: MediaTime?
        while let frame = try recording.next() {
            for change in try await pipeline.look(at: frame).changes {
                if change.incident.state == .opened { opened = frame.time }
                panoramas[change.incident.id, default: []] +=
                    change.views.filter { $0.role != .closeUp }.map(\.taken)
            }
            if let opened, frame.time - opened > 16 { break }
        }
        #expect(!panoramas.isEmpty)
        for dates in panoramas.values {
            let (first, last) = (try #require(dates.min()), try #require(dates.max()))
            #expect(last.timeIntervalSince(first) >= EvidenceRecorder.spacing)
        }
    }
}

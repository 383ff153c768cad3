import Analytics
import Domain
import Foundation
import PipelineSupport
import Video

@testable import Pipeline

/// One camera's pipeline over a detector that says what a test tells it, with pictures and a clock of the test's own.
final class PipelineHarness {
    let script: ScriptedDetector
    var pipeline: CameraPipeline

    init(_ zones: [WatchedZone]) throws {
        script = try ScriptedDetector()
        pipeline = CameraPipeline(
            zones: zones, detector: script.detector, incidents: IncidentBook(camera: "c") { _ in UUID() },
            recorder: nil, hasTiles: false)
    }

    var rest: Rest? { pipeline.rest }
    var shed: Set<AlertKind> {
        get { pipeline.shed }
        set { pipeline.shed = newValue }
    }

    /// One look at the street.
    @discardableResult
    func look(
        at seconds: Double, isCovered: Bool = false, cars: [Box] = []
    ) async throws -> CameraPipeline.Look {
        try await pipeline.look(at: BlockStreet.frame(at: seconds, isCovered: isCovered, cars: cars))
    }
}

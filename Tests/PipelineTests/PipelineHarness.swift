import Analytics
import Domain
import Foundation
import Hashing
import Inference
import Synchronization
import TestSupport
import Video

@testable import Pipeline

/// One camera's pipeline over an engine that says what a test tells it, with pictures and a clock of the test's own.
final class PipelineHarness {
    /// What the detector will say, and how often it was asked.
    final class Script: Sendable {
        private struct Contents {
            var detections: [Detection] = []
            var fault: InferenceError?
            var asked = 0
            var gate: (@Sendable () -> Void)?
        }

        private let contents = Mutex(Contents())

        var asked: Int { contents.withLock { $0.asked } }
        func says(_ detections: [Detection]) { contents.withLock { ($0.detections, $0.fault) = (detections, nil) } }
        func fails() {
            contents.withLock { $0.fault = InferenceError("look", cause: "the engine failed", remedy: "none") }
        }
        /// Called on the detector's thread at each look.
        func holds(_ gate: (@Sendable () -> Void)?) { contents.withLock { $0.gate = gate } }

        fileprivate func take() throws(InferenceError) {
            let (fault, gate) = contents.withLock { contents in
                contents.asked += 1
                return (contents.fault, contents.gate)
            }
            gate?()
            if let fault { throw fault }
        }

        fileprivate var detections: [Detection] { contents.withLock { $0.detections } }
    }

    private struct Engine: InferenceEngine {
        let script: Script

        mutating func forward(
            _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
        ) throws(InferenceError) -> [[Float]] {
            try script.take()
            return [[0]]
        }
    }

    private struct Head: DetectorHead {
        let script: Script
        let mean: Float = 0
        let scale: Float = 1
        let outputs: [(name: String, count: Int)] = [("none", 1)]

        func detections(
            from outputs: [[Float]], filled: (width: Int, height: Int), minimumScore: Double
        ) -> [Detection] { script.detections }
    }

    static let (width, height) = (320, 180)

    let script = Script()
    let detector: ObjectDetector
    var pipeline: CameraPipeline
    private let folder: TemporaryFolder

    init(_ zones: [WatchedZone]) throws {
        folder = try TemporaryFolder()
        let path = folder.file("net.weights").path
        try Data("net".utf8).write(to: URL(filePath: path))
        let model = Model(
            name: "net", version: "1", sha256: try SHA256.hex(Array("net".utf8)), path: path, width: 64, height: 32,
            classes: [.car], engine: "scripted", head: "scripted")
        let script = script
        detector = try ObjectDetector(
            model: model, engines: InferenceEngines(["scripted": { _ in Engine(script: script) }]),
            heads: DetectorHeads(["scripted": { _ in Head(script: script) }]))
        pipeline = CameraPipeline(
            zones: zones, detector: detector, incidents: IncidentBook(camera: "c") { _ in UUID() }, recorder: nil,
            hasTiles: false)
    }

    /// A street of blocks, the same in each picture but for the sensor's noise of ±1.
    static func street(at seconds: Double, isCovered: Bool = false) throws -> Frame {
        var luma = [UInt8](repeating: 16, count: width * height)
        if !isCovered {
            for y in 0..<height {
                for x in 0..<width {
                    let block = (x / 16 &* 7919 &+ y / 12 &* 104_729) % 97
                    let noise = (x &* 31 &+ y &* 17 &+ Int(seconds * 10) &* 13) % 3 - 1
                    luma[y * width + x] = UInt8(60 + block + noise)
                }
            }
        }
        let chroma = [UInt8](repeating: 128, count: width * height)
        return try Frame(
            planes: [luma, chroma, chroma], width: width, height: height, time: MediaTime(seconds),
            date: Date(timeIntervalSince1970: 1_790_000_000 + seconds))
    }

    /// One look at the street.
    @discardableResult
    func look(at seconds: Double, isCovered: Bool = false) async throws -> CameraPipeline.Look {
        try await pipeline.look(at: Self.street(at: seconds, isCovered: isCovered))
    }
}

public import Domain
import Foundation
import Hashing
public import Inference
import Synchronization
import TestSupport

/// A detector over an engine that says what a test tells it.
public final class ScriptedDetector: Sendable {
    private struct Contents {
        var detections: [Detection] = []
        var fault: InferenceError?
        var asked = 0
        var gate: (@Sendable () -> Void)?
    }

    /// What the engine and the head share.
    private final class Script: Sendable {
        let contents = Mutex(Contents())

        func take() throws(InferenceError) {
            let (fault, gate) = contents.withLock { contents in
                contents.asked += 1
                return (contents.fault, contents.gate)
            }
            gate?()
            if let fault { throw fault }
        }
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

    /// Finds nothing, whatever it is asked for.
    private struct Blank: InferenceEngine {
        mutating func forward(
            _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
        ) throws(InferenceError) -> [[Float]] { outputs.map { [Float](repeating: 0, count: $0.count) } }
    }

    private struct Head: DetectorHead {
        let script: Script
        let mean: Float = 0
        let scale: Float = 1
        let outputs: [(name: String, count: Int)] = [("none", 1)]

        func detections(
            from outputs: [[Float]], filled: (width: Int, height: Int), minimumScore: Double
        ) -> [Detection] { script.contents.withLock(\.detections) }
    }

    public let detector: ObjectDetector
    /// By which `model` says what a test tells it, and `masking` finds nothing that it would mask.
    public let engines: InferenceEngines
    public let heads: DetectorHeads
    public let model: Model
    public let masking: MaskingModels
    private let script: Script
    private let folder: TemporaryFolder

    public init() throws {
        folder = try TemporaryFolder()
        let path = folder.file("net.weights").path
        try Data("net".utf8).write(to: URL(filePath: path))
        let sha256 = try SHA256.hex(Array("net".utf8))
        func network(_ engine: String, width: Int, height: Int) -> Model {
            Model(
                name: "net", version: "1", sha256: sha256, path: path,
                companions: [.init(path: path, sha256: sha256)], width: width, height: height, classes: [.car],
                engine: engine, head: "scripted")
        }
        let script = Script()
        self.script = script
        engines = InferenceEngines(["scripted": { _ in Engine(script: script) }, "blank": { _ in Blank() }])
        heads = DetectorHeads(["scripted": { _ in Head(script: script) }])
        model = network("scripted", width: 64, height: 32)
        let blank = network("blank", width: 320, height: 192)
        masking = MaskingModels(face: blank, plate: blank)
        detector = try ObjectDetector(model: model, engines: engines, heads: heads)
    }

    /// How often the detector was asked.
    public var asked: Int { script.contents.withLock(\.asked) }
    public func says(_ detections: [Detection]) {
        script.contents.withLock { ($0.detections, $0.fault) = (detections, nil) }
    }
    public func fails() {
        script.contents.withLock { $0.fault = InferenceError("look", cause: "the engine failed", remedy: "none") }
    }
    /// Called on the detector's thread at each look.
    public func holds(_ gate: (@Sendable () -> Void)?) { script.contents.withLock { $0.gate = gate } }
}

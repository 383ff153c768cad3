import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

@Suite(.heavy) struct DetectorTests {
    private static let folder = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isPrepared = FileManager.default.fileExists(atPath: folder + "/manifest.json")

    private func model() throws -> Model {
        try ModelManifest.load(folder: Self.folder).entry("efficientdet-lite0-320").model(in: Self.folder)
    }

    @Test(.enabled(if: isPrepared && Footage.isPresent, "needs 'make models' and ../shared/footage"))
    func `the parked sedan is found where it stands`() async throws {
        let detector = try ObjectDetector(model: try model())
        let result = try await detector.detections(in: try parkingFrame(at: 60))
        let truth = Box(x: 238.0 / 640, y: 153.0 / 360, width: 126.0 / 640, height: 63.0 / 360)
        #expect(result.detections.contains { $0.objectClass == .car && $0.score > 0.4 && $0.box.iou(truth) > 0.7 })
    }

    @Test(.enabled(if: isPrepared, "needs 'make models'")) func `a model with the wrong hash is refused`() throws {
        let good = try model()
        let bad = Model(
            name: good.name, version: good.version, sha256: String(repeating: "0", count: 64), path: good.path,
            width: good.width, height: good.height, classes: good.classes)
        #expect { _ = try ObjectDetector(model: bad) } throws: {
            "\($0)".contains("SHA-256") && "\($0)".contains("gridwarden models prepare")
        }
    }

    @Test func `a missing model is an error that says how to prepare it`() {
        let model = Model(
            name: "none", version: "1", sha256: "", path: "/nonexistent.onnx", width: 320, height: 320, classes: [])
        #expect { _ = try ObjectDetector(model: model) } throws: {
            "\($0)".contains("/nonexistent.onnx") && "\($0)".contains("gridwarden models prepare")
        }
    }

    @Test func `what is not a network is an error`() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appending(path: "bad.onnx")
        try Data("not a network".utf8).write(to: file)
        #expect(throws: InferenceError.self) { _ = try Network(path: file.path) }
    }

    /// Runs where ONNX Runtime is installed (`make models` installs it beside the converter).
    @Test(
        .enabled(if: isPrepared && Footage.isPresent && OnnxRuntime.isPresent, "needs models, footage and onnxruntime"),
        .heavy(minutes: 2))
    func `outputs equal those of ONNX Runtime on real pictures`() async throws {
        let detector = try ObjectDetector(model: try model())
        for seconds in [0.0, 60, 130] {
            let raw = try await detector.raw(of: try parkingFrame(at: seconds))
            let difference = try OnnxRuntime.largestDifference(
                model: try model().path, blob: raw.blob, outputs: ["classes": raw.outputs[0], "boxes": raw.outputs[1]])
            #expect(difference < 1e-3, "at \(seconds) s")
        }
    }
}

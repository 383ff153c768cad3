import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

@Suite(.heavy) struct LinearClassifierTests {
    private static let prepared = Footage.packageRoot.appending(path: "models/prepared").path
    private static let heads = Footage.packageRoot.appending(path: "models/heads")
    private static let isPrepared = FileManager.default.fileExists(
        atPath: prepared + "/efficientnet-lite0-features.onnx")
    private static let hasImages = Footage.picture("images/trash-bags") != nil
    private static let names = ["refuse", "smoke", "fire"]

    /// What the training script writes beside the weights.
    private struct Written: Decodable {
        struct Example: Decodable {
            let image: String
            let box: [Double]
            let wanted: Bool
            let probability: Double
        }

        struct Features: Decodable {
            let model: String
            let sha256: String
        }

        let check: Double
        let examples: [Example]
        let features: Features
    }

    private func written(_ name: String) throws -> Written {
        try JSONDecoder().decode(
            Written.self, from: Data(contentsOf: Self.heads.appending(path: "\(name).json")))
    }

    private func model(_ name: String = "refuse") throws -> Model {
        let features = try written(name).features
        return Model(
            name: features.model, version: "0.1.0", sha256: features.sha256,
            path: Self.prepared + "/efficientnet-lite0-features.onnx", width: 224, height: 224, classes: [])
    }

    private func head(_ name: String) throws -> LinearClassifier {
        try LinearClassifier(path: Self.heads.appending(path: "\(name).json").path, features: try model(name))
    }

    private func frame(_ path: String) throws -> Frame {
        var recording = try Recording(path: path, sampling: .every(seconds: 0))
        return try #require(try recording.next())
    }

    @Test(arguments: names) func `a classifier gives the probability of the training script`(name: String) throws {
        let probe = (0..<CropFeatures.count).map { Float($0 % 7) / 7 }
        #expect(abs(try head(name).probability(of: probe) - (try written(name).check)) < 1e-4)
    }

    @Test(.enabled(if: isPrepared, "needs 'make models'"), arguments: names)
    func `the prepared classifiers are read with the prepared features`(name: String) throws {
        let model = try ModelManifest.load(folder: Self.prepared).entry("efficientnet-lite0-features")
            .model(in: Self.prepared)
        #expect(try LinearClassifier.load(name, folder: Self.prepared, features: model) == (try head(name)))
    }

    @Test(
        .enabled(if: isPrepared && hasImages, "needs 'make models' and ../shared/images"), .heavy(minutes: 2),
        arguments: names)
    func `what is wanted scores higher than the rest on pictures that were held out`(name: String) async throws {
        let head = try head(name)
        let features = try CropFeatures(model: try model(name))
        var found: [Bool: [Double]] = [true: [], false: []]
        var differences: [Double] = []
        for example in try written(name).examples {
            let picture = try frame(try #require(Footage.picture(example.image)))
            let box = Box(x: example.box[0], y: example.box[1], width: example.box[2], height: example.box[3])
            let row = try #require(try await features.features(of: [box], in: picture).first)
            let probability = try head.probability(of: row)
            found[example.wanted, default: []].append(probability)
            differences.append(abs(probability - example.probability))
        }
        let wanted = try #require(found[true]?.sorted())
        let others = try #require(found[false]?.sorted())
        #expect(wanted.count >= 4 && others.count >= 4)
        #expect(wanted[wanted.count / 2] > 0.7)
        #expect(others[others.count / 2] < 0.3)
        // Another JPEG decoder and another scaler, but the same picture.
        #expect(differences.reduce(0, +) / Double(differences.count) < 0.06, "\(differences)")
    }

    @Test(
        .enabled(
            if: isPrepared && Footage.isPresent && OnnxRuntime.isPresent, "needs models, footage and onnxruntime"),
        .heavy(minutes: 2))
    func `features equal those of ONNX Runtime on real pictures`() async throws {
        let features = try CropFeatures(model: try model())
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let picture = try frame(clip)
        for box in [
            Box(x: 0, y: 0, width: 1, height: 1), Box(x: 0.37, y: 0.42, width: 0.2, height: 0.18),
            Box(x: 0.95, y: 0.9, width: 0.05, height: 0.1),
        ] {
            let raw = try await features.raw(of: box, in: picture)
            #expect(raw.features.contains { $0 > 0.1 })
            let difference = try OnnxRuntime.largestDifference(
                model: try model().path, blob: raw.blob, outputs: ["features": raw.features])
            #expect(difference < 1e-3, "\(box)")
        }
    }

    @Test(.enabled(if: isPrepared && Footage.isPresent, "needs 'make models' and ../shared/footage"))
    func `the features of a box do not depend on the others`() async throws {
        let features = try CropFeatures(model: try model())
        let picture = try frame(try #require(Footage.clip("composed/parking.mp4")))
        let boxes = [Box(x: 0.1, y: 0.1, width: 0.3, height: 0.3), Box(x: 0.5, y: 0.5, width: 0.1, height: 0.2)]
        let both = try await features.features(of: boxes, in: picture)
        let second = try await features.features(of: [boxes[1]], in: picture)
        #expect(both.count == 2 && both[1] == second[0])
        #expect(both[0] != both[1])
    }

    @Test func `a missing classifier is an error that says how to get it`() throws {
        #expect { _ = try LinearClassifier.load("none", folder: "/nonexistent", features: try model()) } throws: {
            "\($0)".contains("/nonexistent/heads/none.json") && "\($0)".contains("gridwarden models prepare")
        }
    }

    @Test(arguments: [
        ("weights", "[1, 2, 3]", "3 weights instead of 1280"), ("weights", "[NaN]", "read the classifier"),
        ("bias", "1e999", "classifier"), ("calibration", #"{"slope": 0, "offset": 0}"#, "slope"),
        ("calibration", #"{"slope": 1}"#, "offset"), ("name", "3", "name"),
        ("features", #"{"model": "other", "sha256": "0", "margin": 0.1}"#, "trained on other"),
        ("features", #"{"model": "efficientnet-lite0-features", "sha256": "0", "margin": 0.1}"#, "trained on"),
        ("features", #"{"model": "MODEL", "sha256": "SHA", "margin": 0.3}"#, "margin of 0.3"),
    ])
    func `a malformed classifier is refused`(key: String, value: String, complaint: String) throws {
        let model = try model()
        let value = value.replacing("MODEL", with: model.name).replacing("SHA", with: model.sha256)
        let lines = try String(contentsOf: Self.heads.appending(path: "refuse.json"), encoding: .utf8)
            .split(separator: "\n")
        let broken = lines.map { line in
            guard line.hasPrefix("  \"\(key)\":") else { return String(line) }
            return "  \"\(key)\": \(value)\(line.hasSuffix(",") ? "," : "")"
        }
        let folder = try TemporaryFolder()
        let file = folder.file("broken.json")
        try broken.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        #expect { _ = try LinearClassifier(path: file.path, features: model) } throws: {
            $0 is InferenceError && "\($0)".contains(complaint) && "\($0)".contains(file.path)
        }
    }

    @Test func `features that do not fit are refused`() throws {
        let head = try head("refuse")
        #expect(throws: InferenceError.self) { _ = try head.probability(of: [1, 2, 3]) }
        let holed = [Float](repeating: .nan, count: CropFeatures.count)
        #expect(throws: InferenceError.self) { _ = try head.probability(of: holed) }
    }

    @Test(.enabled(if: isPrepared, "needs 'make models'"))
    func `the model of features is refused as a detector`() throws {
        #expect { _ = try ObjectDetector(model: try model()) } throws: { "\($0)".contains("finds no objects") }
    }
}

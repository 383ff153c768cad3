import Domain
import Foundation
import Hashing
import TestSupport
import Testing
import Video

@testable import Inference

/// Which input of the detector a picture goes to, and what comes back from it.
@Suite(.heavy) struct InputShapeTests {
    private static let folder = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady =
        FileManager.default.fileExists(atPath: folder + "/manifest.json") && Footage.isPresent
    private static let sizes = [(448, 256), (384, 256), (320, 320), (256, 448)]

    private static func input(_ width: Int, _ height: Int) -> Model {
        Model(
            name: "n-\(width)x\(height)", version: "1", sha256: "\(width)", path: "/m/n-\(width)x\(height).onnx",
            width: width, height: height, classes: [.car])
    }

    private static var model: DetectionModel {
        get throws {
            try DetectionModel(
                name: "n", first: input(448, 256), others: sizes.dropFirst().map { input($0.0, $0.1) })
        }
    }

    private static var detection: DetectionModel {
        get throws { try ModelManifest.load(folder: folder).detection("efficientdet-lite0", in: folder) }
    }

    /// From 1:6 to 6:1, as `Aspect` takes them, in sizes of no common step.
    private static let pictures = (0...240).map { step in
        let ratio = 6 * pow(1.0 / 36, Double(step) / 240)
        return (width: Int((ratio * 997).rounded()), height: 997)
    }

    @Test func `no other input would be better filled by a picture than the one that is chosen`() throws {
        let network = try Self.model
        for picture in Self.pictures {
            let chosen = network.input(width: picture.width, height: picture.height)
            func filled(_ model: Model) -> Double {
                let filled = model.filled(width: picture.width, height: picture.height)
                return Double(filled.width * filled.height) / Double(model.width * model.height)
            }
            for other in network.inputs {
                // Rounding to whole pixels moves a share by less than one of the shorter side.
                #expect(filled(chosen) >= filled(other) - 1.0 / 64, "\(picture): \(other.size), not \(chosen.size)")
            }
        }
    }

    @Test(arguments: [
        (1920, 1080, "448x256"), (640, 360, "448x256"), (3840, 1080, "448x256"), (352, 288, "320x320"),
        (640, 480, "384x256"), (1000, 1000, "320x320"), (1080, 1920, "256x448"), (0, 0, "320x320"),
    ])
    func `a picture goes to the input of its shape`(width: Int, height: Int, size: String) throws {
        #expect(try Self.model.input(width: width, height: height).size == size)
    }

    @Test func `a box comes back to where it was in pictures of every shape through every input`() throws {
        for (width, height) in Self.sizes {
            let model = Self.input(width, height)
            let decoder = EfficientDet(width: width, height: height, classes: model.classes)
            for picture in Self.pictures {
                let filled = model.filled(width: picture.width, height: picture.height)
                let truth = Box(x: 0.31, y: 0.42, width: 0.27, height: 0.19)
                // The first anchor is a square of 24 pixels around (4, 4).
                var offsets = [Float](repeating: 0, count: decoder.anchorCount * 4)
                offsets[0] = Float((truth.centre.y * Double(filled.height) - 4) / 24)
                offsets[1] = Float((truth.centre.x * Double(filled.width) - 4) / 24)
                offsets[2] = Float(log(truth.height * Double(filled.height) / 24))
                offsets[3] = Float(log(truth.width * Double(filled.width) / 24))
                var logits = [Float](repeating: -10, count: decoder.anchorCount)
                logits[0] = 2
                let found = decoder.decode(logits: logits, offsets: offsets, filled: filled, minimumScore: 0.2)
                let box = try #require(found.first).box
                #expect(
                    found.count == 1 && abs(box.x - truth.x) < 1e-5 && abs(box.y - truth.y) < 1e-5
                        && abs(box.width - truth.width) < 1e-5 && abs(box.height - truth.height) < 1e-5,
                    "\(picture) in \(width)x\(height): \(box)")
            }
        }
    }

    @Test func `a network of one input keeps its file's hash and one of several has a hash of all`() throws {
        let alone = DetectionModel(Self.input(320, 320))
        #expect(alone.sha256 == "320" && alone.name == "n-320x320")
        let reordered = try DetectionModel(
            name: "n", first: Self.input(256, 448),
            others: [Self.input(320, 320), Self.input(448, 256), Self.input(384, 256)])
        let model = try Self.model
        #expect(model.sha256 == reordered.sha256 && model.sha256 != alone.sha256)
        let lines = "256  n-256x448.onnx\n320  n-320x320.onnx\n384  n-384x256.onnx\n448  n-448x256.onnx\n"
        #expect(try model.sha256 == SHA256.hex(Array(lines.utf8)))
    }

    /// Parts of the 640×360 picture around the sedan: wide, 4:3, square, upright.
    private static let parts: [(Box, String)] = [
        (Box(x: 0, y: 0, width: 1, height: 1), "448x256"),
        (Box(x: 100.0 / 640, y: 0, width: 480.0 / 640, height: 1), "384x256"),
        (Box(x: 120.0 / 640, y: 0, width: 360.0 / 640, height: 1), "320x320"),
        (Box(x: 200.0 / 640, y: 0, width: 202.0 / 640, height: 1), "256x448"),
    ]

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/footage"))
    func `a car is found at its place by the input of every shape, and nothing is left in the empty part`() async throws
    {
        let detector = try ObjectDetector(model: try Self.detection)
        let truth = Box(x: 238.0 / 640, y: 153.0 / 360, width: 126.0 / 640, height: 63.0 / 360)
        let frame = try parkingFrame(at: 60)
        for (part, size) in Self.parts {
            let raw = try await detector.raw(of: try frame.part(part))
            #expect(raw.model.size == size)
            let cut = try frame.part(part)
            let filled = raw.model.filled(width: cut.width, height: cut.height)
            let beyond = (0..<3 * raw.model.width * raw.model.height).filter {
                $0 % raw.model.width >= filled.width || $0 / raw.model.width % raw.model.height >= filled.height
            }
            #expect(beyond.allSatisfy { raw.blob[$0] == 0 })
            let found = try await detector.detections(in: frame, part: part).detections
            #expect(
                found.contains { $0.objectClass.isMotorVehicle && $0.score > 0.4 && $0.box.iou(truth) > 0.7 },
                "\(size): \(found)")
        }
    }

    @Test(
        .enabled(if: isReady && OnnxRuntime.isPresent, "needs models, footage and onnxruntime"), .heavy(minutes: 2))
    func `every input gives what ONNX Runtime gives`() async throws {
        let detector = try ObjectDetector(model: try Self.detection)
        for (part, size) in Self.parts {
            let raw = try await detector.raw(of: try parkingFrame(at: 60).part(part))
            let difference = try OnnxRuntime.largestDifference(
                model: raw.model.path, blob: raw.blob, outputs: ["classes": raw.outputs[0], "boxes": raw.outputs[1]])
            #expect(difference < 1e-3, "\(size)")
        }
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/footage"))
    func `a family has an input for each shape, and one of them can be chosen alone`() throws {
        let manifest = try ModelManifest.load(folder: Self.folder)
        let family = try manifest.detection("efficientdet-lite0", in: Self.folder)
        #expect(family.inputs.map(\.size) == Self.sizes.map { "\($0.0)x\($0.1)" })
        let square = try manifest.detection("efficientdet-lite0-320", in: Self.folder)
        #expect(square.inputs.count == 1 && square.inputs[0].size == "320x320")
        #expect { _ = try manifest.detection("none", in: Self.folder) } throws: {
            "\($0)".contains("efficientdet-lite0, efficientdet-lite0-448x256, ")
        }
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/footage"))
    func `without a name cameras for vehicles have the weights for streets, and with one all have the same`() throws {
        let manifest = try ModelManifest.load(folder: Self.folder)
        let chosen = try manifest.detectors(nil, in: Self.folder)
        #expect(chosen.all.name == "efficientdet-lite0" && chosen.vehicles.name == "efficientdet-lite0-street")
        #expect(chosen.all.inputs.map(\.size) == chosen.vehicles.inputs.map(\.size))
        let named = try manifest.detectors("efficientdet-lite0", in: Self.folder)
        #expect(named.all == chosen.all && named.vehicles == chosen.all)
        // Prepared before there were weights for streets.
        let old = ModelManifest(models: manifest.models.filter { $0.family != "efficientdet-lite0-street" })
        #expect(try old.detectors(nil, in: Self.folder).vehicles.name == "efficientdet-lite0")
    }

    @Test func `a family's name finds the one network of a version that had no families`() throws {
        func entry(_ name: String, classes: [String]) -> String {
            let source = #"{"package": "p", "version": "1", "file": "f", "sha256": "0"}"#
            let output = #"{"file": "\#(name).onnx", "sha256": "0", "bytes": 1}"#
            return #"{"name": "\#(name)", "use": "u", "source": \#(source), "output": \#(output), "licence": "l", "#
                + #""classes": \#(classes), "input": {"shape": [1, 3, 320, 320]}"#
        }
        func manifest(_ entries: String...) throws -> ModelManifest {
            try JSONDecoder().decode(
                ModelManifest.self, from: Data(#"{"models": [\#(entries.joined(separator: ","))]}"#.utf8))
        }
        // The head goes by the same prefix and finds nothing.
        let (head, network) = (entry("net-head", classes: []) + "}", entry("net-320", classes: ["car"]))
        let old = try manifest(head, network + "}").detection("net", in: "/m")
        #expect(old.inputs.map(\.name) == ["net-320"])
        #expect(throws: InferenceError.self) { try manifest(head).detection("net", in: "/m") }
        // Where there are families, a name is one or is wrong.
        #expect(throws: InferenceError.self) {
            try manifest(network + #", "family": "other"}"#).detection("net", in: "/m")
        }
    }
}

import Domain
import Foundation
import Hashing
import Synchronization
import TestSupport
import Testing
import Video

@testable import Inference

/// Says what it was made with, and how it was asked.
private struct ScriptedEngine: InferenceEngine {
    var script: [[Float]]
    let asked: @Sendable ([Float], [String], [Int]) -> Void

    mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
    ) throws(InferenceError) -> [[Float]] {
        asked(blob, outputs.map(\.name), outputs.map(\.count))
        return script
    }
}

/// One output of five floats: score, and a box in shares of the input.
private struct ScriptedHead: DetectorHead {
    let mean: Float = 100
    let scale: Float = 0.5
    let outputs: [(name: String, count: Int)] = [("found", 5)]

    func detections(
        from outputs: [[Float]], filled: (width: Int, height: Int), minimumScore: Double
    ) -> [Detection] {
        let values = outputs[0].map(Double.init)
        guard values[0] >= minimumScore else { return [] }
        let box = Box(x: values[1], y: values[2], width: values[3], height: values[4])
        return [Detection(objectClass: .bus, score: values[0], box: box)]
    }
}

@Suite struct EngineTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func model(_ name: String = "net", engine: String, head: String) throws -> Model {
        let path = folder.url.appending(path: "\(name).weights").path
        try Data(name.utf8).write(to: URL(filePath: path))
        return Model(
            name: name, version: "1", sha256: try SHA256.hex(Array(name.utf8)), path: path, width: 64, height: 32,
            classes: [.bus], engine: engine, head: head)
    }

    /// Grey of one level, in the shape of the input.
    private func frame() throws -> Frame {
        try Frame(
            planes: [150, 128, 128].map { [UInt8](repeating: $0, count: 64 * 32) }, width: 64, height: 32,
            time: MediaTime(0), date: Date(timeIntervalSince1970: 0))
    }

    @Test func `the detector takes any engine and any head, by the names of the model`() async throws {
        let looks = Looks()
        let engines = InferenceEngines([
            "scripted": { _ in ScriptedEngine(script: [[0.75, 0.25, 0.5, 0.125, 0.25]]) { looks.add($0, $1, $2) } }
        ])
        let detector = try ObjectDetector(
            model: try model(engine: "scripted", head: "five"), engines: engines,
            heads: DetectorHeads(["five": { _ in ScriptedHead() }]))
        let whole = try await detector.detections(in: try frame()).detections
        #expect(
            whole == [Detection(objectClass: .bus, score: 0.75, box: Box(x: 0.25, y: 0.5, width: 0.125, height: 0.25))])
        let part = try await detector.detections(in: try frame(), part: Box(x: 0.5, y: 0, width: 0.5, height: 1))
        #expect(part.detections.map(\.box.x) == [0.625])
        #expect(looks.all.map(\.names) == [["found"], ["found"]] && looks.all.map(\.counts) == [[5], [5]])
        // The head says how pixels enter: luma of video range or full, what counts is the line from 100 by halves.
        let values = try #require(looks.all.first?.blob)
        #expect(values.count == 3 * 64 * 32 && values.allSatisfy { abs($0 - 25) <= 1 }, "\(values.prefix(3))")
    }

    @Test(arguments: [
        ("vpu", "five", "the engine \"vpu\"", "scripted"), ("scripted", "six", "the head \"six\"", "five"),
    ])
    func `a name that is not known is an error that says which there are`(
        engine: String, head: String, names: String, remedy: String
    ) throws {
        let engines = InferenceEngines(["scripted": { _ in ScriptedEngine(script: []) { _, _, _ in } }])
        let heads = DetectorHeads(["five": { _ in ScriptedHead() }])
        let good = try model("good", engine: "scripted", head: "five")
        let bad = try model("bad", engine: engine, head: head)
        // Also of an input that no picture has asked for yet.
        for model in [DetectionModel(bad), try DetectionModel(name: "both", first: good, others: [bad])] {
            #expect {
                _ = try ObjectDetector(model: model, engines: engines, heads: heads)
            } throws: {
                let text = "\($0)"
                return text.contains("use the model bad") && text.contains(names) && text.hasSuffix("one of \(remedy)")
            }
        }
        #expect(throws: Never.self) {
            _ = try ObjectDetector(model: DetectionModel(good), engines: engines, heads: heads)
        }
    }

    private static func manifest(_ names: String) throws -> ModelManifest {
        let entry = """
            {"name": "net", "use": "u", "source": {"package": "p", "version": "1", "file": "f", "sha256": "0"}, \
            "output": {"file": "net.onnx", "sha256": "0", "bytes": 1}, "licence": "l", "classes": ["car"], \(names)
            "input": {"shape": [1, 3, 32, 64]}}
            """
        return try JSONDecoder().decode(ModelManifest.self, from: Data(#"{"models": [\#(entry)]}"#.utf8))
    }

    @Test func `a manifest that names none has the usual ones`() throws {
        let model = try Self.manifest("").detection("net", in: "/m").inputs[0]
        #expect(model.engine == Model.usualEngine && model.head == Model.usualHead)
    }

    @Test(arguments: [#""engine": "vpu","#, #""head": "vpu","#])
    func `a manifest that names what is not known is told before anything is read`(names: String) throws {
        let manifest = try Self.manifest(names)
        #expect {
            _ = try manifest.detection("net", in: "/m")
        } throws: {
            "\($0)".contains("\"vpu\", which is not known here")
        }
    }

    @Test func `the project's manifest names an engine for each network, and a head for each that finds objects`()
        throws
    {
        let manifest = try ModelManifest.load(folder: Footage.packageRoot.appending(path: "models").path)
        for entry in manifest.models {
            #expect(throws: Never.self) { try InferenceEngines.standard.check(entry.model(in: "/m")) }
            #expect(entry.engine != nil && (entry.head != nil) == !entry.classes.isEmpty, "\(entry.name)")
        }
        #expect(throws: Never.self) { try manifest.detection("efficientdet-lite0", in: "/m") }
    }
}

private final class Looks: Sendable {
    struct Look: Sendable {
        let blob: [Float]
        let names: [String]
        let counts: [Int]
    }

    private let looks = Mutex<[Look]>([])

    var all: [Look] { looks.withLock { $0 } }

    func add(_ blob: [Float], _ names: [String], _ counts: [Int]) {
        looks.withLock { $0.append(Look(blob: blob, names: names, counts: counts)) }
    }
}

import COpenCV
public import Domain
import Foundation
import Hashing
internal import Video

/// A prepared network: its file, hash, input and outputs.
public struct Model: Sendable, Equatable {
    /// A further file that the network needs.
    public struct Companion: Sendable, Equatable {
        public let path: String
        public let sha256: String

        public init(path: String, sha256: String) { (self.path, self.sha256) = (path, sha256) }
    }

    public let name: String
    public let version: String
    /// Of the file with the weights.
    public let sha256: String
    public let path: String
    public let companions: [Companion]
    /// Pixels of the input.
    public let width: Int
    public let height: Int
    /// The classes of the head, in order; nil for one without a rule.
    public let classes: [ObjectClass?]
    /// The name in `InferenceEngines`.
    public let engine: String
    /// The name in `DetectorHeads`, for a network that detects objects.
    public let head: String

    /// The defaults of manifests that name none.
    public static let usualEngine = "opencv-dnn"
    public static let usualHead = "efficientdet-lite"

    public init(
        name: String, version: String, sha256: String, path: String, companions: [Companion] = [], width: Int,
        height: Int, classes: [ObjectClass?], engine: String = Model.usualEngine, head: String = Model.usualHead
    ) {
        self.name = name
        self.version = version
        self.sha256 = sha256
        self.path = path
        self.companions = companions
        self.width = width
        self.height = height
        self.classes = classes
        self.engine = engine
        self.head = head
    }

    /// Throws where a file is missing or differs from the manifest.
    public func verify() throws(InferenceError) {
        for (path, sha256) in [(path, sha256)] + companions.map({ ($0.path, $0.sha256) }) {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw InferenceError(
                    "use the model \(name)", cause: "there is no file \(path)",
                    remedy: "prepare it with 'gridwarden models prepare'")
            }
            let found: String
            do { found = try SHA256.hex(data) } catch {
                throw InferenceError("use the model \(name)", cause: "\(error)", remedy: "restart the service")
            }
            guard found == sha256 else {
                throw InferenceError(
                    "use the model \(name)", cause: "\(path) has the SHA-256 \(found) instead of \(sha256)",
                    remedy: "delete it and run 'gridwarden models prepare'")
            }
        }
    }
}

/// The networks without which no evidence may be shown.
public struct MaskingModels: Sendable, Equatable {
    /// Nil where the manifest does not name it.
    public let face: Model?
    public let plate: Model?

    public init(face: Model?, plate: Model?) {
        self.face = face
        self.plate = plate
    }

    /// The models named by the manifest in the folder of the prepared models.
    public init(folder: String) {
        let models = (try? ModelManifest.load(folder: folder))?.models ?? []
        func model(_ name: String) -> Model? { models.first { $0.name == name }?.model(in: folder) }
        self.init(face: model("centerface"), plate: model("hyperlpr-plates"))
    }

    /// Both models; throws where one is missing or differs from the manifest.
    public func verified() throws(InferenceError) -> (face: Model, plate: Model) {
        let (face, plate) = try named()
        try face.verify()
        try plate.verify()
        return (face, plate)
    }

    /// Both models, which the detectors verify when they load them; throws where the manifest does not name one.
    public func named() throws(InferenceError) -> (face: Model, plate: Model) {
        guard let face, let plate else {
            throw InferenceError(
                "mask faces and plates", cause: "the manifest does not name the models for it",
                remedy: "run 'gridwarden models prepare'")
        }
        return (face, plate)
    }
}

/// The detection network at one input size, with its buffers. Belongs to the detector's thread.
final class LoadedInput {
    let model: Model
    let head: any DetectorHead
    private(set) var blob: [Float]
    private var engine: any InferenceEngine & ~Copyable
    private var scaler: Scaler?

    init(_ model: Model, _ engines: InferenceEngines, _ heads: DetectorHeads) throws(InferenceError) {
        self.model = model
        head = try heads.head(of: model)
        engine = try engines.open(model)
        blob = [Float](repeating: 0, count: 3 * model.width * model.height)
    }

    /// Runs the network on the filled input.
    ///
    /// - Returns: the outputs that the head uses.
    func run() throws -> [[Float]] {
        try engine.forward(blob, width: model.width, height: model.height, outputs: head.outputs)
    }

    /// Letterboxes a picture to the top left; returns the part of the input that it fills, in pixels.
    ///
    /// - Parameter exposure: that of the whole picture, for a part of it; nil to measure it.
    func fill(from frame: Frame, in exposure: Exposure? = nil) throws -> (width: Int, height: Int) {
        try scale(frame) { pixels, filled in
            guard let table = (exposure ?? Exposure(of: pixels)).table else { return enter(pixels, filled) }
            pixels.map { table[Int($0)] }.withUnsafeBufferPointer { enter($0, filled) }
        }
    }

    /// How the values of a picture, and of its parts, enter the network.
    func exposure(of frame: Frame) throws -> Exposure {
        var exposure = Exposure.asItIs
        _ = try scale(frame) { pixels, _ in exposure = Exposure(of: pixels) }
        return exposure
    }

    private func scale(
        _ frame: Frame, _ body: (UnsafeBufferPointer<UInt8>, (width: Int, height: Int)) -> Void
    ) throws -> (width: Int, height: Int) {
        let filled = model.filled(width: frame.width, height: frame.height)
        if scaler?.width != filled.width || scaler?.height != filled.height {
            scaler = Scaler(width: filled.width, height: filled.height, format: .rgb)
        }
        let count = 3 * filled.width * filled.height
        try scaler?.scale(frame) { body(UnsafeBufferPointer(rebasing: $0.prefix(count)), filled) }
        return filled
    }

    private func enter(_ pixels: UnsafeBufferPointer<UInt8>, _ filled: (width: Int, height: Int)) {
        guard let pixels = pixels.baseAddress else { return }
        ocv_planes(
            pixels, Int32(filled.width), Int32(filled.height), head.mean, head.scale, &blob,
            Int32(model.width), Int32(model.height))
    }
}

extension Model {
    /// The part of the input that a picture fills when it is fitted into it, from the top left, in pixels.
    func filled(width: Int, height: Int) -> (width: Int, height: Int) {
        let scale = min(Double(self.width) / Double(max(1, width)), Double(self.height) / Double(max(1, height)))
        return (
            max(1, Int((Double(width) * scale).rounded())), max(1, Int((Double(height) * scale).rounded()))
        )
    }
}

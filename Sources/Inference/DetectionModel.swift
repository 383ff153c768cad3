public import Domain
import Hashing
import Video

/// A detection network at one or several input sizes, with the same weights in all of them.
public struct DetectionModel: Sendable, Equatable {
    public let name: String
    public let version: String
    /// Of the single file, or of the output of `sha256sum` for all files, sorted by name.
    public let sha256: String
    /// At least one; the first is the usual one.
    public let inputs: [Model]

    /// A network with one input size for pictures of any shape.
    public init(_ model: Model) {
        name = model.name
        version = model.version
        sha256 = model.sha256
        inputs = [model]
    }

    /// - Parameter others: at least one, with other inputs than the first.
    init(name: String, first: Model, others: [Model]) throws(InferenceError) {
        self.name = name
        version = first.version
        inputs = [first] + others
        func file(_ model: Model) -> String { model.path.split(separator: "/").last.map(String.init) ?? model.path }
        let lines = inputs.sorted { file($0) < file($1) }.map { "\($0.sha256)  \(file($0))\n" }
        do { sha256 = try SHA256.hex(Array(lines.joined().utf8)) } catch {
            throw InferenceError("use the model \(name)", cause: "\(error)", remedy: "restart the service")
        }
    }

    /// Throws where a file is missing or differs from the manifest, or where the network does not detect objects.
    public func verify() throws(InferenceError) {
        for input in inputs {
            try input.verify()
            guard !input.classes.isEmpty else {
                throw InferenceError(
                    "detect with the model \(input.name)", cause: "it finds no objects",
                    remedy: "choose a model that has classes: see 'gridwarden models list'")
            }
        }
    }

    /// Throws where the manifest names an unknown engine or head.
    func check(_ engines: InferenceEngines = .standard, _ heads: DetectorHeads = .standard) throws(InferenceError) {
        for input in inputs {
            try engines.check(input)
            try heads.check(input)
        }
    }

    /// The input of which a picture of this shape wastes the least, in pixels of the displayed picture; the first of
    /// equals.
    public func input(width: Int, height: Int) -> Model {
        inputs.dropFirst().reduce(inputs[0]) { best, other in
            other.waste(width: width, height: height) < best.waste(width: width, height: height) ? other : best
        }
    }
}

/// The networks of a box.
public struct DetectorModels: Sendable, Equatable {
    /// For cameras that are watched for anything.
    public let all: DetectionModel
    /// For cameras that are watched for motor vehicles alone.
    public let vehicles: DetectionModel

    /// One network for all cameras.
    public init(_ model: DetectionModel) { self.init(all: model, vehicles: model) }

    public init(all: DetectionModel, vehicles: DetectionModel) { (self.all, self.vehicles) = (all, vehicles) }

    /// Throws where a file is missing or differs from the manifest, or where a network does not detect objects.
    public func verify() throws(InferenceError) {
        try all.verify()
        if vehicles != all { try vehicles.verify() }
    }

    /// Throws where the manifest names an unknown engine or head.
    func check(_ engines: InferenceEngines, _ heads: DetectorHeads) throws(InferenceError) {
        try all.check(engines, heads)
        try vehicles.check(engines, heads)
    }
}

extension Model {
    /// The share of the input that remains empty when a picture of this shape is fitted into it, 0…1.
    public func waste(width: Int, height: Int) -> Double {
        let picture = Double(max(1, width)) / Double(max(1, height))
        let input = Double(self.width) / Double(self.height)
        return 1 - min(picture / input, input / picture)
    }

    /// The input size, as in `448x256`.
    public var size: String { "\(width)x\(height)" }
}

extension ModelManifest {
    /// For models prepared by a version without families.
    private func alone(in family: String) -> Entry? {
        guard models.allSatisfy({ $0.family == nil }) else { return nil }
        return models.first { $0.name.hasPrefix(family + "-") && !$0.classes.isEmpty }
    }

    /// The network called `name`: all inputs of a family, or a single entry. Throws with the available names, and for
    /// an unknown engine or head.
    public func detection(_ name: String, in folder: String) throws(InferenceError) -> DetectionModel {
        let model = try model(name, in: folder)
        try model.check()
        return model
    }

    /// The networks of a box: the one that is called `name` for all cameras, or, without a name, those that find the most for what
    /// a camera is watched for. The weights for streets find more vehicles and take more refuse for people
    /// (models/weights/efficientdet-lite0-street.md); a folder that was prepared before they were there does without them.
    public func detectors(_ name: String?, in folder: String) throws(InferenceError) -> DetectorModels {
        if let name { return DetectorModels(try detection(name, in: folder)) }
        let all = try detection(Self.usual, in: folder)
        guard models.contains(where: { $0.family == Self.street }) else { return DetectorModels(all) }
        return DetectorModels(all: all, vehicles: try detection(Self.street, in: folder))
    }

    private static let usual = "efficientdet-lite0"
    private static let street = "efficientdet-lite0-street"

    private func model(_ name: String, in folder: String) throws(InferenceError) -> DetectionModel {
        let family = models.filter { $0.family == name }.map { $0.model(in: folder) }
        guard let first = family.first else {
            let entry = models.first { $0.name == name } ?? alone(in: name)
            guard let entry else {
                var names: [String] = []
                for model in models where !model.classes.isEmpty {
                    for name in [model.family, model.name] {
                        if let name, !names.contains(name) { names.append(name) }
                    }
                }
                throw InferenceError(
                    "use the model \(name)", cause: "the manifest does not name it",
                    remedy: "choose one of \(names.joined(separator: ", ")), or run 'gridwarden models prepare'")
            }
            return DetectionModel(entry.model(in: folder))
        }
        guard family.count > 1 else { return DetectionModel(first) }
        return try DetectionModel(name: name, first: first, others: Array(family.dropFirst()))
    }
}

/// A box and a score from a masking network.
public struct ScoredBox: Sendable, Hashable {
    public var box: Box
    /// 0…1.
    public var score: Double

    public init(box: Box, score: Double) {
        self.box = box
        self.score = score
    }

    /// Greedy non-maximum suppression, best first.
    static func suppress(_ boxes: [ScoredBox], overlap: Double) -> [ScoredBox] {
        var kept: [ScoredBox] = []
        for candidate in boxes.sorted(by: { ($1.score, $0.box.x, $0.box.y) < ($0.score, $1.box.x, $1.box.y) })
        where !kept.contains(where: { $0.box.iou(candidate.box) > overlap }) {
            kept.append(candidate)
        }
        return kept
    }
}

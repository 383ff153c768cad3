import Analytics
public import Domain
import Foundation
public import Video

/// A logistic regression on crop features of unit length: how far a part of a picture resembles the training class.
///
/// It ranks and describes; its probability refers to a balanced set of crops, not to a street. `models/heads/NAME.md`
/// has the measurements.
public struct LinearClassifier: Sendable, Equatable {
    private struct File: Decodable {
        struct Features: Decodable {
            let model: String
            let sha256: String
            let margin: Double
        }

        struct Calibration: Decodable {
            let slope: Double
            let offset: Double
        }

        enum CodingKeys: String, CodingKey {
            case name, features, bias, calibration, weights
            case looksLike = "looks_like"
        }

        let name: String
        let looksLike: String
        let features: Features
        let bias: Double
        let calibration: Calibration
        let weights: [Double]
    }

    public let name: String
    /// Completes a sentence that begins with "looks like", such as "bags or a pile of refuse".
    public let looksLike: String
    private let weights: [Double]
    private let bias: Double
    private let slope: Double
    private let offset: Double

    /// Loads `heads/NAME.json` in the folder of the prepared models.
    ///
    /// - Parameter features: the model of the features; it must be the one that the classifier was trained on.
    public static func load(_ name: String, folder: String, features: Model) throws(InferenceError) -> LinearClassifier
    {
        try LinearClassifier(path: URL(filePath: folder).appending(path: "heads/\(name).json").path, features: features)
    }

    /// Throws where the file is missing, malformed, or was trained on other features than those of `model`.
    public init(path: String, features model: Model) throws(InferenceError) {
        let remedy = "run 'gridwarden models prepare'"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InferenceError("use a classifier", cause: "there is no file \(path)", remedy: remedy)
        }
        let file: File
        do { file = try JSONDecoder().decode(File.self, from: data) } catch {
            throw InferenceError("read the classifier \(path)", cause: "\(error)", remedy: remedy)
        }
        guard file.features.model == model.name, file.features.sha256 == model.sha256 else {
            throw InferenceError(
                "use the classifier \(path)",
                cause: "it was trained on \(file.features.model) (\(file.features.sha256)), not on \(model.name) "
                    + "(\(model.sha256))", remedy: remedy + ", or train it again with models/train_heads.py")
        }
        guard file.features.margin == CropFeatures.margin else {
            throw InferenceError(
                "use the classifier \(path)",
                cause: "it was trained with a margin of \(file.features.margin) instead of \(CropFeatures.margin)",
                remedy: "train it again with models/train_heads.py")
        }
        guard file.weights.count == CropFeatures.count else {
            throw InferenceError(
                "use the classifier \(path)",
                cause: "it has \(file.weights.count) weights instead of \(CropFeatures.count)", remedy: remedy)
        }
        let numbers = file.weights + [file.bias, file.calibration.slope, file.calibration.offset]
        guard numbers.allSatisfy(\.isFinite), file.calibration.slope > 0 else {
            throw InferenceError(
                "use the classifier \(path)",
                cause: "a number is not finite, or the calibration's slope is not positive",
                remedy: remedy)
        }
        name = file.name
        looksLike = file.looksLike
        weights = file.weights
        bias = file.bias
        slope = file.calibration.slope
        offset = file.calibration.offset
    }

    /// Weights · features / |features| + bias.
    ///
    /// - Parameter features: from `CropFeatures`.
    public func logit(of features: [Float]) throws(InferenceError) -> Double {
        guard features.count == weights.count, features.allSatisfy(\.isFinite) else {
            throw InferenceError(
                "use the classifier \(name)",
                cause: "it was given \(features.count) features instead of \(weights.count), or one that is not finite",
                remedy: "report this")
        }
        let length = features.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        return zip(features, weights).reduce(0) { $0 + Double($1.0) * $1.1 } / max(length, 1e-6) + bias
    }

    /// 0…1, calibrated after Platt on held-out pictures.
    public func probability(of features: [Float]) throws(InferenceError) -> Double {
        1 / (1 + exp(-(slope * (try logit(of: features)) + offset)))
    }
}

/// Describes the place of an incident by linear classifiers on crop features. It explains; it decides nothing.
public struct ExplanationClassifier: Sendable {
    private let features: CropFeatures
    private let classifiers: [AlertKind: LinearClassifier]
    /// What the project's own classifiers say, in Chinese.
    private static let chinese = ["flames": "像火焰", "bags or a pile of refuse": "像垃圾袋或垃圾堆", "smoke": "像烟雾"]

    /// - Parameter folder: of the prepared models and classifiers.
    /// - Throws: where the features' network or a classifier is missing or differs from the manifest.
    public init(folder: String) throws {
        let model = try ModelManifest.load(folder: folder).entry("efficientnet-lite0-features").model(in: folder)
        features = try CropFeatures(model: model)
        var classifiers: [AlertKind: LinearClassifier] = [:]
        for rule in Rules.all {
            guard let name = rule.looks else { continue }
            let classifier = try LinearClassifier.load(name, folder: folder, features: model)
            for kind in rule.kinds { classifiers[kind] = classifier }
        }
        self.classifiers = classifiers
    }

    /// A line of the explanation; nil for kinds without a classifier, and where the network fails.
    public func reason(for incident: Incident, in frame: Frame) async -> Incident.Reason? {
        guard let classifier = classifiers[incident.kind],
            let row = try? await features.features(of: [incident.object.box], in: frame).first,
            let probability = try? classifier.probability(of: row)
        else { return nil }
        return .init(
            at: incident.confirmed, what: "by its looks alone: \(classifier.looksLike)",
            zh: Self.chinese[classifier.looksLike].map { "仅看外观：\($0)" }, score: probability)
    }
}

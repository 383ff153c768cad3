public import Domain

/// Decodes the outputs of a detection network at one input size into boxes.
public protocol DetectorHead: Sendable {
    /// Value v of a pixel enters as (v − mean) × scale.
    var mean: Float { get }
    var scale: Float { get }
    /// Name and number of floats of each output that it uses.
    var outputs: [(name: String, count: Int)] { get }

    /// - Parameters:
    ///   - outputs: in the order of the property of that name.
    ///   - filled: the part of the input that the picture fills, from the top left, in pixels.
    /// - Returns: detections of at least `minimumScore`, best first, in normalised coordinates of the picture.
    func detections(
        from outputs: [[Float]], filled: (width: Int, height: Int), minimumScore: Double
    ) -> [Detection]
}

/// The available heads, by their names in the models' manifest.
public struct DetectorHeads: Sendable {
    public typealias Make = @Sendable (Model) -> any DetectorHead

    public static let standard = DetectorHeads([
        Model.usualHead: { EfficientDet(width: $0.width, height: $0.height, classes: $0.classes) }
    ])

    private let byName: [String: Make]

    public init(_ byName: [String: Make]) { self.byName = byName }

    /// Throws for an unknown head name.
    public func head(of model: Model) throws(InferenceError) -> any DetectorHead {
        if let make = byName[model.head] { return make(model) }
        throw InferenceError.unknown("head", model.head, of: model, among: byName.keys)
    }

    /// Throws where the model names an unknown head.
    public func check(_ model: Model) throws(InferenceError) {
        if byName[model.head] == nil { _ = try head(of: model) }
    }
}

/// Runs one network: OpenCV's DNN today. One owner, one thread at a time.
public protocol InferenceEngine: ~Copyable, Sendable {
    /// Runs one picture.
    ///
    /// - Parameters:
    ///   - blob: 1 × 3 × `height` × `width`, normalised as the network wants it.
    ///   - outputs: name and number of floats of each output that is wanted.
    ///   - isExact: false where the counts are upper limits, as those of a network that ends in a list of objects.
    /// - Returns: the outputs in that order, flat.
    mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
    ) throws(InferenceError) -> [[Float]]
}

extension InferenceEngine where Self: ~Copyable {
    /// The same with outputs whose sizes are known.
    public mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)]
    ) throws(InferenceError) -> [[Float]] {
        try forward(blob, width: width, height: height, outputs: outputs, isExact: true)
    }
}

/// The engines that there are, by the names that the models' manifest has for them.
public struct InferenceEngines: Sendable {
    /// Reads a network whose files have been verified.
    public typealias Open = @Sendable (Model) throws(InferenceError) -> any InferenceEngine & ~Copyable

    /// A description is what a Caffe model has beside its weights.
    public static let standard = InferenceEngines([
        Model.usualEngine: { model throws(InferenceError) in
            try Network(path: model.path, description: model.companions.first?.path)
        }
    ])

    private let byName: [String: Open]

    public init(_ byName: [String: Open]) { self.byName = byName }

    /// Throws where there is no engine of the model's name, or it cannot read the network.
    public func open(_ model: Model) throws(InferenceError) -> any InferenceEngine & ~Copyable {
        try engine(of: model)(model)
    }

    /// Throws where there is no engine of the name that the model's entry gives.
    public func check(_ model: Model) throws(InferenceError) { _ = try engine(of: model) }

    private func engine(of model: Model) throws(InferenceError) -> Open {
        if let open = byName[model.engine] { return open }
        throw InferenceError.unknown("engine", model.engine, of: model, among: byName.keys)
    }
}

extension InferenceError {
    static func unknown(
        _ what: String, _ name: String, of model: Model, among names: some Collection<String>
    ) -> InferenceError {
        let known = names.sorted().joined(separator: ", ")
        return InferenceError(
            "use the model \(model.name)",
            cause: "the manifest gives it the \(what) \"\(name)\", which is not known here",
            remedy: "run 'gridwarden models prepare', or name a model whose \(what) is one of \(known)")
    }
}

import COpenCV
public import Domain
import Threading
public import Video

/// The network that describes parts of a picture; an actor with its own thread.
public actor CropFeatures {
    /// Boxes are grown by this share of their size on every side, as in the training of the classifiers.
    public static let margin = 0.1
    /// Number of features of one part: EfficientNet-Lite0 before its classifier.
    public static let count = 1280
    /// Value v of a pixel enters as (v − mean) × scale.
    private static let mean: Float = 127
    private static let scale: Float = 1 / 128

    private let thread = DedicatedThread(name: "features")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    public nonisolated let model: Model
    private var engine: any InferenceEngine & ~Copyable
    private var scaler: Scaler
    private var blob: [Float]

    /// Verifies the hash of the network and loads it.
    public init(model: Model, engines: InferenceEngines = .standard) throws {
        try model.verify()
        self.model = model
        engine = try engines.open(model)
        scaler = Scaler(width: model.width, height: model.height, format: .rgb)
        blob = [Float](repeating: 0, count: 3 * model.width * model.height)
    }

    /// The features of each of `boxes`, in their order: the input of a `LinearClassifier`.
    ///
    /// - Parameter boxes: normalised; grown by `margin`, cut at the picture's edge and stretched to the network's
    ///   input.
    public func features(of boxes: [Box], in frame: Frame) throws -> [[Float]] {
        try boxes.map { try raw(of: $0, in: frame).features }
    }

    /// The input blob (3 × height × width) of one box and its features, for comparing with another engine.
    public func raw(of box: Box, in frame: Frame) throws -> (blob: [Float], features: [Float]) {
        let (width, height) = (Int32(model.width), Int32(model.height))
        try scaler.scale(try frame.part(box.grown(by: Self.margin))) { pixels in
            guard let pixels = pixels.baseAddress else { return }
            ocv_planes(pixels, width, height, Self.mean, Self.scale, &blob, width, height)
        }
        let outputs = try engine.forward(
            blob, width: model.width, height: model.height, outputs: [("features", Self.count)])
        return (blob, outputs[0])
    }
}

public import Analytics
import COpenCV
import Threading
public import Video

/// The one owner of the detection network, on a thread of its own. Cameras take turns.
public actor ObjectDetector {
    /// What a run gave, and the processor seconds that it took.
    public struct Result: Sendable {
        public let detections: [Detection]
        public let seconds: Double
    }

    /// Weaker detections are not reported at all; between this and the birth score they only continue a stay.
    private static let faintScore = 0.2

    private let thread = DedicatedThread(name: "detector")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    public nonisolated let model: Model
    private var network: Network
    private let decoder: EfficientDet
    private var scaler: Scaler?
    private var blob: [Float]

    /// Reads the network and checks its hash before.
    public init(model: Model, threads: Int = 1) throws {
        try model.verify()
        guard !model.classes.isEmpty else {
            throw InferenceError(
                "detect with the model \(model.name)", cause: "it finds no objects",
                remedy: "choose a model that has classes: see 'gridwarden models list'")
        }
        self.model = model
        ocv_set_threads(Int32(threads))
        network = try Network(path: model.path)
        decoder = EfficientDet(width: model.width, height: model.height, classes: model.classes)
        blob = [Float](repeating: 0, count: 3 * model.width * model.height)
    }

    /// Looks at one picture, letterboxed into the network's input.
    public func detections(in frame: Frame) throws -> Result {
        let before = threadSeconds()
        let filled = try fill(from: frame)
        let (logits, offsets) = try run()
        let detections = decoder.decode(
            logits: logits, offsets: offsets, filled: filled, minimumScore: Self.faintScore)
        return Result(detections: detections, seconds: threadSeconds() - before)
    }

    /// Looks closer at one part of a picture; the boxes are in coordinates of the whole picture.
    public func detections(in frame: Frame, part: Box) throws -> Result {
        let cut = try frame.part(part)
        let result = try detections(in: cut)
        let scale = (
            x: Double(cut.shape.storedWidth) / Double(max(1, frame.shape.storedWidth)),
            y: Double(cut.shape.storedHeight) / Double(max(1, frame.shape.storedHeight))
        )
        let moved = result.detections.map { detection in
            var detection = detection
            detection.box = Box(
                x: part.x + detection.box.x * scale.x, y: part.y + detection.box.y * scale.y,
                width: detection.box.width * scale.x, height: detection.box.height * scale.y)
            return detection
        }
        return Result(detections: moved, seconds: result.seconds)
    }

    /// Returns once everything that was asked before has been done.
    public func answer() {}

    /// The input blob of a picture and the raw outputs, for comparing with another engine.
    public func raw(of frame: Frame) throws -> (blob: [Float], logits: [Float], offsets: [Float]) {
        _ = try fill(from: frame)
        let (logits, offsets) = try run()
        return (blob, logits, offsets)
    }

    private func run() throws -> (logits: [Float], offsets: [Float]) {
        let count = decoder.anchorCount
        let outputs = try network.forward(
            blob, width: model.width, height: model.height,
            outputs: [("classes", count * model.classes.count), ("boxes", count * 4)])
        return (outputs[0], outputs[1])
    }

    private func fill(from frame: Frame) throws -> (width: Int, height: Int) {
        let scale = min(
            Double(model.width) / Double(max(1, frame.width)), Double(model.height) / Double(max(1, frame.height)))
        let width = max(1, Int((Double(frame.width) * scale).rounded()))
        let height = max(1, Int((Double(frame.height) * scale).rounded()))
        if scaler?.width != width || scaler?.height != height {
            scaler = Scaler(width: width, height: height, format: .rgb)
        }
        let (inputWidth, inputHeight) = (Int32(model.width), Int32(model.height))
        try scaler?.scale(frame) { pixels in
            guard let pixels = pixels.baseAddress else { return }
            ocv_planes(
                pixels, Int32(width), Int32(height), EfficientDet.mean, EfficientDet.scale, &blob, inputWidth,
                inputHeight)
        }
        return (width, height)
    }
}

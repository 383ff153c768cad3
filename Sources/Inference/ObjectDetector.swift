public import Analytics
import COpenCV
import Synchronization
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

    public nonisolated let model: DetectionModel
    /// By the file; each is read when the first picture of its shape comes, and serves all cameras from then on.
    private var loaded: [String: LoadedInput] = [:]

    /// A network at one input size.
    public init(model: Model, threads: Int = 1) throws {
        try self.init(model: DetectionModel(model), threads: threads)
    }

    /// Checks the hashes of all inputs and reads the usual one.
    public init(model: DetectionModel, threads: Int = 1) throws {
        try model.verify()
        self.model = model
        ocv_set_threads(Int32(threads))
        loaded[model.inputs[0].path] = try LoadedInput(model.inputs[0])
    }

    /// Pictures that wait or are looked at.
    private nonisolated let asked = Atomic(0)
    /// Whether nobody waits for it: what can wait may have a turn.
    public nonisolated var isFree: Bool { asked.load(ordering: .relaxed) == 0 }

    /// Looks at one picture, letterboxed into the input that its shape wastes least of.
    public nonisolated func detections(in frame: Frame) async throws -> Result {
        asked.add(1, ordering: .relaxed)
        defer { asked.subtract(1, ordering: .relaxed) }
        return try await detections(in: frame, exposure: nil)
    }

    private func detections(in frame: Frame, exposure: Exposure?) throws -> Result {
        let input = try input(for: frame)
        let before = threadSeconds()
        let filled = try input.fill(from: frame, in: exposure)
        let (logits, offsets) = try input.run()
        let detections = input.decoder.decode(
            logits: logits, offsets: offsets, filled: filled, minimumScore: Self.faintScore)
        return Result(detections: detections, seconds: threadSeconds() - before)
    }

    /// Looks closer at one part of a picture; the boxes are in coordinates of the whole picture.
    public nonisolated func detections(in frame: Frame, part: Box) async throws -> Result {
        asked.add(1, ordering: .relaxed)
        defer { asked.subtract(1, ordering: .relaxed) }
        return try await look(at: part, of: frame)
    }

    private func look(at part: Box, of frame: Frame) throws -> Result {
        let cut = try frame.part(part)
        // A dark corner of a street by day is a shadow: what is dark, the whole picture says.
        let result = try detections(in: cut, exposure: input(for: frame).exposure(of: frame))
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
    public func raw(of frame: Frame) throws -> (model: Model, blob: [Float], logits: [Float], offsets: [Float]) {
        let input = try input(for: frame)
        _ = try input.fill(from: frame)
        let (logits, offsets) = try input.run()
        return (input.model, input.blob, logits, offsets)
    }

    private func input(for frame: Frame) throws -> LoadedInput {
        let model = model.input(width: frame.width, height: frame.height)
        if let known = loaded[model.path] { return known }
        // Days may have passed since the start: what is loaded is what alerts name.
        try model.verify()
        let new = try LoadedInput(model)
        loaded[model.path] = new
        return new
    }
}

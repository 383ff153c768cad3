import COpenCV
public import Domain
import Synchronization
import Threading
public import Video

/// The detection network; an actor with its own thread, shared by all cameras.
public actor ObjectDetector {
    /// The detections of a run, and the processor seconds that it took.
    public struct Result: Sendable {
        public let detections: [Detection]
        public let seconds: Double
    }

    /// Weaker detections are discarded; between this and the birth score they only continue a stationary object.
    static let faintScore = 0.2

    private let thread = DedicatedThread(name: "detector")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    public nonisolated let model: DetectionModel
    /// By file; each is loaded when the first picture of its shape arrives, and then shared by all cameras.
    private var loaded: [String: LoadedInput] = [:]
    private let engines: InferenceEngines
    private let heads: DetectorHeads

    /// A network with one input size.
    public init(
        model: Model, threads: Int = 1, engines: InferenceEngines = .standard, heads: DetectorHeads = .standard
    ) throws {
        try self.init(model: DetectionModel(model), threads: threads, engines: engines, heads: heads)
    }

    /// Verifies the hashes of all inputs and loads the usual one.
    ///
    /// - Parameters:
    ///   - threads: the number that OpenCV may use.
    ///   - engines: the available ones; likewise `heads`.
    public init(
        model: DetectionModel, threads: Int = 1, engines: InferenceEngines = .standard,
        heads: DetectorHeads = .standard
    ) throws {
        try model.verify()
        try model.check(engines, heads)
        self.model = model
        (self.engines, self.heads) = (engines, heads)
        ocv_set_threads(Int32(threads))
        loaded[model.inputs[0].path] = try LoadedInput(model.inputs[0], engines, heads)
    }

    /// Pictures that wait or are being processed.
    private nonisolated let asked = Atomic(0)
    /// Tasks that wait for the detector to make progress.
    private nonisolated let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])
    /// Whether nothing waits for it, so that optional work may run.
    public nonisolated var isFree: Bool { asked.load(ordering: .relaxed) == 0 }

    /// Detects objects in one picture, letterboxed into the input of which its shape wastes the least.
    public nonisolated func detections(in frame: Frame) async throws -> Result {
        asked.add(1, ordering: .relaxed)
        defer { asked.subtract(1, ordering: .relaxed) }
        return try await detections(in: frame, exposure: nil)
    }

    private func detections(in frame: Frame, exposure: Exposure?) throws -> Result {
        defer { tellProgress() }
        let input = try input(for: frame)
        let before = threadSeconds()
        let filled = try input.fill(from: frame, in: exposure)
        let detections = input.head.detections(
            from: try input.run(), filled: filled, minimumScore: Self.faintScore)
        return Result(detections: detections, seconds: threadSeconds() - before)
    }

    /// Detects objects in an enlarged part of a picture; the boxes are in coordinates of the whole picture.
    public nonisolated func detections(in frame: Frame, part: Box) async throws -> Result {
        asked.add(1, ordering: .relaxed)
        defer { asked.subtract(1, ordering: .relaxed) }
        return try await look(at: part, of: frame)
    }

    private func look(at part: Box, of frame: Frame) throws -> Result {
        let cut = try frame.part(part)
        // Use the whole picture's exposure: a dark corner in daylight is shadow.
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

    /// Returns once all earlier requests have been processed.
    private func answer() { answers &+= 1 }
    /// Changed so that answering needs the detector's thread: optimised, a call that does nothing does not wait for it.
    private var answers = 0

    /// Returns as soon as the detector makes progress: with the next completed or failed look, or when all earlier
    /// requests are done. That is soon however many looks wait, and never while one of them hangs.
    public nonisolated func getsOn() async {
        await withCheckedContinuation { waiter in
            waiting.withLock { $0.append(waiter) }
            // Without a request no look will complete: the thread itself has to answer.
            Task {
                await answer()
                tellProgress()
            }
        }
    }

    private nonisolated func tellProgress() {
        let waiters = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The input blob of a picture and the raw outputs, for comparing with another engine.
    public func raw(of frame: Frame) throws -> (model: Model, blob: [Float], outputs: [[Float]]) {
        let input = try input(for: frame)
        _ = try input.fill(from: frame)
        let outputs = try input.run()
        return (input.model, input.blob, outputs)
    }

    private func input(for frame: Frame) throws -> LoadedInput {
        let model = model.input(width: frame.width, height: frame.height)
        if let known = loaded[model.path] { return known }
        // Days may have passed since the start: the loaded file must be the one that alerts name.
        try model.verify()
        let new = try LoadedInput(model, engines, heads)
        loaded[model.path] = new
        return new
    }
}

/// Cuts a picture into overlapping tiles of one size, so that a network with a fixed input sees it at full resolution.
enum Tiles {
    /// The tiles that cover a picture, in pixels; one where the picture is no larger than a tile.
    ///
    /// - Parameter overlap: an object up to this size is complete in at least one tile, in pixels.
    static func covering(width: Int, height: Int, tile: (width: Int, height: Int), overlap: Int) -> [PixelBox] {
        let columns = starts(width, tile.width, overlap)
        let rows = starts(height, tile.height, overlap)
        return rows.flatMap { y in
            columns.map { x in
                PixelBox(x: x, y: y, width: min(tile.width, width), height: min(tile.height, height))
            }
        }
    }

    private static func starts(_ length: Int, _ tile: Int, _ overlap: Int) -> [Int] {
        guard length > tile else { return [0] }
        let step = max(1, tile - overlap)
        let steps = (length - tile + step - 1) / step
        // Evenly spread; the last one ends at the picture's edge.
        return (0...steps).map { $0 * (length - tile) / steps }
    }
}

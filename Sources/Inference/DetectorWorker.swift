import Analytics
import COpenCV
import Domain
import Synchronization
import Threading
import Video

/// One thread of the detector with its networks.
actor DetectorWorker {
    private let thread = DedicatedThread(name: "detector")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// By file; each is loaded when the first picture that is for it arrives, and then shared by all cameras.
    private var loaded: [String: LoadedInput] = [:]
    private let engines: InferenceEngines
    private let heads: DetectorHeads

    /// - Parameter first: is loaded now.
    init(_ engines: InferenceEngines, _ heads: DetectorHeads, loading first: Model?) throws {
        (self.engines, self.heads) = (engines, heads)
        if let first { loaded[first.path] = try LoadedInput(first, engines, heads) }
    }

    /// - Parameter threads: the number that OpenCV may use for one network; it has one figure for the process.
    static func prepare(threads: Int) { ocv_set_threads(Int32(threads)) }

    /// Pictures that wait or are being processed.
    private nonisolated let asked = Atomic(0)
    /// Tasks that wait for the detector to make progress.
    private nonisolated let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])
    nonisolated var pending: Int { asked.load(ordering: .relaxed) }

    /// Detects objects in one picture, letterboxed into the input of `model` of which its shape wastes the least.
    nonisolated func detections(in frame: Frame, by model: DetectionModel) async throws -> ObjectDetector.Result {
        asked.add(1, ordering: .relaxed)
        defer { asked.subtract(1, ordering: .relaxed) }
        return try await detections(in: frame, by: model, exposure: nil)
    }

    private func detections(
        in frame: Frame, by model: DetectionModel, exposure: Exposure?
    ) throws -> ObjectDetector.Result {
        defer { tellProgress() }
        let input = try input(of: model, for: frame)
        let before = threadSeconds()
        let filled = try input.fill(from: frame, in: exposure)
        let found = input.head.detections(
            from: try input.run(), filled: filled, minimumScore: ObjectDetector.hintScore)
        return ObjectDetector.Result(
            detections: found.filter { $0.score >= ObjectDetector.faintScore },
            hints: Self.hints(among: found, pixels: Double(filled.width * filled.height)),
            seconds: threadSeconds() - before)
    }

    /// Vehicles that a detection needs more score for: large enough for the network to see, and no likelier a person.
    private static func hints(among found: [Detection], pixels: Double) -> [Detection] {
        found.filter { hint in
            hint.score < ObjectDetector.faintScore && hint.objectClass.isMotorVehicle
                && hint.box.area * pixels >= ZoneTiles.wellSeen * ZoneTiles.wellSeen
                && !found.contains {
                    $0.objectClass == .person && $0.score >= hint.score && $0.box.iou(hint.box) > EfficientDet.overlap
                }
        }
    }

    /// Detects objects in an enlarged part of a picture; the boxes are in coordinates of the whole picture.
    nonisolated func detections(
        in frame: Frame, part: Box, by model: DetectionModel
    ) async throws -> ObjectDetector.Result {
        asked.add(1, ordering: .relaxed)
        defer { asked.subtract(1, ordering: .relaxed) }
        return try await look(at: part, of: frame, by: model)
    }

    private func look(at part: Box, of frame: Frame, by model: DetectionModel) throws -> ObjectDetector.Result {
        let cut = try frame.part(part)
        // Use the whole picture's exposure: a dark corner in daylight is shadow.
        let result = try detections(in: cut, by: model, exposure: input(of: model, for: frame).exposure(of: frame))
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
        return ObjectDetector.Result(detections: moved, seconds: result.seconds)
    }

    /// Returns once all earlier requests have been processed.
    private func answer() { answers &+= 1 }
    /// Changed so that answering needs the detector's thread: optimised, a call that does nothing does not wait for it.
    private var answers = 0

    /// Returns as soon as the detector makes progress: with the next completed or failed look, or when all earlier
    /// requests are done. That is soon however many looks wait, and never while one of them hangs.
    nonisolated func getsOn() async {
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
    func raw(of frame: Frame, by model: DetectionModel) throws -> (model: Model, blob: [Float], outputs: [[Float]]) {
        let input = try input(of: model, for: frame)
        _ = try input.fill(from: frame)
        let outputs = try input.run()
        return (input.model, input.blob, outputs)
    }

    private func input(of model: DetectionModel, for frame: Frame) throws -> LoadedInput {
        let model = model.input(width: frame.width, height: frame.height)
        if let known = loaded[model.path] { return known }
        // Days may have passed since the start: the loaded file must be the one that alerts name.
        try model.verify()
        let new = try LoadedInput(model, engines, heads)
        loaded[model.path] = new
        return new
    }
}

public import Domain
import Foundation
public import Video

/// The detection network, shared by all cameras. Each worker has a thread and networks of its own; a further one begins to work,
/// and loads them, when all before it are busy.
///
/// A camera that is watched for motor vehicles alone may have weights of their own (`forVehicles`), on the same workers.
public final class ObjectDetector: Sendable {
    /// The detections of a run, and the processor seconds that it took.
    public struct Result: Sendable {
        public let detections: [Detection]
        /// Motor vehicles of the whole picture that are too doubtful to be detections; see `hintScore`.
        public var hints: [Detection] = []
        public let seconds: Double
    }

    /// Weaker detections are discarded; between this and the birth score they only continue a stationary object.
    static let faintScore = 0.2

    /// The score that nearly every vehicle reaches, however the network doubts. Of 547 vehicles larger than 0.4 % of their
    /// pictures, on 221 pictures of 29 places that the network never saw, 98 % reach it in colour and without, 97 % with more
    /// than a person's score. So do 1 of 93 people, 12 % of 202 riders, 5 % of 288 other things of COCO, 16 % of 57 heaps of
    /// refuse in colour and 25 % without: so it says something only of what is known to have come, nothing of what was there.
    static let hintScore = 0.05

    public let model: DetectionModel
    private let vehicleModel: DetectionModel
    private let workers: [DetectorWorker]

    /// A network with one input size.
    public convenience init(
        model: Model, threads: Int = 1, workers: Int = 1, engines: InferenceEngines = .standard,
        heads: DetectorHeads = .standard
    ) throws {
        try self.init(
            model: DetectionModel(model), threads: threads, workers: workers, engines: engines, heads: heads)
    }

    /// A network with the same weights for all cameras; its usual input is loaded.
    public convenience init(
        model: DetectionModel, threads: Int = 1, workers: Int = 1, engines: InferenceEngines = .standard,
        heads: DetectorHeads = .standard
    ) throws {
        try self.init(
            models: DetectorModels(model), threads: threads, workers: workers, engines: engines, heads: heads,
            loading: model)
    }

    /// Verifies the hashes of all inputs.
    ///
    /// - Parameters:
    ///   - threads: the number that OpenCV may use for one network.
    ///   - workers: the number of pictures that are looked at together, 1 or more.
    ///   - engines: the available ones; likewise `heads`.
    ///   - first: its usual input is loaded now, so that an error comes at the start; all others are loaded with their first picture.
    public init(
        models: DetectorModels, threads: Int = 1, workers: Int = 1, engines: InferenceEngines = .standard,
        heads: DetectorHeads = .standard, loading first: DetectionModel? = nil
    ) throws {
        try models.verify()
        try models.check(engines, heads)
        (model, vehicleModel) = (models.all, models.vehicles)
        DetectorWorker.prepare(threads: threads)
        self.workers = try (0..<max(1, workers)).map {
            try DetectorWorker(engines, heads, loading: $0 == 0 ? first?.inputs[0] : nil)
        }
    }

    private init(_ model: DetectionModel, _ vehicleModel: DetectionModel, _ workers: [DetectorWorker]) {
        (self.model, self.vehicleModel, self.workers) = (model, vehicleModel, workers)
    }

    /// The same workers with the weights for cameras that are watched for motor vehicles alone.
    public var forVehicles: ObjectDetector { ObjectDetector(vehicleModel, vehicleModel, workers) }

    /// As many workers as the processors have time for: decoding takes about as long as detecting, so that more than two would
    /// wait for pictures. A network that may use several threads has all of them for itself.
    public static func workers(threads: Int) -> Int {
        threads > 1 ? 1 : min(2, ProcessInfo.processInfo.activeProcessorCount)
    }

    /// Whether nothing waits for it, so that optional work may run.
    public var isFree: Bool { workers.contains { $0.pending == 0 } }

    /// Detects objects in one picture, letterboxed into the input of which its shape wastes the least.
    public func detections(in frame: Frame) async throws -> Result { try await worker.detections(in: frame, by: model) }

    /// Detects objects in an enlarged part of a picture; the boxes are in coordinates of the whole picture.
    public func detections(in frame: Frame, part: Box) async throws -> Result {
        try await worker.detections(in: frame, part: part, by: model)
    }

    /// Returns as soon as each worker makes progress: with the next completed or failed look, or when all earlier
    /// requests are done. That is soon however many looks wait, and never while one of them hangs.
    public func getsOn() async {
        for worker in workers { await worker.getsOn() }
    }

    /// The input blob of a picture and the raw outputs, for comparing with another engine.
    public func raw(of frame: Frame) async throws -> (model: Model, blob: [Float], outputs: [[Float]]) {
        try await workers[0].raw(of: frame, by: model)
    }

    /// The one with the least to do, the first of them where several have as little.
    private var worker: DetectorWorker {
        workers.dropFirst().reduce(workers[0]) { $1.pending < $0.pending ? $1 : $0 }
    }
}

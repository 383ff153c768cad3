import Analytics
import Domain
import Foundation
import Inference
import Pipeline
import Synchronization
import Video

/// One paced camera of a live run: the daemon's camera, its pipeline, and the cost of its looks.
final class LiveCamera: Sendable {
    /// The measured values, in seconds unless stated otherwise.
    struct Reading: Sendable {
        var due = 0
        var made = 0
        var missed = 0
        var blind = 0.0
        /// From the time at which a camera would have sent a picture to the end of its look; for a stream, where that
        /// time is unknown, from the time of decoding.
        var delays: [Double] = []
        /// From the threshold of each alert to the end of the look that opened it.
        var openings: [Double] = []
        var bytes = 0
        /// Processor seconds, as are the next three.
        var decode = 0.0
        var gate = 0.0
        var infer = 0.0
        var rest = 0.0
        var inferences = 0
        /// Why it was offline, or a look failed.
        var faults: [String] = []
    }

    private struct State {
        var ledger: PromiseLedger
        var reading = Reading()
        var costs = CameraPipeline.Costs()
        var isLearning = true
        var begun = (costs: CameraPipeline.Costs(), counters: Camera.Counters())
    }

    /// Nil for a stream.
    private let clip: PacedClip?
    private let camera: Camera
    private let zones: [WatchedZone]
    private let detector: ObjectDetector
    private let hasTiles: Bool
    private let clocks: Clocks
    private let state: Mutex<State>

    /// - Parameters:
    ///   - clip: played, or identical to the stream.
    ///   - stream: where a server plays the clip; nil where it is played from memory.
    ///   - promise: see `PromiseLedger`.
    init(
        id: String, clip: MemoryClip, stream: CameraURL?, zones: [WatchedZone], detector: ObjectDetector,
        sampling: SamplingPolicy,
        promise: Double, aspect: Aspect?, hasTiles: Bool, decoding: DecodingWay = .software, clocks: Clocks = .system
    ) {
        self.clip = stream == nil ? PacedClip(clip, clocks: clocks) : nil
        self.zones = zones
        self.detector = detector
        self.hasTiles = hasTiles
        self.clocks = clocks
        state = Mutex(State(ledger: PromiseLedger(promise: promise, keyInterval: clip.keyInterval)))
        var settings = Camera.Settings(url: stream ?? CameraURL(clip.path), sampling: sampling, aspect: aspect)
        settings.decoding = decoding
        camera = Camera(id: id, settings: settings, clocks: clocks, clip: self.clip, holdsPlaces: true)
    }

    /// Whether it has learnt its view, and every look has come in time for a whole promise.
    func isSettled(at time: Double) -> Bool {
        state.withLock { !$0.isLearning && $0.ledger.kept(until: time) >= $0.ledger.promise }
    }

    /// Runs until `stop`.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await camera.run(from: MediaTime(0)) }
            group.addTask { [self] in
                for await case .offline(let reason) in camera.states { note(reason) }
            }
            await look()
            await group.waitForAll()
        }
    }

    func stop() { camera.stop() }

    /// The measurement starts.
    func begin(at time: Double) {
        let counters = camera.counters
        state.withLock { state in
            state.ledger.begin(at: time)
            state.begun = (state.costs, counters)
        }
    }

    func end(at time: Double) -> Reading {
        let counters = camera.counters
        return state.withLock { state in
            state.ledger.end(at: time)
            var reading = state.reading
            (reading.due, reading.made) = (state.ledger.due, state.ledger.made)
            (reading.missed, reading.blind) = (state.ledger.missed, state.ledger.blind)
            let (costs, before) = (state.costs, state.begun.costs)
            (reading.gate, reading.infer) = (costs.gate - before.gate, costs.infer - before.infer)
            (reading.rest, reading.inferences) = (costs.rest - before.rest, costs.inferences - before.inferences)
            reading.decode = counters.processorSeconds - state.begun.counters.processorSeconds
            reading.bytes = counters.bytes - state.begun.counters.bytes
            return reading
        }
    }

    private func look() async {
        var pipeline = CameraPipeline(
            zones: zones, detector: detector, incidents: IncidentBook(camera: camera.id) { _ in UUID() }, recorder: nil,
            hasTiles: hasTiles)
        pipeline.hasTime = { [detector] in detector.isFree }
        let watch = CameraWatch(CameraWatch.Place(pipeline: pipeline))
        camera.watch(with: watch.place.pipeline.attention, rest: watch.place.pipeline.rest)
        for await frame in camera.frames {
            defer { frame.finishLook() }
            do {
                let look = try await watch.look(at: frame)
                camera.watch(with: watch.place.pipeline.attention, rest: watch.place.pipeline.rest)
                if let fault = look.fault { note("a look failed: \(fault)") }
                take(look, of: frame, costs: watch.costs, isLearning: watch.place.pipeline.isLearning)
            } catch {
                note("a look failed: \(error)")
            }
        }
    }

    private func take(_ look: CameraPipeline.Look, of frame: Frame, costs: CameraPipeline.Costs, isLearning: Bool) {
        let now = clocks.uptime()
        let delay =
            clip.map { $0.due(frame.time.seconds).map { now - $0 } }
            ?? frame.moment.map { clocks.now().timeIntervalSince($0.system) }
        let openings = look.changes.map(\.incident).filter { $0.state == .opened }.compactMap { incident in
            delay.map { $0 + (frame.time - incident.firstSeen) - incident.threshold }
        }
        state.withLock { state in
            (state.costs, state.isLearning) = (costs, isLearning)
            guard !frame.isBurstFrame else { return }
            state.ledger.looked(at: now)
            guard state.ledger.isMeasuring else { return }
            if let delay { state.reading.delays.append(delay) }
            state.reading.openings += openings
        }
    }

    /// Also before the measurement: it explains what is missing then.
    private func note(_ fault: String) {
        state.withLock { state in
            if !state.reading.faults.contains(fault) { state.reading.faults.append(fault) }
        }
    }
}

public import Analytics
import Domain
import Foundation
public import Inference
import Pipeline
public import Video

/// Measures each stage of what a camera costs by itself, on the product's own parts and on one clip, with a reference beside
/// it.
public struct StageBench {
    public struct Options: Sendable {
        /// For which each stage is measured.
        public var seconds: Double
        /// The only stages that are measured, by their names in `names`; all where none is named.
        public var only: Set<String>
        /// A stream on which receiving is measured too, of a server that plays the clip in real time.
        public var stream: CameraURL?
        /// Dwell, kinds, truth, aspect and tiles as for a benchmark; the rest is not used.
        public var watch: Benchmark.Options

        public init(
            seconds: Double = usualSeconds, only: Set<String> = [], stream: CameraURL? = nil,
            watch: Benchmark.Options = .init()
        ) {
            (self.seconds, self.only, self.stream, self.watch) = (seconds, only, stream, watch)
        }

        public static let usualSeconds = 3.0
    }

    /// What can be measured, in the order of a picture's way; each has one stage or several.
    public static let names = [
        "receive", "decode", "small", "gate", "scale", "inference", "boxes", "tracking", "commit",
    ]

    private struct Step {
        let name: String
        let make: () async throws -> Stage
    }

    /// Pictures that take turns: together they are larger than most caches.
    private static let pictures = 4
    /// Looks before the state of the watch is one of a running camera.
    private static let warmUp = 5

    private let clip: MemoryClip
    private let keys: KeyFrames
    private let frames: [Frame]
    private let zones: [WatchedZone]
    private let detector: ObjectDetector
    private let options: Options

    /// Throws where the clip has no key frame that can be decoded on its own, or its truth file cannot be read.
    public init(clip: MemoryClip, detector: ObjectDetector, options: Options) throws {
        self.clip = clip
        self.options = options
        let keys = try KeyFrames(clip, aspect: options.watch.aspect)
        self.keys = keys
        frames = try (0..<Self.pictures).map { try keys.frame($0, at: MediaTime(0)) }
        zones = options.watch.zones(try options.watch.truth(for: clip.path))
        self.detector = detector.suited(to: zones)
    }

    /// Measures one stage after the other; a stage that fails is named in the report. Nil where it was stopped before
    /// anything was measured.
    ///
    /// - Parameters:
    ///   - commit: makes the stage that writes looks to the disk, of the state that a look goes on from.
    ///   - isStopped: asked often: the report has the stages until then.
    ///   - progress: called often with the name of the stage and the completed share of it, 0…1.
    public func run(
        commit: @escaping (WatchCheckpoint) throws -> Stage, isStopped: () -> Bool = { false },
        progress: (String, Double) -> Void = { _, _ in }
    ) async -> StageReport? {
        let meter = StageMeter(seconds: options.seconds)
        let machine = Machine.current
        var (results, faults): ([StageResult], [StageReport.Fault]) = ([], [])
        let steps = steps(commit)
        for step in steps where !isStopped() {
            progress(step.name, 0)
            do {
                let stage = try await step.make()
                let result = try await meter.measure(stage, isStopped: isStopped) { progress(step.name, $0) }
                if let result { results.append(result) }
            } catch {
                faults.append(.init(stage: step.name, what: "\(error)"))
            }
        }
        guard !results.isEmpty || !faults.isEmpty else { return nil }
        let (width, height) = (frames[0].width, frames[0].height)
        return StageReport(
            clip: clip.path, picture: "\(width)x\(height)", keyInterval: keys.interval,
            bitrate: Double(keys.intervalBytes) * 8 / 1e6 / keys.interval, model: detector.model.name,
            seconds: options.seconds, machine: machine, stages: results, faults: faults,
            isWhole: options.only.isEmpty && results.count == steps.count)
    }

    private func steps(_ commit: @escaping (WatchCheckpoint) throws -> Stage) -> [Step] {
        let looks = LookWork(keys, zones: zones, detector: detector, hasTiles: options.watch.hasTiles)
        let input = detector.model.input(width: frames[0].width, height: frames[0].height)
        var steps = [Step(name: "receive") { try receive() }]
        if let stream = options.stream { steps.append(Step(name: "receive-rtsp") { try receive(over: stream) }) }
        steps += [
            Step(name: "decode") { decode() }, Step(name: "decode-unfiltered") { decodeUnfiltered() },
            Step(name: "small") { small() }, Step(name: "gate") { try gate() },
            Step(name: "scale") { try scale(input) },
        ]
        steps += detector.model.inputs.map { model in
            Step(name: "inference-\(model.size)") { try inference(model, isUsed: model == input) }
        }
        steps += [
            Step(name: "boxes") { try boxes(input) }, Step(name: "tracking") { tracking(looks) },
            Step(name: "commit") { try commit(try await looks.checkpoint(after: Self.warmUp)) },
        ]
        guard !options.only.isEmpty else { return steps }
        return steps.filter { step in options.only.contains { step.name == $0 || step.name.hasPrefix("\($0)-") } }
    }

    // MARK: The stages

    private func receive() throws -> Stage {
        let receiver = try PacketReceiver(clip)
        let copy = MemoryCopy(bytes: keys.intervalBytes)
        return Stage(
            "receive", operation: "\(interval) of the clip from memory: taken apart and kept, not decoded",
            reference: "copying as many bytes",
            rhythm: options.stream == nil ? .always(seconds: keys.interval) : .aside,
            work: { try receiver.receive() }, refer: { copy.run() })
    }

    private func receive(over stream: CameraURL) throws -> Stage {
        let receiver = try PacketReceiver(stream)
        let copy = MemoryCopy(bytes: keys.intervalBytes)
        return Stage(
            "receive-rtsp", operation: "\(interval) of the stream in real time: session, RTP, kept, not decoded",
            reference: "copying as many bytes", rhythm: .always(seconds: keys.interval),
            work: { try receiver.receive() }, refer: { copy.run() })
    }

    private var interval: String {
        "one key frame interval (\(rounded(keys.interval)) s, \(keys.intervalBytes / 1000) kB)"
    }

    private static let alone = "libavcodec alone on the same key frame, with its own defaults and one thread"

    private func decode() -> Stage {
        var (next, other) = (0, 0)
        return Stage(
            "decode", operation: "a key frame as a camera decodes it", reference: Self.alone, rhythm: .look,
            work: { [keys] in
                _ = try keys.frame(next, at: MediaTime(0))
                next += 1
            },
            refer: { [keys] in
                try keys.decodeAlone(other)
                other += 1
            })
    }

    private func decodeUnfiltered() -> Stage {
        var (next, other) = (0, 0)
        return Stage(
            "decode-unfiltered", operation: "a key frame by libavcodec alone without its loop filter",
            reference: Self.alone, rhythm: .aside,
            work: { [keys] in
                try keys.decodeAlone(next, isFiltered: false)
                next += 1
            },
            refer: { [keys] in
                try keys.decodeAlone(other)
                other += 1
            })
    }

    private func small() -> Stage {
        let isColoured = zones.contains { $0.rules.needs.contains(.colour) }
        let small = SmallWork(frames, isColoured: isColoured)
        let copy = MemoryCopy(bytes: frames[0].bytes)
        return Stage(
            "small",
            operation: "the small picture for gate and tracking, \(SmallPicture.width) pixels wide"
                + (isColoured ? ", with colour" : ""), reference: Self.copying, rhythm: .look,
            work: { try small.run() }, refer: { copy.run() })
    }

    private static let copying = "copying the decoded picture"

    private func gate() throws -> Stage {
        let gate = try GateWork(keys, zones: zones)
        let hash = HashWork()
        return Stage(
            "gate", operation: "the view and what has changed in it, judged on one small picture",
            reference: HashWork.what, rhythm: .look, work: { gate.run() }, refer: { try hash.run() })
    }

    private func scale(_ model: Model) throws -> Stage {
        let network = try DetectionSteps(model)
        let copy = MemoryCopy(bytes: frames[0].bytes)
        var next = 0
        return Stage(
            "scale", operation: "a picture into the network's input of \(model.size)", reference: Self.copying,
            rhythm: .detection,
            work: { [frames] in
                try network.fill(from: frames[next % frames.count])
                next += 1
            }, refer: { copy.run() })
    }

    /// - Parameter isUsed: it is the input that pictures of this shape go into.
    private func inference(_ model: Model, isUsed: Bool) throws -> Stage {
        let (network, stock) = (try DetectionSteps(model), try DetectionSteps(stock: model))
        try network.fill(from: frames[0])
        try stock.fill(from: frames[0])
        return Stage(
            "inference-\(model.size)", operation: "the network \(model.name) on one picture",
            reference: "the same network in OpenCV with its own convolutions", rhythm: isUsed ? .detection : .aside,
            work: { _ = try network.run() }, refer: { _ = try stock.run() })
    }

    private func boxes(_ model: Model) throws -> Stage {
        let network = try DetectionSteps(model)
        try network.fill(from: frames[0])
        let outputs = try network.run()
        let copy = MemoryCopy(bytes: outputs.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.size)
        return Stage(
            "boxes", operation: "what the network of \(model.size) puts out, made into detections",
            reference: "copying its outputs", rhythm: .detection,
            work: { _ = network.detections(from: outputs) }, refer: { copy.run() })
    }

    private func tracking(_ looks: LookWork) -> Stage {
        let hash = HashWork()
        return Stage(
            "tracking",
            operation: "what stands, what lies there, rules and incidents, at one look of the daemon's pipeline",
            reference: HashWork.what, rhythm: .look, counted: { try await looks.run() }, refer: { try hash.run() })
    }
}

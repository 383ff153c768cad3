import Domain
import Foundation
public import Inference
import Pipeline
import Runtime
public import Video

/// Paced cameras that play clips from memory, through the daemon's own cameras and pipelines and one shared detector:
/// measures their cost, and whether every promise is kept.
public struct LiveBench: Sendable {
    public struct Options: Sendable {
        /// Measured seconds, after the warm-up.
        public var seconds: Double
        /// Dwell, kinds, sampling, truth, aspect and tiles as for a benchmark; the rest is not used.
        public var watch: Benchmark.Options
        /// The streams of an RTSP server that plays the clips, in their order, nil for a clip that is played from memory; none
        /// where all are.
        public var streams: [CameraURL?]
        /// What decodes key frames.
        public var decoding: DecodingWay

        public init(
            seconds: Double = 60, watch: Benchmark.Options, streams: [CameraURL?] = [],
            decoding: DecodingWay = .software
        ) {
            self.seconds = seconds
            self.streams = streams
            self.decoding = decoding
            self.watch = watch
        }
    }

    /// The progress of a run: 0…1.
    public enum Progress: Sendable, Equatable {
        /// The share of cameras that have learnt their view and whose looks come in time.
        case starting(Double)
        case measuring(Double)
    }

    /// The fewest and the most cameras.
    public static let range = 1...2000
    /// Seconds after the last start to wait for all cameras to settle, besides the promises that learning a view takes with no
    /// look more than promised; after that the measurement begins all the same.
    private static let patience = 60.0
    private static let learning = 8.0
    private static let tick = Duration.milliseconds(100)

    private let detector: ObjectDetector
    private let clips: [(clip: MemoryClip, zones: [WatchedZone])]
    private let options: Options
    /// Of the process, with the clips in memory and before the first camera.
    private let residentBefore: Double

    /// Throws where the truth of a clip is unusable.
    ///
    /// - Parameter clips: assigned in turn.
    public init(detector: ObjectDetector, clips: [MemoryClip], options: Options) throws {
        self.detector = detector
        self.options = options
        self.clips = try clips.map { ($0, options.watch.zones(try options.watch.truth(for: $0.path))) }
        residentBefore = Self.residentMiB()
    }

    /// Of a camera, by its number.
    private func stream(_ camera: Int) -> CameraURL? {
        options.streams.isEmpty ? nil : options.streams[camera % options.streams.count]
    }

    private var isOverRTSP: Bool { options.streams.contains { $0 != nil } }

    /// Seconds from one look to the next while nothing happens.
    private func promise(_ zones: [WatchedZone]) -> Double {
        switch options.watch.sampling {
        case .keyFrames(let promise, _): max(promise, zones.rest() ?? 0)
        case .every(let seconds): seconds
        }
    }

    /// The shortest of all clips.
    private var promise: Double { clips.map { promise($0.zones) }.min() ?? 0 }

    /// The shortest of all clips, in seconds.
    private var keyInterval: Double { clips.map(\.clip.keyInterval).min() ?? 0 }

    /// Runs so many cameras; nil where it was stopped before the measurement.
    ///
    /// - Parameters:
    ///   - isStopped: called periodically: the result covers the time until then.
    ///   - progress: called periodically.
    public func run(
        _ cameras: Int, isStopped: @Sendable () -> Bool = { false }, progress: (Progress) -> Void = { _ in }
    ) async -> LiveRun? {
        guard !clips.isEmpty else { return nil }
        let all = (0..<cameras).map { index in
            let (clip, zones) = clips[index % clips.count]
            return LiveCamera(
                id: "\(index + 1)", clip: clip, stream: stream(index),
                zones: zones, detector: detector.suited(to: zones), sampling: options.watch.sampling,
                promise: promise(zones), aspect: options.watch.aspect, hasTiles: options.watch.hasTiles,
                decoding: options.decoding)
        }
        let starts = all.indices.map {
            Stagger.start($0, of: cameras, keyInterval: clips[$0 % clips.count].clip.keyInterval)
        }
        return await withTaskGroup(of: Void.self) { group in
            for (camera, start) in zip(all, starts) {
                group.addTask {
                    // A camera cancelled before its start is stopped too, and ends at once.
                    try? await Task.sleep(for: .seconds(start))
                    await camera.run()
                }
            }
            let run = await measure(
                all, until: (starts.max() ?? 0) + Self.patience + Self.learning * promise, isStopped, progress)
            for camera in all { camera.stop() }
            group.cancelAll()
            await group.waitForAll()
            return run
        }
    }

    private func measure(
        _ cameras: [LiveCamera], until patience: Double, _ isStopped: () -> Bool, _ progress: (Progress) -> Void
    ) async -> LiveRun? {
        let uptime = Clocks.system.uptime
        let start = uptime()
        let atStart = ProcessUsage.processorSeconds
        var isSettled = false
        while uptime() - start < patience, !isSettled, !isStopped() {
            let now = uptime()
            let settled = cameras.count { $0.isSettled(at: now) }
            progress(.starting(Double(settled) / Double(cameras.count)))
            isSettled = settled == cameras.count
            if !isSettled { try? await Task.sleep(for: Self.tick) }
        }
        guard !isStopped() else { return nil }
        let begin = uptime()
        let before = ProcessUsage.processorSeconds
        let settling = LiveRun.Settling(
            isComplete: isSettled, seconds: rounded(begin - start),
            coresPerCamera: precise((before - atStart) / max(begin - start, 1e-3) / Double(max(1, cameras.count))))
        for camera in cameras { camera.begin(at: begin) }
        while case let passed = uptime() - begin, passed < options.seconds, !isStopped() {
            progress(.measuring(passed / options.seconds))
            try? await Task.sleep(for: Self.tick)
        }
        let end = uptime()
        let processor = ProcessUsage.processorSeconds - before
        let resident = Self.residentMiB()
        return LiveRun(
            seconds: end - begin, processorSeconds: processor, residentBefore: residentBefore, resident: resident,
            keyInterval: keyInterval, promise: promise, settling: settling, cameras: cameras.map { $0.end(at: end) },
            sources: clips.indices.map { LiveRun.Source(clip: clips[$0].clip.path, stream: stream($0)) })
    }

    /// Finds the largest number of cameras for which every promise is kept. Returns the runs in their order, and the
    /// limit; nil for it where it was stopped before it was known.
    ///
    /// - Parameters:
    ///   - cameras: the start of the search.
    ///   - progress: called periodically with the number of cameras of the run.
    ///   - done: called after each run.
    public func findLimit(
        from cameras: Int, isStopped: @Sendable () -> Bool = { false }, progress: (Int, Progress) -> Void = { _, _ in },
        done: (LiveRun) -> Void = { _ in }
    ) async -> (runs: [LiveRun], limit: Int?) {
        var search = LimitSearch(from: cameras, most: Self.range.upperBound)
        var runs: [LiveRun] = []
        while let next = search.next {
            guard LiveRoom.fault(cameras: next, overRTSP: isOverRTSP) == nil else {
                search.note(next, isKept: false)
                continue
            }
            guard let run = await run(next, isStopped: isStopped, progress: { progress(next, $0) }) else {
                return (runs, nil)
            }
            runs.append(run)
            done(run)
            guard !isStopped() else { return (runs, nil) }
            search.note(next, isKept: run.isKept)
        }
        return (runs, search.limit)
    }

    private static func residentMiB() -> Double { Double(ProcessUsage.residentBytes ?? 0) / Double(1 << 20) }
}

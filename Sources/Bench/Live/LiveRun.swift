import Foundation
import Video

/// The result of one run of paced cameras; the keys are the published format.
public struct LiveRun: Encodable, Sendable {
    /// Shares of the processor time, 0…1, together 1.
    public struct Shares: Encodable, Sendable {
        /// Including receiving: everything in the cameras' threads.
        public let decode: Double
        public let gate: Double
        public let infer: Double
        /// The rest of the pipelines: tracking, background, rules.
        public let rest: Double
        /// Not attributed: the runtime, tasks, threads, this benchmark.
        public let other: Double
    }

    /// The time before the measurement, from the first start until all cameras had learnt their views and their looks came
    /// in time.
    public struct Settling: Encodable, Sendable {
        /// False where that was not waited for any longer.
        public let isComplete: Bool
        public let seconds: Double
        public let coresPerCamera: Double

        enum CodingKeys: String, CodingKey {
            case seconds
            case isComplete = "complete"
            case coresPerCamera = "cores_per_camera"
        }
    }

    /// The cameras of one clip.
    public struct Source: Encodable, Sendable {
        /// The path as given.
        public let clip: String
        /// The address without credentials, or `memory`.
        public let stream: String
        public private(set) var cameras = 0
        public private(set) var looksDue = 0
        public private(set) var looks = 0
        public private(set) var looksMissed = 0
        public private(set) var blindSeconds = 0.0

        init(clip: String, stream: CameraURL? = nil) {
            self.clip = clip
            self.stream = stream.map { "\($0)" } ?? "memory"
        }

        mutating func add(_ reading: LiveCamera.Reading) {
            cameras += 1
            looksDue += reading.due
            looks += reading.made
            looksMissed += reading.missed
            blindSeconds = rounded(blindSeconds + reading.blind)
        }

        enum CodingKeys: String, CodingKey {
            case clip, stream, cameras, looks
            case looksDue = "looks_due"
            case looksMissed = "looks_missed"
            case blindSeconds = "blind_seconds"
        }
    }

    /// Why cameras were offline or looks failed.
    public struct Fault: Encodable, Sendable {
        public let what: String
        /// How many cameras had it.
        public let cameras: Int
    }

    public let cameras: Int
    public let settling: Settling
    /// Measured seconds, after that.
    public let seconds: Double
    /// Processor seconds of this process per second.
    public let coresUsed: Double
    public let coresPerCamera: Double
    /// See `PromiseLedger`.
    public let looksDue: Int
    public let looks: Int
    public let looksMissed: Int
    /// Of all cameras together.
    public let blindSeconds: Double
    public let inferences: Int
    /// From the time at which a camera would have sent a picture to the end of its look, in seconds.
    public let lookDelay: ClipReport.Delay
    /// Opened alerts, and the time from their threshold to the end of the look that opened them, in seconds.
    public let alerts: Int
    public let openingDelay: ClipReport.Delay
    /// Resident memory of this process: with the clips and the detector, before the first camera; at the end; and the
    /// difference per camera.
    public let residentBefore: Double
    public let resident: Double
    public let residentPerCamera: Double
    /// Of the packets of all cameras.
    public let bytes: Int
    public let shares: Shares
    /// The shortest of the clips, in seconds.
    public let keyInterval: Double
    public let promise: Double
    /// No look was missed, no camera was blind, and 95 % of the looks ended before the next key frame.
    public let isKept: Bool
    public let faults: [Fault]
    /// What is due and made, by clip: who keeps its promises beside cameras that do not.
    public let sources: [Source]
    /// Of all looks, in seconds; for the plot.
    let delays: [Double]

    init(
        seconds: Double, processorSeconds: Double, residentBefore: Double, resident: Double, keyInterval: Double,
        promise: Double, settling: Settling, cameras: [LiveCamera.Reading],
        sources: [Source]
    ) {
        var sources = sources
        if !sources.isEmpty {
            for (index, reading) in cameras.enumerated() { sources[index % sources.count].add(reading) }
        }
        self.sources = sources
        func sum<Value: AdditiveArithmetic>(_ value: (LiveCamera.Reading) -> Value) -> Value {
            cameras.reduce(.zero) { $0 + value($1) }
        }
        let count = Double(max(1, cameras.count))
        let passed = max(seconds, 1e-3)
        self.cameras = cameras.count
        self.settling = settling
        self.seconds = rounded(seconds)
        coresUsed = precise(processorSeconds / passed)
        coresPerCamera = precise(processorSeconds / passed / count)
        (looksDue, looks, looksMissed) = (sum(\.due), sum(\.made), sum(\.missed))
        blindSeconds = rounded(sum(\.blind))
        inferences = sum(\.inferences)
        delays = cameras.flatMap(\.delays)
        lookDelay = .init(delays)
        let openings = cameras.flatMap(\.openings)
        alerts = openings.count
        openingDelay = .init(openings)
        self.residentBefore = rounded(residentBefore)
        self.resident = rounded(resident)
        residentPerCamera = rounded((resident - residentBefore) / count)
        bytes = sum(\.bytes)
        let known = (decode: sum(\.decode), gate: sum(\.gate), infer: sum(\.infer), rest: sum(\.rest))
        let sum = known.decode + known.gate + known.infer + known.rest
        // A thread reports its time when its picture is finished, so that the sum of the parts may slightly exceed the
        // whole.
        let whole = max(processorSeconds, sum, 1e-9)
        shares = Shares(
            decode: rounded(known.decode / whole), gate: rounded(known.gate / whole),
            infer: rounded(known.infer / whole), rest: rounded(known.rest / whole),
            other: rounded((whole - sum) / whole))
        self.keyInterval = rounded(keyInterval)
        self.promise = promise
        let late = Score.percentile(0.95, of: delays) ?? .infinity
        isKept = looksMissed == 0 && blindSeconds == 0 && late < keyInterval
        faults = Dictionary(cameras.flatMap(\.faults).map { ($0, 1) }, uniquingKeysWith: +).map(Fault.init).sorted {
            $0.what < $1.what
        }
    }

    enum CodingKeys: String, CodingKey {
        case cameras, settling, seconds, looks, inferences, alerts, bytes, shares, faults, sources
        case coresUsed = "cores_used"
        case coresPerCamera = "cores_per_camera"
        case looksDue = "looks_due"
        case looksMissed = "looks_missed"
        case blindSeconds = "blind_seconds"
        case lookDelay = "look_delay_s"
        case openingDelay = "opening_delay_s"
        case residentBefore = "rss_before_mib"
        case resident = "rss_mib"
        case residentPerCamera = "rss_per_camera_mib"
        case keyInterval = "key_interval_s"
        case promise = "promise_s"
        case isKept = "kept"
    }
}

/// All runs of one call.
public struct LiveReport: Encodable, Sendable {
    /// The paths as given.
    public let clips: [String]
    /// In the order of the runs; at least one.
    public let runs: [LiveRun]
    /// The largest number of cameras that kept every promise, 0 where not even one did; nil without a search.
    public let limit: Int?
    /// The cameras were streams of an RTSP server rather than played from memory.
    let isOverRTSP: Bool
    /// The tolerated dwell of vehicles, stalls and refuse, in seconds.
    let dwell: Double

    /// Nil where nothing was measured.
    public init?(clips: [String], runs: [LiveRun], limit: Int?, dwell: Double, overRTSP: Bool = false) {
        guard !runs.isEmpty else { return nil }
        (self.clips, self.runs, self.limit, self.dwell) = (clips, runs, limit, dwell)
        isOverRTSP = overRTSP
    }

    /// The run whose figures are reported: that at the limit, else the last.
    public var chosen: LiveRun? { runs.last { $0.cameras == limit } ?? runs.last }

    private enum TopKeys: CodingKey { case live }
    private enum CodingKeys: String, CodingKey {
        case clips, runs, limit, source
        case dwell = "dwell_s"
    }

    /// The figures of the chosen run are beside `limit`, and those of all runs in `runs`.
    public func encode(to encoder: any Encoder) throws {
        var top = encoder.container(keyedBy: TopKeys.self)
        let live = top.superEncoder(forKey: .live)
        try chosen?.encode(to: live)
        var container = live.container(keyedBy: CodingKeys.self)
        try container.encode(clips, forKey: .clips)
        try container.encode(runs, forKey: .runs)
        try container.encode(limit, forKey: .limit)
        try container.encode(dwell, forKey: .dwell)
        try container.encode(isOverRTSP ? "rtsp" : "memory", forKey: .source)
    }
}

/// To a hundred-thousandth: of cores.
func precise(_ value: Double) -> Double { (value * 100_000).rounded() / 100_000 }

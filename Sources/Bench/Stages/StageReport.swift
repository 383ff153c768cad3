import Foundation
import Glibc

/// What one stage took; the keys are the published format.
public struct StageResult: Encodable, Sendable {
    /// One operation, and the reference beside it.
    struct Pair: Sendable {
        let work: Stage.Taken
        let reference: Stage.Taken
    }

    /// In milliseconds, of one operation.
    public struct Spread: Encodable, Sendable, Equatable {
        public let median: Double
        public let p95: Double

        /// - Parameter seconds: at least one.
        init(seconds: [Double]) {
            median = significant((Score.percentile(0.5, of: seconds) ?? 0) * 1000)
            p95 = significant((Score.percentile(0.95, of: seconds) ?? 0) * 1000)
        }
    }

    /// What the work took by what the reference beside it took: the median of all pairs, and within which nine of ten are.
    public struct Ratio: Encodable, Sendable {
        public let clock: Stage.Clock
        public let median: Double
        public let p5: Double
        public let p95: Double

        enum CodingKeys: String, CodingKey {
            case median, p5, p95
            case clock = "of"
        }
    }

    /// The same of the reference.
    public struct Reference: Encodable, Sendable {
        public let what: String
        public let processor: Spread
        public let wall: Spread

        enum CodingKeys: String, CodingKey {
            case what
            case processor = "cpu_ms"
            case wall = "wall_ms"
        }
    }

    public let stage: String
    public let operation: String
    public let runs: Int
    public let processor: Spread
    /// Nil where only a part of what was done counts.
    public let wall: Spread?
    /// Operations for which one core has time in a second.
    public let perCoreSecond: Double
    public let reference: Reference
    /// Nil where the reference took no time that the clock shows.
    public let ratio: Ratio?
    let rhythm: Stage.Rhythm
    /// Processor seconds of an operation: the median.
    private let seconds: Double

    /// - Parameter pairs: at least one.
    init(_ stage: Stage, _ pairs: [Pair]) {
        self.stage = stage.name
        operation = stage.operation
        rhythm = stage.rhythm
        runs = pairs.count
        let used = pairs.map(\.work.processor)
        seconds = Score.percentile(0.5, of: used) ?? 0
        processor = Spread(seconds: used)
        let walls = pairs.compactMap(\.work.wall)
        wall = walls.isEmpty ? nil : Spread(seconds: walls)
        perCoreSecond = significant(1 / max(seconds, 1e-9))
        reference = Reference(
            what: stage.reference, processor: Spread(seconds: pairs.map(\.reference.processor)),
            wall: Spread(seconds: pairs.compactMap(\.reference.wall)))
        let ratios = pairs.compactMap { pair -> Double? in
            let (work, reference) =
                switch stage.clock {
                case .processor: (pair.work.processor, pair.reference.processor)
                case .wall: (pair.work.wall ?? pair.work.processor, pair.reference.wall ?? 0)
                }
            return reference > 0 ? work / reference : nil
        }
        func ratio(_ share: Double) -> Double { significant(Score.percentile(share, of: ratios) ?? 0) }
        self.ratio =
            ratios.isEmpty ? nil : Ratio(clock: stage.clock, median: ratio(0.5), p5: ratio(0.05), p95: ratio(0.95))
    }

    /// The share of one core that it takes of a camera with a look in so many seconds.
    public func share(look: Double) -> Double {
        switch rhythm {
        case .always(let length): seconds / length
        case .look, .detection, .aside: seconds / look
        }
    }

    enum CodingKeys: String, CodingKey {
        case stage, operation, runs, reference, ratio
        case processor = "cpu_ms"
        case wall = "wall_ms"
        case perCoreSecond = "per_core_second"
        case shares
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stage, forKey: .stage)
        try container.encode(operation, forKey: .operation)
        try container.encode(runs, forKey: .runs)
        try container.encode(processor, forKey: .processor)
        try container.encode(wall, forKey: .wall)
        try container.encode(perCoreSecond, forKey: .perCoreSecond)
        try container.encode(reference, forKey: .reference)
        try container.encode(ratio, forKey: .ratio)
        try container.encode(LookShares { share(look: $0) }, forKey: .shares)
    }
}

/// Shares of one core at the two paces that are published.
public struct LookShares: Encodable, Sendable, Equatable {
    public let every2: Double
    public let every10: Double

    /// - Parameter share: that at a look in so many seconds.
    init(_ share: (Double) -> Double) { (every2, every10) = (significant(share(2)), significant(share(10))) }

    enum CodingKeys: String, CodingKey {
        case every2 = "every_2s"
        case every10 = "every_10s"
    }
}

/// All stages of one call.
public struct StageReport: Encodable, Sendable {
    /// A stage that could not be measured.
    public struct Fault: Encodable, Sendable {
        public let stage: String
        public let what: String
    }

    /// The sum of the stages that a camera goes through.
    public struct Camera: Encodable, Sendable {
        /// At looks without the detector.
        public let quiet: LookShares
        /// At looks of which each runs it once on the whole picture.
        public let detecting: LookShares
    }

    /// The path as given.
    public let clip: String
    /// Width and height of its pictures in pixels, as in `1920x1080`.
    public let picture: String
    /// Mean seconds from one key frame to the next.
    public let keyInterval: Double
    /// Of its pictures, in megabits a second.
    public let bitrate: Double
    public let model: String
    /// For which each stage was measured.
    public let seconds: Double
    public let machine: Machine
    public let stages: [StageResult]
    /// Nil where one of its stages is missing.
    public let camera: Camera?
    public let faults: [Fault]

    /// - Parameter isWhole: whether all stages of a camera were to be measured, and none was missing.
    init(
        clip: String, picture: String, keyInterval: Double, bitrate: Double, model: String, seconds: Double,
        machine: Machine, stages: [StageResult], faults: [Fault], isWhole: Bool
    ) {
        (self.clip, self.picture, self.model, self.seconds) = (clip, picture, model, seconds)
        (self.keyInterval, self.bitrate) = (rounded(keyInterval), rounded(bitrate))
        (self.machine, self.stages, self.faults) = (machine, stages, faults)
        func sum(isDetecting: Bool) -> LookShares {
            LookShares { look in
                stages.reduce(0) { sum, stage in
                    switch stage.rhythm {
                    case .always, .look: sum + stage.share(look: look)
                    case .detection: isDetecting ? sum + stage.share(look: look) : sum
                    case .aside: sum
                    }
                }
            }
        }
        camera = isWhole ? Camera(quiet: sum(isDetecting: false), detecting: sum(isDetecting: true)) : nil
    }

    /// The names of the stages that are in a sum.
    public func names(isDetecting: Bool) -> [String] {
        stages.filter { isDetecting ? $0.rhythm == .detection : $0.rhythm != .detection && $0.rhythm != .aside }
            .map(\.stage)
    }

    private enum TopKeys: CodingKey { case stages }
    private enum CodingKeys: String, CodingKey {
        case clip, picture, model, seconds, machine, stages, camera, faults
        case keyInterval = "key_interval_s"
        case bitrate = "mbit_per_s"
    }

    public func encode(to encoder: any Encoder) throws {
        var top = encoder.container(keyedBy: TopKeys.self)
        var container = top.nestedContainer(keyedBy: CodingKeys.self, forKey: .stages)
        try container.encode(clip, forKey: .clip)
        try container.encode(picture, forKey: .picture)
        try container.encode(keyInterval, forKey: .keyInterval)
        try container.encode(bitrate, forKey: .bitrate)
        try container.encode(model, forKey: .model)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(machine, forKey: .machine)
        try container.encode(stages, forKey: .stages)
        try container.encode(camera, forKey: .camera)
        try container.encode(faults, forKey: .faults)
    }
}

/// The machine that was measured on, as far as figures depend on it.
public struct Machine: Encodable, Sendable {
    /// As the kernel names it.
    public let processor: String
    public let cores: Int
    /// Mean number of runnable threads in the last minute before the measurement; nil where the system does not say.
    public let load: Double?

    static var current: Machine {
        let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let name = facts.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
        var load = 0.0
        let isKnown = getloadavg(&load, 1) == 1
        return Machine(
            processor: name?.trimmingCharacters(in: .whitespaces) ?? "unknown",
            cores: ProcessInfo.processInfo.activeProcessorCount, load: isKnown ? rounded(load) : nil)
    }
}

/// To four digits, which is more than two runs agree in.
func significant(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return 0 }
    let unit = pow(10, 3 - log10(abs(value)).rounded(.down))
    return (value * unit).rounded() / unit
}

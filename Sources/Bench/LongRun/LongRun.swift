import Analytics
import Domain
import Foundation
public import Inference
import Pipeline
import Video

/// Measures false alerts: negative clips, varied by day and weather from a seed, watched for hours of media time.
///
/// Looks are two seconds apart, as in the daemon, with nothing in between, so methods that use pictures between the
/// looks (smoke's burst frames) have less information than on a camera.
public struct LongRun: Sendable {
    public struct Options: Sendable {
        /// Of media time, for all clips together.
        public var hours: Double
        public var seed: UInt64

        public init(hours: Double, seed: UInt64) {
            self.hours = hours
            self.seed = seed
        }
    }

    private let detector: ObjectDetector
    private let options: Options
    private let watch: Benchmark.Options

    /// - Parameter watch: dwell, kinds and aspect as for a benchmark; its sampling, annotation and evidence are not
    ///   used.
    public init(detector: ObjectDetector, options: Options, watch: Benchmark.Options) {
        self.detector = detector
        self.options = options
        self.watch = watch
    }

    /// The clips share the hours evenly. An unusable one is named in the report.
    ///
    /// - Parameter progress: called periodically with a clip and the completed share of the whole, 0…1.
    public func run(_ clips: [String], progress: (String, Double) -> Void = { _, _ in }) async -> LongRunReport {
        var reports: [LongRunReport.Clip] = []
        let seconds = options.hours * 3600 / Double(max(1, clips.count))
        for (index, clip) in clips.enumerated() {
            do {
                reports.append(
                    try await run(clip, seconds: seconds) {
                        progress(clip, (Double(index) + $0) / Double(clips.count))
                    })
            } catch {
                reports.append(.init(clip: clip, hours: 0, blindHours: 0, kinds: [], fault: "\(error)", alerts: []))
            }
        }
        return LongRunReport(seed: options.seed, clips: reports)
    }

    private func run(_ path: String, seconds: Double, progress: (Double) -> Void) async throws -> LongRunReport.Clip {
        let truth = try watch.truth(for: path)
        let zones = watch.zones(truth)
        let kinds = Set(zones.flatMap(\.rules.kinds))
        if let event = truth?.events.first(where: { kinds.contains(AlertKind(rawValue: $0.kind)) }) {
            throw LoopedClip.Unusable(
                description: "its truth has a \(event.kind): a clip to count false alerts on must have none")
        }
        let clip = try LoopedClip(path: path, aspect: watch.aspect)
        let day = DayAndWeather(seed: options.seed)
        let weathering = Weathering(width: clip.width, height: clip.height, seed: options.seed)
        var pipeline = CameraPipeline(
            zones: zones, detector: detector.suited(to: zones), incidents: IncidentBook(camera: path) { _ in UUID() },
            recorder: nil,
            hasTiles: watch.hasTiles)
        var alerts: [LongRunReport.Alert] = []
        var blind = BlindTime()
        var fault: String?
        var watched = 0.0
        let looks = Int(seconds / LoopedClip.look)
        do {
            for index in 0..<looks {
                let time = Double(index) * LoopedClip.look
                let moment = day.moment(at: time)
                var planes = clip.look(index)
                weathering.apply(moment, to: &planes, look: index)
                let frame = try Frame(
                    planes: planes.values, width: clip.width, height: clip.height, time: MediaTime(time),
                    date: Date(timeIntervalSince1970: time))
                let look = try await pipeline.look(at: frame)
                blind.add(look.judgement, at: look.time)
                watched = time + LoopedClip.look
                for incident in look.changes.map(\.incident) where incident.state == .opened {
                    alerts.append(
                        .init(
                            kind: incident.kind.rawValue, openedS: time, weather: "\(moment.weather)",
                            daylight: rounded(moment.daylight), box: incident.object.box))
                }
                progress(Double(index + 1) / Double(looks))
            }
        } catch {
            fault = "\(error)"
        }
        return LongRunReport.Clip(
            clip: path, hours: watched / 3600, blindHours: blind.seconds / 3600,
            kinds: kinds.map(\.rawValue).sorted(), fault: fault, alerts: alerts)
    }
}

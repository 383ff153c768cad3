import Contract
import Delivery
import Dispatch
import Foundation
import Inference
import Logging
import Runtime
public import ServiceLifecycle
import Synchronization
import Threading
import Video

/// Feeds systemd's watchdog, and only on real progress: the detector answers, every camera's thread makes progress, the
/// looking task processes incoming pictures, and calls to the disk return.
///
/// A disk that refuses writes is no reason to restart, which would not help: the site's state and the metrics report it
/// while everything waits in memory. A disk that never answers is one.
public struct Health: Service {
    /// The number of a camera's finished looks, and since when it has not increased.
    struct Progress {
        var turns = 0
        var pictures = 0
        var since: Double
    }

    /// The parts that have answered so far.
    private final class Answers: Sendable {
        let disk = Atomic<Bool>(false)
    }

    /// Timeout in seconds for finishing any of the incoming pictures, and for a call to the disk.
    static let patience = 60.0
    /// A slow card answers within it; a longer time is reported.
    private static let answerTime = Duration.seconds(10)

    private let cameras: @Sendable () -> [CameraService]
    private let detector: ObjectDetector
    private let writer: IncidentWriter
    private let follower: LedgerFollower?
    private let warnings: SiteWarnings
    private let timeZone: TimeZone
    private let logger: Logger
    private let ready: @Sendable () -> Void

    /// - Parameters:
    ///   - cameras: those that run at the moment.
    ///   - timeZone: of the dates in warnings.
    ///   - ready: called once systemd has been told that the service is ready.
    init(
        cameras: @escaping @Sendable () -> [CameraService], detector: ObjectDetector, writer: IncidentWriter,
        follower: LedgerFollower?, warnings: SiteWarnings, timeZone: TimeZone = .gmt, logger: Logger,
        ready: @escaping @Sendable () -> Void
    ) {
        self.cameras = cameras
        self.detector = detector
        self.writer = writer
        self.follower = follower
        self.warnings = warnings
        self.timeZone = timeZone
        self.logger = logger
        self.ready = ready
    }

    public func run() async throws {
        SystemdNotify.send("READY=1\nSTATUS=watching \(cameras().count) cameras")
        ready()
        let interval = SystemdNotify.watchdogInterval ?? .seconds(5)
        await cancelWhenGracefulShutdown {
            var looks: [String: Progress] = [:]
            while !Task.isCancelled {
                await answers()
                guard !Task.isCancelled else { break }
                tellDisk()
                if isWell(&looks) { SystemdNotify.send("WATCHDOG=1") }
                try? await Task.sleep(for: interval)
            }
        }
        SystemdNotify.send("STOPPING=1")
    }

    /// Returns once disk and detector have answered, or the service is to stop; names the one that has not.
    private func answers() async {
        let answered = Answers()
        let since = Date()
        let probe = Task { [writer, detector] in
            // Neither answers during a hanging call to the disk or the detector.
            await writer.flush()
            await writer.answer()
            answered.disk.store(true, ordering: .relaxed)
            // Not behind all waiting looks: with many cameras on a slow box that would be minutes.
            await detector.getsOn()
        }
        if await finishes(within: Self.answerTime, { await probe.value }) { return }
        guard !Task.isCancelled else { return }
        let at = RFC3339.string(from: since, in: timeZone)
        let (matter, text) =
            answered.disk.load(ordering: .relaxed)
            ? ("detector", "the detector does not answer since \(at)")
            : ("disk", "the disk does not answer since \(at); \(writer.backlog) changes of incidents wait in memory")
        logger.error("\(text)")
        warnings.set(text, for: matter)
        if await finishes({ await probe.value }) {
            logger.notice("it answers again")
            warnings.set(nil, for: matter)
        }
    }

    private func isWell(_ looks: inout [String: Progress]) -> Bool {
        let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
        let running = cameras()
        let hung = running.map(\.camera).filter { $0.secondsSinceProgress > $0.longestSilence }.map(\.id)
        if !hung.isEmpty { logger.error("a camera's thread is stuck", metadata: ["cameras": "\(hung)"]) }
        let stuck = Self.stuck(
            running.map { ($0.camera.id, $0.meter.turns, $0.camera.counters.pictures) }, &looks, now: now)
        if !stuck.isEmpty {
            logger.error("pictures come and nobody looks at them", metadata: ["cameras": "\(stuck)"])
        }
        let isDiskStuck = (follower?.secondsStuck ?? 0) > Self.patience
        if isDiskStuck { logger.error("the disk with the evidence does not answer") }
        return hung.isEmpty && stuck.isEmpty && !isDiskStuck
    }

    /// The cameras whose pictures arrive while the looking task makes no progress.
    ///
    /// - Parameters:
    ///   - cameras: number of finished and of received pictures.
    ///   - now: in seconds, by a monotonic clock.
    static func stuck(
        _ cameras: [(id: String, turns: Int, pictures: Int)], _ looks: inout [String: Progress], now: Double
    ) -> [String] {
        var stuck: [String] = []
        var next: [String: Progress] = [:]
        for camera in cameras {
            var progress = looks[camera.id] ?? Progress(turns: -1, since: now)
            // Without a new picture there is nothing to do.
            if progress.turns != camera.turns || camera.pictures <= progress.pictures {
                progress = Progress(turns: camera.turns, pictures: camera.pictures, since: now)
            }
            if now - progress.since > Self.patience { stuck.append(camera.id) }
            next[camera.id] = progress
        }
        looks = next
        return stuck
    }

    private func tellDisk() {
        let text = writer.failure.map { failure in
            "the disk takes nothing since \(RFC3339.string(from: failure.since, in: timeZone)), "
                + "\(writer.backlog) changes of incidents wait in memory: \(failure.reason)"
        }
        warnings.set(text, for: "disk")
    }
}

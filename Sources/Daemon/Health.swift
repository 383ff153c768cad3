public import Inference
public import Logging
public import ServiceLifecycle
public import Video

/// Feeds systemd's watchdog, and only on real progress: the detector answers, every camera's thread gets somewhere,
/// and the disk takes what waits.
public struct Health: Service {
    private let cameras: @Sendable () -> [Camera]
    private let detector: ObjectDetector
    private let writer: IncidentWriter
    private let logger: Logger

    /// - Parameter cameras: those that run at the moment.
    public init(
        cameras: @escaping @Sendable () -> [Camera], detector: ObjectDetector, writer: IncidentWriter,
        logger: Logger
    ) {
        self.cameras = cameras
        self.detector = detector
        self.writer = writer
        self.logger = logger
    }

    public func run() async throws {
        SystemdNotify.send("READY=1\nSTATUS=watching \(cameras().count) cameras")
        let interval = SystemdNotify.watchdogInterval ?? .seconds(5)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await writer.flush()
                // Answers in its turn behind the looks that wait: a detector that hangs never does.
                await detector.answer()
                let stuck = cameras().filter { $0.secondsSinceProgress > $0.longestSilence }
                if stuck.isEmpty {
                    SystemdNotify.send("WATCHDOG=1")
                } else {
                    logger.error("a camera's thread is stuck", metadata: ["cameras": "\(stuck.map(\.id))"])
                }
                try? await Task.sleep(for: interval)
            }
        }
        SystemdNotify.send("STOPPING=1")
    }
}

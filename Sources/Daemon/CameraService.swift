import Analytics
public import Delivery
import Evidence
import Foundation
import Inference
import Logging
public import Video

/// One camera of the daemon: its stream, its pipeline, and what comes out of it.
///
/// Faults of the camera are states, never errors.
public struct CameraService: Sendable {
    /// What one camera is and what is watched on it.
    public struct Settings: Sendable, Equatable {
        public var identity: CameraIdentity
        public var stream: Camera.Settings
        public var zones: [WatchedZone]
        public var minimumScore: Double

        public init(
            identity: CameraIdentity, stream: Camera.Settings, zones: [WatchedZone], minimumScore: Double
        ) {
            self.identity = identity
            self.stream = stream
            self.zones = zones
            self.minimumScore = minimumScore
        }
    }

    /// Seconds after which what stands still is kept anew.
    private static let keepEvery = 30.0

    public let camera: Camera
    public let settings: Settings
    let meter: CameraMeter
    let requests = FrameRequests()
    private let detector: ObjectDetector
    private let maker: EvidenceMaker?
    private let writer: IncidentWriter
    private let restored: [Incident]
    private let restoredStays: [StaySnapshot]
    private let suppressed: [Incident]
    private let settlements: Settlements
    private let logger: Logger
    private let stateChanged: @Sendable (CameraState) async -> Void

    /// - Parameters:
    ///   - maker: nil where no evidence is kept.
    ///   - restored: the incidents of this camera that were open when the last run ended.
    ///   - restoredStays: what stood still then.
    ///   - suppressed: the incidents that a review had ended while their objects stood there.
    ///   - settlements: tells of those that a review ends from now on.
    ///   - stateChanged: called at each change of the camera's state.
    init(
        settings: Settings, detector: ObjectDetector, maker: EvidenceMaker?, writer: IncidentWriter,
        restored: [Incident], restoredStays: [StaySnapshot], suppressed: [Incident] = [],
        settlements: Settlements = Settlements(), meter: CameraMeter = CameraMeter(), logger: Logger,
        stateChanged: @escaping @Sendable (CameraState) async -> Void
    ) {
        self.settings = settings
        self.detector = detector
        self.maker = maker
        self.writer = writer
        self.restored = restored
        self.restoredStays = restoredStays
        self.suppressed = suppressed
        self.settlements = settlements
        self.meter = meter
        self.stateChanged = stateChanged
        camera = Camera(id: settings.identity.id, settings: settings.stream)
        var logger = logger
        logger[metadataKey: "camera"] = "\(settings.identity.id)"
        self.logger = logger
    }

    /// Runs until `stop`, or to the end of a file.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await camera.run(from: MediaTime(Date().timeIntervalSince1970)) }
            group.addTask { await tellStates() }
            await look()
            await group.waitForAll()
        }
    }

    /// Ends the run. What is open stays open, and what stands still is kept.
    func stop() { camera.stop() }

    private func look() async {
        var pipeline = CameraPipeline(
            zones: settings.zones, detector: detector,
            incidents: IncidentBook(camera: settings.identity.id, restored: restored, suppressed: suppressed) { _ in
                UUIDv7.make()
            },
            recorder: maker.map { maker in EvidenceRecorder { try await maker.compress($0) } },
            restored: restoredStays, minimumScore: settings.minimumScore)
        var failures = 0
        var kept = (places: [Box](), at: -Double.infinity)
        for await frame in camera.frames {
            do {
                for incident in settlements.take(camera: settings.identity.id) { pipeline.settle(incident) }
                let look = try await pipeline.look(at: frame)
                failures = 0
                meter.looked(pipeline.costs)
                requests.hand(frame)
                if !look.changes.isEmpty { await writer.record(entries(look, frame)) }
                let released = pipeline.takeReleased()
                if !released.isEmpty { await writer.release(released) }
                // At each change of what stands there, and now and then so that a restart knows how old it is.
                let stays = pipeline.stays
                if stays.map(\.box) != kept.places || !stays.isEmpty && look.time.seconds - kept.at >= Self.keepEvery {
                    kept = (stays.map(\.box), look.time.seconds)
                    await writer.remember(stays, camera: settings.identity.id)
                }
            } catch {
                failures += 1
                if failures == 1 || failures.isMultiple(of: 100) {
                    logger.error("a look failed", metadata: ["error": "\(error)", "in a row": "\(failures)"])
                }
            }
        }
        requests.close()
        let stays = pipeline.stays
        if !stays.isEmpty { await writer.remember(stays, camera: settings.identity.id) }
    }

    private func entries(_ look: CameraPipeline.Look, _ frame: Frame) -> [IncidentWriter.Entry] {
        let (time, date) = (frame.time, frame.date)
        let clock = ClockReport(
            source: frame.clockOffset == nil ? .host : .rtcp,
            offsetMilliseconds: frame.clockOffset.map { Int(($0 * 1000).rounded()) })
        return look.changes.compactMap { change in
            guard let zone = settings.zones.first(where: { $0.zone.id == change.incident.zone })?.zone else {
                return nil
            }
            return IncidentWriter.Entry(
                change: change, camera: settings.identity, zone: ZoneIdentity(zone), clock: clock,
                date: { date.addingTimeInterval($0 - time) })
        }
    }

    private func tellStates() async {
        var last: CameraState?
        for await state in camera.states where state != last {
            switch state {
            case .connecting where last != nil: continue
            case .connecting: logger.info("camera connecting")
            case .online: logger.notice("camera online")
            case .offline(let reason): logger.warning("camera offline", metadata: ["reason": "\(reason)"])
            case .ended: logger.notice("the file has ended")
            }
            last = state
            await stateChanged(state)
        }
    }
}

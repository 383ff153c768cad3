import Analytics
import Contract
public import Domain
import Evidence
import Foundation
import Inference
import Logging
public import Pipeline
import Store
import Synchronization
import Threading
public import Video

/// One camera of the daemon: its stream, its pipeline, and the results.
///
/// Faults of the camera are states, never errors.
public struct CameraService: Sendable {
    /// The configuration of one camera and its zones.
    public struct Settings: Sendable, Equatable {
        public var identity: CameraIdentity
        public var stream: Camera.Settings
        public var zones: [WatchedZone]
        public var minimumScore: Double
        /// Whether zones with small vehicles are also detected in tiles.
        public var hasTiles: Bool
        /// The presets of a camera that turns: each zone was drawn on one of them.
        public var presets: [CameraPreset]
        /// The main stream, opened for evidence only; nil where the camera has none beside `stream`.
        public var detail: Camera.Settings?

        public init(
            identity: CameraIdentity, stream: Camera.Settings, zones: [WatchedZone], minimumScore: Double,
            hasTiles: Bool = true, presets: [CameraPreset] = []
        ) {
            self.identity = identity
            self.stream = stream
            self.zones = zones
            self.minimumScore = minimumScore
            self.hasTiles = hasTiles
            self.presets = presets
        }

        /// The zones drawn on a preset; all of them where the camera has none.
        func zones(on preset: CameraPreset?) -> [WatchedZone] {
            preset == nil ? zones : zones.filter { $0.preset == preset?.id }
        }

        /// What an operator should know although it is not a fault.
        public var notes: [String] {
            stream.notes + detailNotes
                + zones.withParking.filter { !$0.polygon.pictureEdges.isEmpty }.map {
                    let edges = $0.polygon.pictureEdges.joined(separator: " and ")
                    return
                        "zone \($0.id) reaches the picture's \(edges) edge: vehicles that it cuts may be missed there"
                }
        }
    }

    /// What is left to itself must neither write nor tell anything once the next run of its camera has begun.
    private final class Outlet: Sendable {
        private let isShut = Mutex(false)

        func pass(_ body: () -> Void) { isShut.withLock { if !$0 { body() } } }
        func shut() { isShut.withLock { $0 = true } }
    }

    let camera: any CameraSource
    public let settings: Settings
    let meter: CameraMeter
    let requests = FrameRequests()
    /// With the model that looks at its pictures.
    private let identity: CameraIdentity
    private let detector: ObjectDetector
    private let classifier: ExplanationClassifier?
    private let maker: EvidenceMaker?
    private let writer: IncidentWriter
    private let restored: CameraCheckpoint
    private let reviewMailbox: ReviewMailbox
    private let logger: Logger
    private let status: CameraStatus
    private let publish: @Sendable (CameraReport) -> Void
    private let outlet = Outlet()
    private let shedding: Adjustable<[AlertKind]>
    private let stays: StayLogs?

    /// - Parameters:
    ///   - classifier: nil where no classifier is available.
    ///   - maker: nil where no evidence is kept.
    ///   - reviewMailbox: receives the incidents that a review ends from now on.
    ///   - stays: where what stands and lies is noted; nil where nobody asks.
    ///   - publish: called with the camera's state at each change; must not wait for anything.
    init(
        settings: Settings, site: SiteIdentity, detector: ObjectDetector, classifier: ExplanationClassifier?,
        maker: EvidenceMaker?, writer: IncidentWriter, restored: CameraCheckpoint,
        reviewMailbox: ReviewMailbox = ReviewMailbox(), shedding: Adjustable<[AlertKind]> = Adjustable([]),
        meter: CameraMeter = CameraMeter(), stays: StayLogs? = nil, source: any CameraSource, logger: Logger,
        publish: @escaping @Sendable (CameraReport) -> Void
    ) {
        self.settings = settings
        self.detector = detector.suited(to: settings.zones)
        var identity = settings.identity
        identity.model = .init(self.detector.model)
        self.identity = identity
        self.classifier = classifier
        self.maker = maker
        self.writer = writer
        self.restored = restored
        self.reviewMailbox = reviewMailbox
        self.publish = publish
        status = CameraStatus(camera: settings.identity, site: site)
        self.meter = meter
        self.shedding = shedding
        self.stays = stays
        camera = source
        var logger = logger
        logger[metadataKey: "camera"] = "\(settings.identity.id)"
        self.logger = logger
    }

    /// Runs until `stop`, or to the end of a file. Cancelled, it ends with the look that is under way, and what stands still is
    /// kept; its source is left to itself.
    func run() async {
        for note in settings.notes { logger.warning("\(note)") }
        let reading = Task { await camera.run(from: restored.begin(on: .now)) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await tellStates() }
            await look()
            await group.waitForAll()
        }
        await finishes { await reading.value }
    }

    /// Ends the run. Open incidents remain open, and stationary objects are stored.
    func stop() { camera.stop() }

    /// From now on the run writes and tells nothing, whatever it finds.
    func shutOut() { outlet.shut() }

    private func post(_ look: IncidentWriter.Look) { outlet.pass { writer.post(look) } }

    private func tell(_ report: CameraReport) { outlet.pass { publish(report) } }

    private func look() async {
        let places = settings.presets.isEmpty ? [place(nil)] : settings.presets.map { place($0) }
        let watch = CameraWatch(places[0], Array(places.dropFirst()))
        var failures = 0
        func failed(_ error: any Error) {
            failures += 1
            if failures == 1 || failures.isMultiple(of: 100) {
                logger.error("a look failed", metadata: ["error": "\(error)", "in a row": "\(failures)"])
            }
        }
        var last: MomentOfRecord?
        camera.watch(with: watch.place.pipeline.attention, rest: watch.place.pipeline.rest)
        for await frame in camera.frames {
            defer {
                frame.finishLook()
                meter.turned()
            }
            do {
                watch.shed = Set(shedding.value)
                for incident in reviewMailbox.take(camera: settings.identity.id) { watch.suppress(incident) }
                let look = try await watch.look(at: frame)
                frame.finishLook()
                if let fault = look.fault { failed(fault) } else { failures = 0 }
                camera.watch(with: watch.place.pipeline.attention, rest: watch.place.pipeline.rest)
                guard !frame.isBurstFrame else { continue }
                await tell(look, frame)
                meter.looked(watch.costs, receiving: camera.counters.processorSeconds)
                meter.told(viewOffset: watch.place.pipeline.viewOffset)
                if look.judgement.isClear {
                    meter.saw(preset: look.preset, keyInterval: camera.counters.keyInterval)
                }
                requests.hand(frame)
                if last == nil { tellShape(of: frame) }
                last = MomentOfRecord(look.time)
                keep(look, frame, of: watch)
            } catch {
                failed(error)
            }
        }
        requests.close()
        guard let last else { return }
        // Even with no objects on the ground: objects put down before the next start are then recognised as new.
        for place in watch.places {
            post(
                .init(
                    camera: settings.identity.id,
                    checkpoint: .init(
                        preset: place.preset?.id, watch: place.pipeline.checkpoint(at: last.time),
                        ground: place.pipeline.backgroundCheckpoint(at: last.time), view: view(of: place), moment: last)
                ))
        }
    }

    /// Submits the changes of a look, together with the checkpoint from which a later run resumes.
    private func keep(_ look: CameraPipeline.Look, _ frame: Frame, of watch: CameraWatch) {
        let place = watch.place
        let unsuppressed = watch.takeUnsuppressed()
        // The checkpoint in the same transaction contains the reported state, or neither is written.
        let isReport = !look.changes.isEmpty || !unsuppressed.isEmpty
        let isBackgroundDue =
            place.pipeline.knowsBackground
            && place.keeping.isDue(place.pipeline.lying, place.pipeline.drifting, at: look.time)
        let isViewDue = place.pipeline.knowsView && place.viewing.isDue(at: look.time)
        let isWatchDue = place.watching.isDue(place.pipeline.standing, look.findings, at: look.time)
        var checkpoint = LookCommit.Checkpoint(preset: place.preset?.id, moment: MomentOfRecord(look.time))
        if isReport || isBackgroundDue { checkpoint.ground = place.pipeline.backgroundCheckpoint(at: look.time) }
        if isReport || isWatchDue { checkpoint.watch = place.pipeline.checkpoint(at: look.time) }
        if isViewDue { checkpoint.view = view(of: place) }
        post(
            .init(
                camera: settings.identity.id, entries: entries(look, frame), unsuppressed: unsuppressed,
                checkpoint: isReport || isBackgroundDue || isViewDue || isWatchDue ? checkpoint : nil))
        guard place.restoration != place.pipeline.backgroundRestoration else { return }
        place.restoration = place.pipeline.backgroundRestoration
        tell(place.restoration)
    }

    /// Builds the pipeline of a preset from its checkpoint.
    private func place(_ preset: CameraPreset?) -> CameraWatch.Place {
        let zones = settings.zones(on: preset)
        let ids = Set(zones.map(\.zone.id))
        let kept = preset.map { restored.presets[$0.id] ?? CameraCheckpoint() } ?? restored
        var learnt = kept.view
        if let view = learnt, view.zones != zones.drawing(on: preset) {
            logger.notice("the zones were drawn anew, the camera's view is learnt anew")
            learnt = nil
        }
        // Without presets there is one place, for all open incidents.
        func isHere(_ incident: Incident) -> Bool { preset == nil || ids.contains(incident.zone) }
        var pipeline = CameraPipeline(
            zones: zones, detector: detector,
            incidents: IncidentBook(
                camera: settings.identity.id, restored: restored.incidents.filter(isHere),
                suppressed: restored.suppressed.filter(isHere)
            ) { _ in UUIDv7.make() },
            recorder: maker.map { maker in EvidenceRecorder { try await maker.compress($0) } }, classifier: classifier,
            restored: kept.watch, restoredBackground: kept.ground,
            views: preset == nil ? [learnt].compactMap { $0 } : [], presets: settings.presets.map(\.id),
            minimumScore: settings.minimumScore, hasTiles: settings.hasTiles)
        pipeline.stays = stays?.log(of: settings.identity.id, preset: preset?.id)
        pipeline.hasTime = { [detector] in detector.isFree }
        return CameraWatch.Place(preset: preset, learnt: learnt, pipeline: pipeline)
    }

    /// The view that the zones of a place were drawn on; nil where unknown.
    private func view(of place: CameraWatch.Place) -> ViewCheckpoint? {
        var view = place.pipeline.viewCheckpoint()
        view?.zones = settings.zones(on: place.preset).drawing(on: place.preset)
        return view
    }

    /// Pictures of another shape cannot be compared with the stored view.
    private func tellShape(of frame: Frame) {
        let height = SmallPicture.height(of: frame)
        guard let view = restored.view, !view.fits(width: SmallPicture.width, height: height) else { return }
        logger.notice("the pictures have another shape than before, the camera's view is learnt anew")
    }

    private func tell(_ restoration: BackgroundRestoration) {
        guard case .refused(let reason) = restoration else { return }
        logger.notice(
            "the ground is learnt anew, what lies there now is part of it", metadata: ["reason": "\(reason.rawValue)"])
    }

    private func entries(_ look: CameraPipeline.Look, _ frame: Frame) -> [IncidentWriter.Entry] {
        let (time, date) = (frame.time, frame.date)
        let clock = ClockReport(
            source: frame.isDatedByCamera ? .rtcp : settings.stream.url.isStream ? .host : .file,
            offsetMilliseconds: frame.clockOffset.map { Int(($0 * 1000).rounded()) })
        return look.changes.compactMap { change in
            guard let zone = settings.zones.first(where: { $0.zone.id == change.incident.zone })?.zone else {
                return nil
            }
            return IncidentWriter.Entry(
                change: change, camera: identity, zone: ZoneIdentity(zone), clock: clock,
                date: { date.addingTimeInterval($0 - time) })
        }
    }

    private func tell(_ look: CameraPipeline.Look, _ frame: Frame) async {
        let report = await status.looked(
            look.judgement, at: look.time, size: .init(width: frame.width, height: frame.height), date: frame.date,
            moment: frame.moment, picture: picture(look, frame), preset: look.preset,
            remarks: frame.remarks + look.remarks + meter.detailRemarks)
        meter.told(clockOffset: await status.clockOffset)
        guard let report else { return }
        let facts: Logger.Metadata = [
            "state": "\(report.state.rawValue)", "reason": "\(report.reason ?? "-")",
            "warning": "\(report.warning ?? "-")", "preset": "\(report.preset ?? "-")",
        ]
        if report.state == .online, report.warning == nil {
            logger.notice("camera sees", metadata: facts)
        } else {
            logger.warning("camera state changed", metadata: facts)
        }
        tell(report)
    }

    private func picture(_ look: CameraPipeline.Look, _ frame: Frame) -> CameraReport.Picture {
        let zones = look.sharpness.map { seen in
            CameraReport.Zone(
                zone: seen.zone, smallestCar: seen.smallestCar, tiles: seen.tiles,
                cutBy: settings.zones.first { $0.zone.id == seen.zone }?.zone.polygon.pictureEdges ?? [])
        }
        return .init(frame.shape, model: detector.model, zones: zones.isEmpty ? nil : zones)
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
            if let report = await status.stream(state, at: Date()) { tell(report) }
        }
    }
}

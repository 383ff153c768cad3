import Analytics
import Contract
import Delivery
import Domain
import Inference
import Logging
import Pipeline
import Store
import Video

/// The cameras and the recording of their looks: the writer of incidents, and the ledger follower.
struct EdgeCameras: Sendable {
    let writer: IncidentWriter
    let follower: LedgerFollower?
    let fleet: CameraFleet
    let health: Health
    let shedding: Shedding
    /// What stood and lay in the last hour; nil without a console.
    let stays: StayLogs?

    /// Throws where the store cannot be read.
    ///
    /// - Parameters:
    ///   - parts: create the sources of the cameras' pictures.
    ///   - news: is told of each camera whose state changes.
    init(
        _ settings: DaemonSettings, _ state: EdgeState, _ messages: EdgeMessages, _ parts: EdgeParts,
        detector: ObjectDetector, registry: CameraRegistry, news: CameraNews, reviewMailbox: ReviewMailbox,
        logger: Logger
    ) throws {
        let (publisher, secrets) = (messages.publisher, settings.secrets)
        let follower = state.archive.map { archive in
            LedgerFollower(
                archive: archive, outbox: state.outbox, warnings: state.warnings, logger: logger,
                changed: { publisher.notify() })
        }
        let details = DetailPictures(
            detector: detector, logger: logger, source: parts.detail,
            main: { camera in
                guard let service = registry.services.first(where: { $0.camera.id == camera }) else { return nil }
                return service.settings.detail.map { DetailPictures.Main(stream: $0, meter: service.meter) }
            })
        let writer = IncidentWriter(
            outbox: state.outbox, archive: state.archive, site: settings.site, topics: settings.topics,
            catalogue: state.catalogue, logger: logger, details: details,
            pictured: { state.examples?.consider($0) },
            wake: {
                messages.notify()
                follower?.notify()
            })
        // Before the cameras take over open incidents.
        writer.closeOrphans(by: settings.cameras)
        let stays = settings.console.map { _ in StayLogs() }
        let classifier = SharedClassifier(folder: settings.modelsFolder, logger: logger)
        fleet = try CameraFleet(
            cameras: settings.cameras, registry: registry, outbox: state.outbox, writer: writer, logger: logger
        ) { camera, unwritten in
            let meter = CameraMeter(zones: camera.zones, pace: camera.stream.sampling.longestRest)
            return CameraService(
                settings: camera, site: settings.site, detector: detector,
                classifier: classifier.classifier(for: camera.zones), maker: state.archive?.maker, writer: writer,
                restored: try CameraCheckpoint(
                    of: camera.identity.id, presets: camera.presets.map(\.id), in: state.outbox, unwritten: unwritten,
                    logger: logger),
                reviewMailbox: reviewMailbox, shedding: state.shed, meter: meter, stays: stays,
                source: parts.camera(camera), logger: logger
            ) { report in
                let report = report.redacted(by: secrets)
                meter.changed(to: report)
                news.tell(report.camera)
                publisher.post(report, at: camera.identity.place)
            }
        }
        health = Health(
            cameras: { registry.services }, detector: detector, writer: writer, follower: follower,
            warnings: state.warnings, timeZone: settings.site.timeZone, logger: logger,
            ready: {
                Task { await writer.resume() }
                follower?.start()
            })
        shedding = Shedding(
            shed: state.shed, logger: logger,
            kinds: {
                let kinds = registry.services.flatMap { $0.settings.zones.flatMap(\.rules.kinds) }
                let catalogue = writer.catalogue
                return Dictionary(kinds.map { ($0, catalogue[$0]?.severity ?? .max) }) { first, _ in first }
            }, changed: { publisher.notify() })
        (self.writer, self.follower, self.stays) = (writer, follower, stays)
    }
}

import Analytics
import Catalogue
import Delivery
import Evidence
import Foundation
import Inference
public import Logging
import ServiceLifecycle
import UnixSignals
import Video

/// Composes the services of a site and runs them until a signal.
public struct Daemon: Sendable {
    private let services: [any Service]
    private let logger: Logger

    /// Opens the outbox, reads the model, and restores what was open; throws where one of them cannot be had.
    public init(_ settings: DaemonSettings, logger: Logger) throws {
        self.logger = logger
        LibavLog.redirect { line in logger.debug("libav", metadata: ["line": "\(line)"]) }
        let catalogue = try Catalogue.builtIn()
        let detector = try ObjectDetector(model: settings.model, threads: settings.threads)
        let outbox = try Outbox(file: settings.stateFolder.appending(path: "outbox.sqlite"))
        let store = try settings.evidenceFolder.map { try EvidenceStore(folder: $0) }
        let topics = AlertTopics(root: settings.topicRoot)
        let publisher = Publisher(
            outbox: outbox, broker: settings.broker, topics: topics, site: settings.site, logger: logger)
        let writer = IncidentWriter(
            outbox: outbox, store: store, site: settings.site, topics: topics, catalogue: catalogue, logger: logger
        ) { publisher.notify() }
        let cameras = try settings.cameras.map { camera in
            CameraService(
                settings: camera, site: settings.site, detector: detector, writer: writer,
                restored: try outbox.openIncidents(camera: camera.identity.id),
                restoredStays: try outbox.stays(camera: camera.identity.id), logger: logger
            ) { report in
                await publisher.publish(report, at: camera.identity.place)
            }
        }
        let health = Health(cameras: cameras.map(\.camera), detector: detector, writer: writer, logger: logger)
        let housekeeping = Housekeeping(store: store, outbox: outbox, days: settings.evidenceDays, logger: logger)
        // Shut down in reverse order: cameras first, then the publisher drains.
        services = [PublisherService(publisher: publisher), housekeeping] + cameras + [health]
    }

    /// Runs until SIGTERM or SIGINT. Incidents that are open stay open.
    public func run() async throws {
        logger.notice("gridwarden starts")
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
        logger.notice("gridwarden has stopped")
    }
}

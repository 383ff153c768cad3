import Contract
import Delivery
import Domain
import Inference
import Logging
import MQTT
import Runtime
import ServiceLifecycle
import UnixSignals

/// The services of a site, composed. Each part knows those created before it, and no others.
struct EdgeServices: Sendable {
    /// In start order. They are shut down in reverse: cameras first, then the publisher drains.
    let services: [any Service]
    /// Its end stops all others.
    let storeWatch: StoreWatch
    /// Nil where the configuration is not read again.
    let reload: (@Sendable (UnixSignalsSequence) -> ConfigurationReload)?

    /// Throws where the store, the evidence or the model cannot be opened.
    init(
        _ settings: DaemonSettings, _ parts: EdgeParts, logger: Logger,
        rereading read: (@Sendable () throws -> DaemonSettings)?,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void
    ) throws {
        let detector = try parts.detector(settings)
        let (registry, reviewMailbox) = (CameraRegistry(settings.cameras.map(\.identity)), ReviewMailbox())
        let desk = ReloadDesk(running: settings.site.configurationSHA256)

        let state = try EdgeState(settings, engines: parts.engines, logger: logger)
        let snapshots = SnapshotTaker(archive: state.archive, detector: detector, registry: registry)
        let messages = EdgeMessages(
            settings, state, client: parts.broker, reviewMailbox: reviewMailbox, snapshots: snapshots, logger: logger)
        let cameras = try EdgeCameras(
            settings, state, messages, parts, detector: detector, registry: registry,
            reviewMailbox: reviewMailbox, logger: logger)
        let answers = EdgeAnswers(
            settings, state, messages, cameras, registry: registry, reloading: read.map { (desk, $0) }, logger: logger)

        let publisher = messages.publisher
        let table: [(any Service)?] = [
            PublisherService(publisher: publisher, logger: logger, registry: registry),
            SiteHeartbeat(publisher: publisher),
            state.housekeeping,
            cameras.follower,
            cameras.shedding,
            settings.broker.tls.map { _ in CertificateWatch(publisher: publisher, logger: logger) },
            messages.sinks,
            EdgeConsole.server(settings, state, messages, answers, reviewMailbox: reviewMailbox, logger: logger),
        ]
        services = table.compactMap { $0 } + answers.servers + [cameras.fleet, cameras.health]
        storeWatch = state.watch
        let adopters = ConfigurationReload.Parts(state, messages, cameras, others: adopt)
        reload = read.map { read in
            { @Sendable signals in
                ConfigurationReload(
                    signals: signals, desk: desk, read: read, fleet: cameras.fleet, registry: registry,
                    outbox: state.outbox, parts: adopters, logger: logger)
            }
        }
    }
}

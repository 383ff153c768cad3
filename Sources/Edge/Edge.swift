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
        let registry = CameraRegistry(settings.cameras.map(\.identity))
        let (reviewMailbox, news) = (ReviewMailbox(), CameraNews())
        let reloading = read.map { (desk: ReloadDesk(running: settings.site.configurationSHA256), read: $0) }
        let state = try EdgeState(settings, engines: parts.engines, logger: logger)
        let snapshots = SnapshotTaker(archive: state.archive, detector: detector, registry: registry)
        let messages = EdgeMessages(
            settings, state, client: parts.broker, reviewMailbox: reviewMailbox, snapshots: snapshots, logger: logger)
        let cameras = try EdgeCameras(
            settings, state, messages, parts, detector: detector, registry: registry, news: news,
            reviewMailbox: reviewMailbox, logger: logger)
        let answers = EdgeAnswers(
            settings, state, messages, cameras, registry: registry, reloading: reloading, logger: logger)
        let publisher = messages.publisher
        let table: [(any Service)?] = [
            PublisherService(publisher: publisher, logger: logger, registry: registry),
            SiteHeartbeat(publisher: publisher), CertificateWatch(publisher: publisher, logger: logger),
            messages.sinks, state.housekeeping, cameras.follower, cameras.shedding,
        ]
        let console = EdgeConsole.services(
            settings, parts, state, messages, cameras, answers, desk: reloading?.desk, registry: registry, news: news,
            detector: detector, reviewMailbox: reviewMailbox, logger: logger)
        services =
            table.compactMap(\.self) + console + [answers.server, answers.metrics, cameras.fleet, cameras.health]
        storeWatch = state.watch
        let adopters = ConfigurationReload.Parts(state, messages, cameras, answers, others: adopt)
        reload = reloading.map { desk, read in
            { @Sendable signals in
                ConfigurationReload(
                    signals: signals, desk: desk, read: read, fleet: cameras.fleet, registry: registry,
                    parts: adopters, logger: logger)
            }
        }
    }
}

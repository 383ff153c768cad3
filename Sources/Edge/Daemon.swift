import Contract
import Delivery
import Domain
import Evidence
import Foundation
import Inference
public import Logging
import MQTT
import Pipeline
import Runtime
import ServiceLifecycle
import Store
import Synchronization
import UnixSignals
import Video

/// Composes the services of a site and runs them until a signal.
public struct Daemon: Sendable {
    private let services: [any Service]
    private let storeWatch: StoreWatch
    private let reload: (@Sendable (UnixSignalsSequence) -> ConfigurationReload)?
    private let logger: Logger

    /// Opens the outbox, reads the model, and restores what was open; throws where one of them cannot be had.
    ///
    /// - Parameters:
    ///   - read: reads the configuration again at SIGHUP and when a client asks for it, and throws where that changes what only a
    ///     restart takes over; nil leaves both alone.
    ///   - adopt: told of a configuration that is in use from now on, for what lies outside of the daemon.
    public init(
        _ settings: DaemonSettings, logger: Logger, rereading read: (@Sendable () throws -> DaemonSettings)? = nil,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void = { _ in }
    ) throws {
        self.logger = logger
        LibavLog.redirect { line in logger.debug("libav", metadata: ["line": "\(line)"]) }
        let catalogue = try settings.catalogue()
        let detector = try ObjectDetector(model: settings.model, threads: settings.threads)
        let outbox = try Outbox(
            file: Self.store(in: settings.stateFolder), budget: settings.outboxBudget,
            sendsPictures: settings.publishesEvidence)
        let archive = try settings.evidenceFolder.map { folder in
            let key = try SiteKey(stateFolder: settings.stateFolder)
            let store = try EvidenceStore(folder: folder)
            let known = try outbox.ledgerMark().map { Ledger.Known(number: $0.number, hash: $0.hash) }
            let ledger = try Ledger(folder: folder, site: settings.site.id, key: key, known: known)
            for notice in key.notices + ledger.notices { logger.warning("\(notice)") }
            return EvidenceArchive(
                maker: EvidenceMaker(masking: settings.masking, quality: settings.jpegQuality), store: store,
                ledger: ledger, budget: settings.evidenceBudget)
        }
        var identity = settings.site
        identity.ledgerKey = archive?.ledger.publicKey?.description
        if let found = archive?.ledger.found {
            StoreWatch.compare(LedgerMark(number: found.number, hash: found.hash), with: outbox, logger: logger)
        }
        let warnings = SiteWarnings(secrets: settings.secrets)
        try StoreSuccession.settle(outbox, archive?.ledger, warnings: warnings, logger: logger)
        archive?.warn(logger)
        archive?.resume(outbox, logger: logger)
        let topics = settings.topics
        let reviewMailbox = ReviewMailbox()
        let places = settings.cameras.map(\.identity.place)
        let roster = CameraRoster()
        let snapshots = SnapshotTaker(archive: archive, detector: detector, roster: roster)
        let examples = settings.evidenceFolder.map { evidence in
            HardExamples(
                folder: settings.stateFolder.appending(path: "hard-examples"), evidence: evidence,
                limit: settings.hardExamples, outbox: outbox, logger: logger)
        }
        let inbox = settings.authority.map { authority in
            Inbox(
                outbox: outbox, topics: topics, site: settings.site, places: places, authority: authority,
                logger: logger, secrets: settings.secrets,
                settled: {
                    reviewMailbox.post($0.id, camera: $0.camera)
                    examples?.consider($0)
                },
                snapshot: { await snapshots.take($0) })
        }
        let board = SinkBoard(secrets: settings.secrets, timeZone: settings.site.timeZone)
        let publisher = Publisher(
            outbox: outbox, broker: settings.broker, topics: topics, site: identity, logger: logger,
            places: places, inbox: inbox, pictures: settings.publishesEvidence ? settings.evidenceFolder : nil,
            warnings: warnings, refusals: settings.refusals, sinks: board)
        let sinks = settings.webhooks.map { webhook in
            SinkRunner(
                WebhookSink(webhook, software: settings.site.software), refusals: webhook.refusals, outbox: outbox,
                board: board, logger: logger, changed: { publisher.notify() })
        }
        let wakeSinks: @Sendable () -> Void = { for sink in sinks { sink.notify() } }
        // Reviews write messages as well.
        outbox.onAppend(wakeSinks)
        do {
            let site = settings.site
            let facts = ["sha256": site.configurationSHA256, "software": site.software, "model": site.model.name]
            try outbox.audit(.configurationLoaded, facts: facts)
        } catch {
            // A disk that is full now must not keep the cameras from being watched.
            logger.error("could not write to the audit log", metadata: ["error": "\(error)"])
        }
        let follower = archive.map { archive in
            LedgerFollower(
                archive: archive, outbox: outbox, warnings: warnings, logger: logger, changed: { publisher.notify() })
        }
        let writer = IncidentWriter(
            outbox: outbox, archive: archive, site: settings.site, topics: topics, catalogue: catalogue,
            logger: logger, pictured: { examples?.consider($0) },
            wake: {
                publisher.notify()
                // One that was held may go out now.
                wakeSinks()
                follower?.notify()
            })
        // Before the cameras take over what is open.
        writer.closeOrphans(by: settings.cameras)
        let secrets = settings.secrets
        let classifier = SharedClassifier(folder: settings.modelsFolder, logger: logger)
        let fleet = try CameraFleet(
            cameras: settings.cameras, roster: roster, outbox: outbox, writer: writer, logger: logger
        ) {
            camera, unwritten in
            let meter = CameraMeter()
            return CameraService(
                settings: camera, site: settings.site, detector: detector,
                classifier: classifier.classifier(for: camera.zones), maker: archive?.maker, writer: writer,
                memory: try CameraCheckpoint(
                    of: camera.identity.id, presets: camera.presets.map(\.id), in: outbox, unwritten: unwritten,
                    logger: logger),
                reviewMailbox: reviewMailbox, meter: meter, logger: logger
            ) { report in
                let report = report.redacted(by: secrets)
                meter.changed(to: report.state.rawValue, reason: report.reason)
                publisher.post(report, at: camera.identity.place)
            }
        }
        let health = Health(
            cameras: { roster.services }, detector: detector, writer: writer, follower: follower, warnings: warnings,
            timeZone: settings.site.timeZone, logger: logger,
            ready: {
                Task { await writer.resume() }
                follower?.start()
            })
        let reader = StandingReader { try outbox.standing() }
        let desk = read.map { _ in ReloadDesk(running: settings.site.configurationSHA256) }
        let respond: @Sendable (String) -> StatusServer.Response? = { path in
            Self.response(path, secrets) {
                let (standing, age) = try reader.standing()
                return SiteStatus(
                    site: settings.site, cameras: roster.services, standing: standing, age: age,
                    isConnected: publisher.client.isConnected, broker: publisher.link, blocked: publisher.blocked,
                    withheld: writer.withheld.load(ordering: .relaxed),
                    archive: archive, writer: writer, sinks: board, secrets: secrets)
            }
        }
        let sockets =
            [LocalSocket.file(settings.stateFolder.appending(path: StatusClient.socketName).path)]
            + [settings.metrics.map { LocalSocket.tcp(address: $0.address, port: $0.port) }].compactMap { $0 }
        let housekeeping = Housekeeping(
            archive: archive, outbox: outbox, days: settings.evidenceDays, auditDays: settings.auditDays,
            logger: logger)
        var ledger: (@Sendable () -> LedgerMark)?
        if let archive { ledger = { archive.mark } }
        storeWatch = StoreWatch(outbox: outbox, ledger: ledger, logger: logger)
        // Shut down in reverse order: cameras first, then the publisher drains.
        let watch = settings.broker.tls.map { _ in CertificateWatch(publisher: publisher, logger: logger) }
        let answering: [any Service] = sockets.map { socket in
            // Whoever reaches an address may look at the status, and no more.
            guard case .file = socket, let desk, let read else {
                return StatusServer(socket, logger: logger, respond: respond)
            }
            return StatusServer(
                socket, logger: logger, respond: { desk.response($0, secrets, read) ?? respond($0) }, take: desk.take)
        }
        var all: [any Service] = [
            PublisherService(publisher: publisher, logger: logger, cameras: settings.cameras.map(\.identity)),
            SiteHeartbeat(publisher: publisher), housekeeping,
        ]
        if let follower { all.append(follower) }
        if let watch { all.append(watch) }
        all.append(SinkService(runners: sinks, outbox: outbox, logger: logger))
        all += answering
        services = all + [fleet, health]
        let parts = ConfigurationReload.Parts(
            writer: writer, publisher: publisher, housekeeping: housekeeping, archive: archive, examples: examples,
            inbox: inbox, others: adopt)
        if let read, let desk {
            reload = { @Sendable signals in
                ConfigurationReload(
                    signals: signals, desk: desk, read: read, fleet: fleet, roster: roster, outbox: outbox,
                    parts: parts, logger: logger)
            }
        } else {
            reload = nil
        }
    }

    /// Runs until SIGTERM or SIGINT. Incidents that are open stay open.
    public func run() async throws {
        logger.notice("gridwarden starts")
        var services = services
        // Caught before systemd hears that the service is ready.
        if let reload {
            services.append(reload(await UnixSignalsSequence(trapping: .sighup)))
            StartSignals.repeatHangup()
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) } + [
                    .init(service: storeWatch, failureTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
        logger.notice("gridwarden has stopped")
    }

    /// The site's database.
    static func store(in folder: URL) -> URL { folder.appending(path: "outbox.sqlite") }

    private static func response(
        _ path: String, _ secrets: KnownSecrets, _ status: () throws -> SiteStatus
    ) -> StatusServer.Response? {
        do {
            switch path {
            case "/status":
                return .init(
                    mediaType: "application/json", body: String(decoding: try status().json(), as: UTF8.self) + "\n")
            case "/metrics":
                return .init(mediaType: PrometheusText.mediaType, body: PrometheusText(try status()).text)
            default: return nil
            }
        } catch {
            return .init(status: "503 Service Unavailable", body: secrets.redact("\(error)") + "\n")
        }
    }
}

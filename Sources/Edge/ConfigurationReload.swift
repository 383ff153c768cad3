import Contract
import Delivery
import Domain
import Evidence
import Logging
import Runtime
import ServiceLifecycle
import SiteConfiguration
import Store
import Synchronization
import Threading
import UnixSignals
import Video

/// Takes the configuration anew at each SIGHUP and at each wish of a client: as a whole, or not at all, and one after the other.
struct ConfigurationReload: Service {
    /// What takes over its part of a new configuration; none of it can fail.
    struct Parts: Sendable {
        let writer: IncidentWriter
        let housekeeping: Housekeeping
        let archive: EvidenceArchive?
        let examples: HardExamples?
        let outbox: Outbox
        let inbox: Inbox
        let publisher: Publisher
        let sinks: SinkFleet
        let metrics: MetricsListener
        let stays: StayLogs?
        /// What lies outside of the daemon, as the level of the log.
        let others: @Sendable (DaemonSettings) -> Void

        init(
            _ state: EdgeState, _ messages: EdgeMessages, _ cameras: EdgeCameras, _ answers: EdgeAnswers,
            others: @escaping @Sendable (DaemonSettings) -> Void
        ) {
            (writer, inbox) = (cameras.writer, messages.inbox)
            (publisher, sinks, metrics) = (messages.publisher, messages.sinks, answers.metrics)
            (outbox, housekeeping, stays) = (state.outbox, state.housekeeping, cameras.stays)
            (archive, examples) = (state.archive, state.examples)
            self.others = others
        }
    }

    let signals: UnixSignalsSequence
    let desk: ReloadDesk
    /// Reads the file again; throws where it has faults, or changes what only a restart can.
    let read: @Sendable () throws -> DaemonSettings
    let fleet: CameraFleet
    let registry: CameraRegistry
    let parts: Parts
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [signals, desk] in for await _ in signals { desk.wish() } }
                await desk.serve { _ in await serve() }
                group.cancelAll()
            }
        }
    }

    /// Nil where the service stops meanwhile.
    private func serve() async -> ReloadReport? {
        SystemdNotify.send("RELOADING=1\nMONOTONIC_USEC=\(SystemdNotify.monotonicMicroseconds)")
        // On a disk that hangs it may not end: a stop does not wait for it.
        let report = Mutex<ReloadReport?>(nil)
        let isOver = await finishes { [self] in
            let made = await reload()
            report.withLock { $0 = made }
        }
        guard isOver, let report = report.withLock(\.self) else { return nil }
        let note = report.outcome == .applied ? "" : "; the new configuration was refused, see the log"
        SystemdNotify.send("READY=1\nSTATUS=watching \(registry.services.count) cameras\(note)")
        return report
    }

    private func reload() async -> ReloadReport {
        let settings: DaemonSettings
        let outcome: CameraFleet.Outcome
        do {
            settings = try read()
            let catalogue = try settings.catalogue()
            let site = settings.site
            outcome = try await fleet.reload(settings.cameras) { [parts] in
                parts.writer.adopt(configurationSHA256: site.configurationSHA256, catalogue: catalogue)
            }
        } catch let faults as ConfigurationFaults {
            for fault in faults.faults { logger.error("configuration refused", metadata: ["fault": "\(fault)"]) }
            return ReloadReport(outcome: .refused, reason: "\(faults)")
        } catch let restart as NeedsRestart {
            logger.error("configuration refused, the old one goes on", metadata: ["reason": "\(restart)"])
            return ReloadReport(outcome: .needsRestart, needsRestart: restart.keys, reason: "\(restart)")
        } catch {
            logger.error("configuration refused, the old one goes on", metadata: ["reason": "\(error)"])
            return ReloadReport(outcome: .refused, reason: "\(error)")
        }
        await adopt(settings)
        logger.notice(
            "configuration reloaded",
            metadata: [
                "kept": "\(outcome.kept)", "started": "\(outcome.started)", "restarted": "\(outcome.restarted)",
                "stopped": "\(outcome.stopped)", "failed": "\(outcome.failed)",
            ])
        let site = settings.site
        do {
            try await onOwnThread(named: "audit") { [outbox = parts.outbox] in
                try outbox.audit(.configurationLoaded, facts: site.auditFacts)
            }
        } catch {
            logger.error("could not write to the audit log", metadata: ["error": "\(error)"])
        }
        return ReloadReport(
            outcome: .applied, sha256: site.configurationSHA256, kept: outcome.kept, started: outcome.started,
            restarted: outcome.restarted, stopped: outcome.stopped, failed: outcome.failed)
    }

    /// What takes over its part once the cameras run; the writer has done so before the first of them began.
    private func adopt(_ settings: DaemonSettings) async {
        registry.adopt(settings.cameras.map(\.identity))
        parts.stays?.keep(settings.cameras.map(\.identity.id))
        parts.housekeeping.ages.value = .init(evidence: settings.evidenceDays, audit: settings.auditDays)
        parts.archive?.adopt(budget: settings.evidenceBudget)
        await parts.archive?.maker.adopt(quality: settings.jpegQuality)
        parts.examples?.adopt(limit: settings.hardExamples)
        parts.sinks.adopt(settings.webhooks)
        await parts.publisher.adopt(settings.refusals)
        await parts.publisher.adopt(BrokerDialects(settings, catalogue: parts.writer.catalogue))
        parts.outbox.adopt(settings.outboxBudget, sendsPictures: settings.publishesEvidence)
        await parts.inbox.adopt(settings.accessPolicy)
        // After the inbox: whether requests are listened to is a part of how the broker is spoken with.
        await parts.publisher.adopt(settings.broker, kinds: settings.topics.kinds)
        parts.metrics.adopt(settings.metricsSocket)
        parts.others(settings)
    }
}

extension DaemonSettings {
    /// The built-in one with what the site has otherwise.
    func catalogue() throws -> Catalogue {
        try Catalogue.builtIn().overridden(by: kinds).routed(by: departments)
    }
}

import Configuration
import Contract
import Delivery
import Logging
import Runtime
import ServiceLifecycle
import Store
import Synchronization
import Threading
import UnixSignals
import Video

/// Takes the configuration anew at each SIGHUP: as a whole, or not at all.
struct ConfigurationReload: Service {
    let signals: UnixSignalsSequence
    /// Reads the file again; throws where it has faults, or changes what only a restart can.
    let read: @Sendable () throws -> DaemonSettings
    let fleet: CameraFleet
    let roster: CameraRoster
    let outbox: Outbox
    let writer: IncidentWriter
    let publisher: Publisher
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in signals {
                SystemdNotify.send("RELOADING=1\nMONOTONIC_USEC=\(SystemdNotify.monotonicMicroseconds)")
                // On a disk that hangs it may not end: a stop does not wait for it.
                let status = Mutex("")
                guard
                    await finishes({ [self] in
                        let text = await reload()
                        status.withLock { $0 = text }
                    })
                else { return }
                let count = roster.services.count
                SystemdNotify.send("READY=1\nSTATUS=watching \(count) cameras\(status.withLock(\.self))")
            }
        }
    }

    /// What of it systemd shall show.
    private func reload() async -> String {
        do {
            let settings = try read()
            let outcome = try await fleet.reload(settings.cameras)
            let site = settings.site
            await writer.adopt(configurationSHA256: site.configurationSHA256)
            await publisher.serve(settings.cameras.map(\.identity))
            logger.notice(
                "configuration reloaded",
                metadata: [
                    "kept": "\(outcome.kept)", "started": "\(outcome.started)", "restarted": "\(outcome.restarted)",
                    "stopped": "\(outcome.stopped)", "failed": "\(outcome.failed)",
                ])
            let facts = ["sha256": site.configurationSHA256, "software": site.software, "model": site.model.name]
            try await onOwnThread(named: "audit") { [outbox] in try outbox.audit(.configurationLoaded, facts: facts) }
            return ""
        } catch let faults as ConfigurationFaults {
            for fault in faults.faults { logger.error("configuration refused", metadata: ["fault": "\(fault)"]) }
        } catch let error as OutboxError {
            logger.error("could not write to the audit log", metadata: ["error": "\(error)"])
            return ""
        } catch {
            logger.error("configuration refused, the old one goes on", metadata: ["reason": "\(error)"])
        }
        return "; the new configuration was refused, see the log"
    }
}

import Domain
import Foundation
import Glibc
import Inference
public import Logging
import Runtime
import Store
import Threading

/// Runs a daemon with a valid configuration to the end of the process.
///
/// Temporary conditions of the machine, such as a full disk, are waited for. A damaged store is renamed, and the
/// program is restarted in the same process.
public struct DaemonRun: Sendable {
    /// Exit codes, after sysexits.h.
    public enum Code {
        public static let temporary: Int32 = 75
        public static let configuration: Int32 = 78
    }

    /// Seconds that systemd is asked to add to its timeout.
    private static let grace = 60.0

    private let settings: DaemonSettings
    private let logger: Logger
    private let reread: @Sendable () throws -> DaemonSettings
    private let adopt: @Sendable (DaemonSettings) -> Void

    /// - Parameters:
    ///   - reread: see `Daemon`.
    ///   - adopt: see `Daemon`.
    public init(
        _ settings: DaemonSettings, logger: Logger, rereading reread: @escaping @Sendable () throws -> DaemonSettings,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void = { _ in }
    ) {
        self.adopt = adopt
        self.settings = settings
        self.logger = logger
        self.reread = reread
    }

    /// Returns the exit code. The caller has called `StartSignals.take()` before anything else.
    public func run() async -> Int32 {
        var backoff = Backoff(shortest: 1, longest: 60)
        while true {
            do {
                let locks = try locks()
                let daemon = try Daemon(settings, logger: logger, rereading: reread, adopting: adopt)
                let code = await run(daemon)
                withExtendedLifetime(locks) {}
                return code
            } catch let held as FolderLock.Held {
                logger.critical("\(held)")
                return Code.temporary
            } catch let error as InferenceError {
                logger.critical("\(error)")
                return Code.configuration
            } catch let error as OutboxError where error.isDamage {
                if let code = beginAnew("\(error)") { return code }
                await wait(backoff.next(), for: "\(error)")
            } catch {
                await wait(backoff.next(), for: "\(error)")
            }
        }
    }

    private func run(_ daemon: Daemon) async -> Int32 {
        do {
            try await daemon.run()
            return 0
        } catch let damage as StoreDamaged {
            return beginAnew("\(damage)") ?? Code.temporary
        } catch {
            logger.critical("a service of the daemon has failed", metadata: ["error": "\(error)"])
            return Code.temporary
        }
    }

    private func locks() throws -> [FolderLock] {
        var locks = [try FolderLock(settings.stateFolder, what: "the state folder", key: "site.state_directory")]
        if let evidence = settings.evidenceFolder {
            locks.append(try FolderLock(evidence, what: "the evidence folder", key: "evidence.directory"))
        }
        return locks
    }

    private func wait(_ seconds: Double, for cause: String) async {
        logger.error(
            "cannot start yet, no camera is watched; it is tried again",
            metadata: ["reason": "\(cause)", "seconds": "\(Int(seconds.rounded()))"])
        let line = cause.replacing("\n", with: " ")
        SystemdNotify.send(
            "STATUS=waiting to start: \(line)\nEXTEND_TIMEOUT_USEC=\(Int64((seconds + Self.grace) * 1_000_000))")
        try? await Task.sleep(for: .seconds(seconds))
    }

    /// Renames the damaged store and executes the program again, with the same process id and arguments. Returns the
    /// exit code where that fails; nil where the store could not be renamed.
    private func beginAnew(_ cause: String) -> Int32? {
        do {
            let (name, deleted) = try Outbox.setAside(EdgeState.store(in: settings.stateFolder))
            logger.critical(
                "the database is damaged: it is set aside, and a new one is begun",
                metadata: ["reason": "\(cause)", "kept as": "\(name)"])
            if !deleted.isEmpty {
                logger.warning(
                    "databases that were set aside before are deleted, the newest are kept",
                    metadata: ["deleted": "\(deleted.joined(separator: ", "))"])
            }
        } catch {
            logger.critical("the database is damaged and cannot be set aside", metadata: ["reason": "\(error)"])
            return nil
        }
        // Threads with the old store open end here without a destructor: SQLite would delete the new store's log. A
        // SIGHUP meanwhile can be ignored: the configuration is read again anyway.
        signal(SIGHUP, SIG_IGN)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        logger.critical("could not begin anew", metadata: ["reason": "\(String(cString: strerror(errno)))"])
        _exit(Code.temporary)
    }
}

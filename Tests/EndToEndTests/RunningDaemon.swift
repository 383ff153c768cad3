import Foundation
import Glibc
import TestSupport

/// The installed program as systemd runs it: ready and reloaded by its own word, its log as the journal gets it.
final class RunningDaemon: Sendable {
    let configuration: URL
    private let folder: TemporaryFolder
    private let notify: NotifySocket
    private let process: Process

    /// Returns once it says that it is ready.
    ///
    /// - Parameters:
    ///   - prefix: words before the program's own, for one that is to run in other circumstances.
    ///   - watchdog: seconds within which it has to feed the watchdog (`WatchdogSec`); nil where there is none.
    init(_ text: String, in folder: TemporaryFolder, through prefix: [String] = [], watchdog: Int? = nil) throws {
        self.folder = folder
        configuration = folder.file("gridwarden.yaml")
        notify = try NotifySocket(in: folder, timeout: 40)
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        let log = folder.file("log")
        try Data().write(to: log)
        var status = stat()
        stat(log.path, &status)
        process = Process()
        let words = prefix + [CommandTests.program.path, "run", "--config", configuration.path]
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        // What a sanitizer is told of the test holds for the program too.
        let told = ProcessInfo.processInfo.environment.filter {
            $0.key.hasSuffix("SAN_OPTIONS") || $0.key == "LD_PRELOAD"
        }
        process.environment = [
            "PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": notify.path, "SWIFT_BACKTRACE": "enable=no",
            "JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)",
        ].merging(told) { own, _ in own }
        if let watchdog { process.environment?["WATCHDOG_USEC"] = "\(watchdog * 1_000_000)" }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        _ = try notify.next("READY=1")
    }

    deinit { end() }

    var log: String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }

    /// Replaces the configuration; returns what systemd is told once that has been taken, or refused.
    func reload(_ text: String) throws -> String {
        try beginReload(text)
        return try notify.next("READY=1")
    }

    /// Replaces the configuration; returns once it is about to be taken.
    func beginReload(_ text: String) throws {
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        // Ten messages fill the socket, and what is said then is lost: systemd reads all the time.
        notify.drop()
        kill(process.processIdentifier, SIGHUP)
        _ = try notify.next("RELOADING=1")
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// How often it feeds the watchdog in so long from now on.
    func watchdogs(for duration: Duration) -> Int {
        notify.drop()
        let end = ContinuousClock.now + duration
        var count = 0
        while let message = notify.next(until: end) { count += message.contains("WATCHDOG=1") ? 1 : 0 }
        return count
    }

    /// Ends it as systemd does; returns its exit code.
    @discardableResult
    func stop() -> Int32 {
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }

    func end() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

import Foundation
import Glibc
import Synchronization

/// A real mosquitto on a free port of the loopback; it dies with the value and leaves nothing behind.
public final class Broker: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public let port: Int
    private let folder: TemporaryFolder
    private let process = Mutex<ChildProcess?>(nil)

    /// Starts it.
    ///
    /// - Parameters:
    ///   - users: names and passwords; without any, everybody may connect.
    ///   - acl: lines of an access control file.
    ///   - lines: more lines for the configuration.
    public init(users: [String: String] = [:], acl: [String] = [], lines: [String] = []) throws {
        folder = try TemporaryFolder()
        port = try FreePort.tcp()
        var configuration = ["listener \(port) 127.0.0.1", "allow_anonymous \(users.isEmpty)"] + lines
        configuration.append("log_dest file \(folder.file("log").path)")
        if geteuid() == 0 { configuration.append("user root") }
        if !users.isEmpty {
            let passwords = folder.file("passwords").path
            try Data().write(to: folder.file("passwords"))
            for (name, password) in users {
                try Self.run("/usr/bin/mosquitto_passwd", ["-b", passwords, name, password])
            }
            configuration.append("password_file \(passwords)")
        }
        try setACL(acl)
        if !acl.isEmpty { configuration.append("acl_file \(folder.file("acl").path)") }
        try configuration.joined(separator: "\n").write(
            to: folder.file("conf"), atomically: true, encoding: .utf8)
        try start()
    }

    /// Starts one from a whole configuration, such as a recipe that ships.
    ///
    /// - Parameter port: a listener of it.
    public init(configuration: String, port: Int) throws {
        folder = try TemporaryFolder()
        self.port = port
        let ours = "\nlog_dest file \(folder.file("log").path)\n" + (geteuid() == 0 ? "user root\n" : "")
        try (configuration + ours).write(to: folder.file("conf"), atomically: true, encoding: .utf8)
        try start()
    }

    deinit { stop() }

    public var log: String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }

    /// Returns once it accepts connections.
    public func start() throws {
        Turn.isNeeded(by: "a broker's start")
        // Not by Foundation's Process, whose children inherit blocked signals and may never hear a SIGHUP.
        let process = try ChildProcess(
            URL(filePath: "/usr/sbin/mosquitto"), ["-c", folder.file("conf").path], log: URL(filePath: "/dev/null"))
        self.process.withLock { $0 = process }
        for _ in 0..<500 {
            if FreePort.accepts(port) { return }
            usleep(20_000)
        }
        stop()
        throw Failed(description: "mosquitto did not start on port \(port): \(log)")
    }

    /// Ends it at once, as a power cut would.
    public func stop() { taken()?.kill() }

    /// Ends it in order, so that it writes down what it keeps.
    public func end() {
        guard let running = taken() else { return }
        running.signal(SIGTERM)
        running.wait()
    }

    private func taken() -> ChildProcess? {
        process.withLock { process in
            defer { process = nil }
            return process
        }
    }

    /// Leaves it connected and silent, as a hung machine would be; `stop` still ends it.
    public func pause() { process.withLock(\.self)?.signal(SIGSTOP) }

    /// Replaces the access control lines; a running broker reads them again.
    public func setACL(_ lines: [String]) throws {
        try (lines.joined(separator: "\n") + "\n").write(to: folder.file("acl"), atomically: true, encoding: .utf8)
        process.withLock(\.self)?.signal(SIGHUP)
    }

    private static func run(_ path: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: "\(path) failed") }
    }
}

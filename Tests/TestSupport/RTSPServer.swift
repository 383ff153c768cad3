import Foundation
import Glibc
import Synchronization

/// A real RTSP server that serves a clip on the loopback, paced as a camera's stream; it dies with the value.
public final class RTSPServer: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public struct Login: Sendable {
        public var user: String
        public var password: String
        /// Digest authentication, as most cameras have it, in place of basic.
        public var isDigest: Bool

        public init(user: String, password: String, isDigest: Bool = false) {
            self.user = user
            self.password = password
            self.isDigest = isDigest
        }
    }

    /// Without user and password.
    public let url: String
    public let port: Int
    private let folder: TemporaryFolder
    private let process: Mutex<Process?>

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "rtsp_server.py")

    /// Returns once it accepts connections.
    ///
    /// - Parameters:
    ///   - clip: H.264 or H.265.
    ///   - loops: the clip turns without a seam; otherwise clients see its end.
    ///   - isShared: all clients see one stream; otherwise each sees the clip from its start.
    ///   - port: 0 for a free one. Give that of a stopped server to bring the "camera" back.
    public init(
        clip: String, loops: Bool = true, isShared: Bool = false, login: Login? = nil, port: Int = 0
    ) throws {
        Turn.isNeeded(by: "a camera's start")
        folder = try TemporaryFolder()
        let log = folder.file("log")
        try Data().write(to: log)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        var arguments = [Self.script.path, clip, "--port", "\(port)", "--exit-with-parent"]
        if loops { arguments.append("--loop") }
        if isShared { arguments.append("--shared") }
        if let login {
            arguments += ["--user", login.user, "--password", login.password]
            if login.isDigest { arguments.append("--digest") }
        }
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1),
            !byte.isEmpty
        {
            line += byte
        }
        let url = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard let port = URL(string: url)?.port else {
            Self.end(process)
            let fault = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            throw Failed(description: "the RTSP server did not start: \(fault)")
        }
        self.url = url
        self.port = port
        self.process = Mutex(process)
    }

    deinit { stop() }

    /// What it wrote to its standard error.
    public var log: String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }

    /// Ends it at once, as a power cut at the camera would.
    public func stop() {
        process.withLock { process in
            if let running = process { Self.end(running) }
            process = nil
        }
    }

    /// Leaves its connections open and silent, as a hung camera would; `stop` still ends it.
    public func pause() { signal(SIGSTOP) }

    public func resume() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        process.withLock { process in
            if let process { kill(process.processIdentifier, number) }
        }
    }

    /// Not by SIGTERM: a child may have inherited it blocked.
    private static func end(_ process: Process) {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

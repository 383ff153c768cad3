import Foundation
import Glibc
import Synchronization

/// An RTSP camera on the loopback with the habits of real ones; it dies with the value. See `quirky_camera.py`.
public final class QuirkyCamera: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// What it was asked.
    public struct Request: Decodable, Sendable {
        public let connection: Int
        /// `gone` where a caller has hung up.
        public let method: String
        public let uri: String
        /// Names in small letters.
        public let headers: [String: String]
    }

    public let port: Int
    private let scheme: String
    private let folder: TemporaryFolder
    private let process: Mutex<Process?>

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "quirky_camera.py")

    /// Returns once it accepts connections.
    ///
    /// - Parameters:
    ///   - clip: of `Footage.byteStream`; nil for a camera that only talks.
    ///   - habits: as JSON has them, by the names that stand in the script.
    public init(clip: String? = nil, _ habits: [String: any Sendable] = [:]) throws {
        Turn.isNeeded(by: "a camera's start")
        folder = try TemporaryFolder()
        var all: [String: Any] = habits
        scheme = habits["certificate"] == nil ? "rtsp" : "rtsps"
        all["log"] = folder.file("log").path
        if let clip { all["clip"] = clip }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [
            Self.script.path, String(decoding: try JSONSerialization.data(withJSONObject: all), as: UTF8.self),
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1),
            !byte.isEmpty
        {
            line += byte
        }
        guard let port = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .newlines)) else {
            kill(process.processIdentifier, SIGKILL)
            throw Failed(description: "the camera did not start")
        }
        self.port = port
        self.process = Mutex(process)
    }

    deinit { stop() }

    public func stop() {
        process.withLock { process in
            if let running = process {
                kill(running.processIdentifier, SIGKILL)
                running.waitUntilExit()
            }
            process = nil
        }
    }

    /// - Parameters:
    ///   - login: what stands before the @; empty for none.
    ///   - path: begins with a slash.
    public func url(login: String = "", path: String = "/stream") -> String {
        "\(scheme)://\(login.isEmpty ? "" : login + "@")127.0.0.1:\(port)\(path)"
    }

    /// All that it was asked so far.
    public var requests: [Request] {
        let text = (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }

    /// How often it was asked so.
    public func count(_ method: String) -> Int { requests.count { $0.method == method } }

    /// How often somebody showed it user and password.
    public var shown: Int { requests.count { $0.headers["authorization"] != nil } }
}

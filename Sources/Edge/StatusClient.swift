public import Foundation
import Glibc
import Runtime

/// Asks the daemon of this machine how it stands.
public enum StatusClient {
    /// Why there was no answer, and what to do.
    public struct NoAnswer: Error, CustomStringConvertible {
        public let description: String
    }

    /// In the state folder; the service's group may use it.
    public static let socketName = "status.sock"
    /// Seconds.
    private static let longest = 5

    /// - Parameter folder: the daemon's state folder.
    public static func status(of folder: URL) throws -> SiteStatus {
        let socket = LocalSocket.file(folder.appending(path: socketName).path)
        let answer: Data
        do { answer = try get("/status", from: socket) } catch let error as LocalSocket.Failed {
            let remedy =
                error.code == EACCES
                ? "run this as root or as a member of the service's group"
                : "no daemon runs with this configuration: start it, or name another one with --config"
            throw NoAnswer(description: "\(error); \(remedy)")
        }
        guard let head = answer.range(of: Data("\r\n\r\n".utf8)), answer.starts(with: Data("HTTP/1.1 200 ".utf8)),
            let status = try? SiteStatus(json: answer[head.upperBound...])
        else {
            throw NoAnswer(
                description: "\(socket) gave no status; the daemon may be busy or of another version: see its log")
        }
        return status
    }

    /// The whole response, head and body.
    static func get(_ path: String, from socket: LocalSocket) throws -> Data {
        let connection = try socket.connected()
        defer { close(connection) }
        var limit = timeval(tv_sec: longest, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        send(connection, request, request.count, Int32(MSG_NOSIGNAL))
        var answer = Data()
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(connection, &part, part.count, 0)
            guard count > 0 else { return answer }
            answer += part.prefix(count)
        }
    }
}

public import Foundation
import Glibc
package import Runtime

/// Requests the status of the daemon on this machine.
public enum StatusClient {
    /// Why there was no answer, and the remedy.
    public struct NoAnswer: Error, CustomStringConvertible {
        public let description: String
    }

    /// In the state folder; accessible to the service's group.
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
        guard let (code, body) = parts(of: answer), code == 200, let status = try? SiteStatus(json: body) else {
            throw NoAnswer(
                description: "\(socket) gave no status; the daemon may be busy or of another version: see its log")
        }
        return status
    }

    /// Why a daemon did not reload the configuration.
    public enum Unreached: Error, Sendable, Equatable {
        /// No daemon runs with this state folder.
        case noDaemon
        /// A daemon runs, but does not support the request.
        case unanswered(String)
    }

    /// Makes the daemon reload its configuration, and waits for the result.
    ///
    /// - Parameters:
    ///   - folder: the daemon's state folder.
    ///   - patience: seconds.
    public static func reload(of folder: URL, patience: Double = 60) throws(Unreached) -> ReloadReport {
        let end = DispatchTime.now() + patience
        let (status, body) = try ask("POST", "/reload", of: folder)
        guard status == 202, let number = ReloadDesk.number(in: body) else {
            throw .unanswered("the daemon takes no wishes for a reload: it may be of another version")
        }
        while true {
            let (status, body) = try ask("GET", "/reload/\(number)", of: folder)
            if status == 200, let report = try? JSONDecoder().decode(ReloadReport.self, from: body) { return report }
            guard status != 404 else { throw .unanswered("the daemon was restarted meanwhile") }
            guard DispatchTime.now() < end else {
                throw .unanswered("the daemon has not come to an end with it: see its log")
            }
            usleep(50_000)
        }
    }

    /// Compares the daemon's file with the configuration in use.
    public static func configuration(of folder: URL) throws(Unreached) -> ConfigurationStanding {
        let (status, body) = try ask("GET", "/configuration", of: folder)
        guard status == 200, let standing = try? JSONDecoder().decode(ConfigurationStanding.self, from: body) else {
            throw .unanswered("the daemon does not tell; it may be busy or of another version")
        }
        return standing
    }

    /// What became of a request about the accounts of the console.
    public struct AccountAnswer: Codable, Sendable {
        /// One account.
        public struct Row: Codable, Sendable {
            public let name: String
            public let role: String
            public let area: String?
            /// Of a centre.
            public let grid: String?
            public let department: String?
            public let hasPassword: Bool
        }

        public let code: String?
        public let token: String?
        /// RFC 3339.
        public let expires: String?
        public let accounts: [Row]?
        /// Why it was not done.
        public let refused: String?
    }

    /// Asks the daemon of this folder about the accounts of the console, e.g. `["add", "worker-17", "operator"]`.
    ///
    /// - Parameter socket: the name of its socket; that of a site's daemon without it.
    public static func accounts(
        _ request: [String], of folder: URL, socket: String = socketName
    ) throws(Unreached) -> AccountAnswer {
        // A slash within a part must not end it.
        let parts = request.map { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
        let (status, body) = try ask("POST", "/console/" + parts.joined(separator: "/"), of: folder, socket: socket)
        guard status == 200, let answer = try? JSONDecoder().decode(AccountAnswer.self, from: body) else {
            throw .unanswered("the daemon does not know this request; it may be busy or of another version")
        }
        return answer
    }

    private static func ask(
        _ method: String, _ path: String, of folder: URL, socket name: String = socketName
    ) throws(Unreached) -> (status: Int, body: Data) {
        let socket = LocalSocket.file(folder.appending(path: name).path)
        let answer: Data
        do { answer = try get(path, from: socket, method: method) } catch let error as LocalSocket.Failed {
            guard error.code != ENOENT, error.code != ECONNREFUSED else { throw .noDaemon }
            throw .unanswered("\(error); run this as root or as a member of the service's group")
        } catch {
            throw .unanswered("\(error)")
        }
        guard let parts = parts(of: answer) else { throw .unanswered("the daemon did not answer: see its log") }
        return parts
    }

    /// Nil for an incomplete response.
    package static func parts(of answer: Data) -> (status: Int, body: Data)? {
        let text = String(decoding: answer.prefix(12), as: UTF8.self)
        guard let head = answer.range(of: Data("\r\n\r\n".utf8)), text.hasPrefix("HTTP/1.1 "),
            let status = Int(text.suffix(3))
        else { return nil }
        return (status, answer[head.upperBound...])
    }

    /// The whole response, head and body.
    package static func get(_ path: String, from socket: LocalSocket, method: String = "GET") throws -> Data {
        let connection = try socket.connected()
        defer { close(connection) }
        var limit = timeval(tv_sec: longest, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let request = Array("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
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

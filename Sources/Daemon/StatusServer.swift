import Dispatch
import Glibc
import Logging
import ServiceLifecycle
import Threading

/// Answers `GET` over HTTP/1.1 on one socket, one connection and one request at a time, on a thread of its own.
///
/// It is for this machine and its operator: whoever is slow or says too much is cut off.
final class StatusServer: Service {
    struct Response: Sendable {
        var status = "200 OK"
        var mediaType = "text/plain; charset=utf-8"
        var body: String
    }

    private let longest: Double
    private static let mostBytes = 4096

    private let socket: LocalSocket
    private let logger: Logger
    private let respond: @Sendable (_ path: String) -> Response?
    /// Readable once the other one, which ends the server, is shut down.
    private let (stopped, stopper): (Int32, Int32)

    /// - Parameters:
    ///   - longest: seconds for a request and its answer together.
    ///   - respond: nil where there is nothing at this path.
    init(
        _ socket: LocalSocket, longest: Double = 2, logger: Logger,
        respond: @escaping @Sendable (_ path: String) -> Response?
    ) {
        self.longest = longest
        self.socket = socket
        self.logger = logger
        self.respond = respond
        var pair: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair)
        (stopped, stopper) = (pair[0], pair[1])
    }

    deinit { for descriptor in [stopped, stopper] { close(descriptor) } }

    func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await onOwnThread(named: "status") { self.serve() }
            } onGracefulShutdown: {
                self.stop()
            }
        } onCancel: {
            stop()
        }
    }

    private func stop() { shutdown(stopper, Int32(SHUT_RDWR)) }

    private func serve() {
        var backoff = Backoff(shortest: 1, longest: 60)
        var hasComplained = false
        repeat {
            do throws(LocalSocket.Failed) {
                let listener = try socket.listening()
                defer { close(listener) }
                // Whoever has gone between poll and accept must not be waited for.
                _ = fcntl(listener, F_SETFL, O_NONBLOCK)
                backoff.reset()
                hasComplained = false
                while wait(for: listener) { answer(on: listener) }
            } catch {
                // The cameras are watched without it.
                if !hasComplained {
                    logger.error("nobody can ask for the status, it is tried again", metadata: ["reason": "\(error)"])
                }
                hasComplained = true
            }
        } while !wait(seconds: backoff.next())
        if case .file(let path) = socket { unlink(path) }
    }

    /// False once the server shall stop.
    private func wait(for listener: Int32) -> Bool {
        var waits = [
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stopped, events: Int16(POLLIN), revents: 0),
        ]
        poll(&waits, nfds_t(waits.count), -1)
        return waits[1].revents == 0
    }

    /// True once the server shall stop.
    private func wait(seconds: Double) -> Bool {
        var wait = pollfd(fd: stopped, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, Int32(seconds * 1000)) != 0
    }

    private func answer(on listener: Int32) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
            // Such as no descriptors left: not again at once.
            _ = wait(seconds: 0.1)
            return
        }
        defer { close(connection) }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        _ = fcntl(connection, F_SETFL, O_NONBLOCK)
        let deadline = DispatchTime.now() + longest
        let response: Response
        switch Self.request(on: connection, until: deadline) {
        case .path(let path):
            response = respond(path) ?? Response(status: "404 Not Found", body: "there is /status and /metrics\n")
        case .refused(let status): response = Response(status: status, body: "GET /status or GET /metrics\n")
        case .gone: return
        }
        let head = """
            HTTP/1.1 \(response.status)\r
            Content-Type: \(response.mediaType)\r
            Content-Length: \(response.body.utf8.count)\r
            Connection: close\r
            \r

            """
        Self.send(Array((head + response.body).utf8), on: connection, until: deadline)
    }

    private enum Request {
        case path(String)
        case refused(String)
        case gone
    }

    private static func request(on connection: Int32, until deadline: DispatchTime) -> Request {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while !bytes.suffix(mostBytes).contains(end) {
            guard bytes.count < mostBytes else { return .refused("431 Request Header Fields Too Large") }
            guard ready(connection, POLLIN, until: deadline) else { return .gone }
            var part = [UInt8](repeating: 0, count: mostBytes)
            let count = recv(connection, &part, part.count, 0)
            guard count > 0 else { return .gone }
            bytes += part.prefix(count)
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\r") }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return .refused("400 Bad Request") }
        guard words[0] == "GET" else { return .refused("405 Method Not Allowed") }
        return .path(String(words[1].prefix { $0 != "?" }))
    }

    private static func send(_ bytes: [UInt8], on connection: Int32, until deadline: DispatchTime) {
        var sent = 0
        while sent < bytes.count, ready(connection, POLLOUT, until: deadline) {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
        shutdown(connection, Int32(SHUT_WR))
    }

    private static func ready(_ connection: Int32, _ events: Int32, until deadline: DispatchTime) -> Bool {
        let (now, end) = (DispatchTime.now().uptimeNanoseconds, deadline.uptimeNanoseconds)
        guard now < end else { return false }
        var wait = pollfd(fd: connection, events: Int16(events), revents: 0)
        return poll(&wait, 1, Int32((end - now) / 1_000_000) + 1) == 1
    }
}

import Dispatch
import Glibc
package import Logging
import ServiceLifecycle
import Synchronization
import Threading

/// Answers `GET`, and on some sockets `POST`, over HTTP/1.1 on one socket, one request a connection, on a thread of its
/// own.
///
/// It is meant for this machine and its operator. No client waits for another: each has its own time limit for request
/// and answer, a client that sends too much is cut off, and at the limit of connections the oldest one is closed.
package final class StatusServer: Service {
    package struct Response: Sendable {
        var status = "200 OK"
        var mediaType = "text/plain; charset=utf-8"
        var body: String

        package init(
            status: String = "200 OK", mediaType: String = "text/plain; charset=utf-8", body: String
        ) {
            self.status = status
            self.mediaType = mediaType
            self.body = body
        }
    }

    private let longest: Double
    private let answerTime: Double
    private static let mostBytes = 4096
    /// Simultaneous connections; one descriptor each.
    private static let mostClients = 64
    /// Connections accepted before existing clients are served again.
    private static let mostAtOnce = 16

    private let socket: LocalSocket
    private let logger: Logger
    private let respond: @Sendable (_ path: String) -> Response?
    private let take: (@Sendable (_ path: String) -> Response?)?
    private let change: (@Sendable (_ path: String) -> Response?)?
    private let isAnswering = Flag()
    /// Becomes readable when the other end is shut down, which ends the server.
    private let (stopped, stopper): (Int32, Int32)

    /// - Parameters:
    ///   - longest: seconds for a request and its answer together.
    ///   - answerTime: seconds for `respond`.
    ///   - respond: nil for an unknown path. On a disk that hangs it may never return.
    ///   - take: takes a POST without blocking; nil for an unknown path, or where nothing is accepted.
    ///   - change: does a POST that `take` does not know, as `respond` answers a GET.
    package init(
        _ socket: LocalSocket, longest: Double = 2, answerTime: Double = 5, logger: Logger,
        respond: @escaping @Sendable (_ path: String) -> Response?,
        take: (@Sendable (_ path: String) -> Response?)? = nil,
        change: (@Sendable (_ path: String) -> Response?)? = nil
    ) {
        self.take = take
        self.change = change
        self.longest = longest
        self.answerTime = answerTime
        self.socket = socket
        self.logger = logger
        self.respond = respond
        var pair: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair)
        (stopped, stopper) = (pair[0], pair[1])
    }

    deinit { for descriptor in [stopped, stopper] { close(descriptor) } }

    package func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await onOwnThread(named: "status") { self.serve() }
            } onGracefulShutdown: {
                self.stop()
            }
        } onCancel: {
            stop()
        }
        guard case .file(let path) = socket else { return }
        // On a disk that hangs this may not end. A cancelled task waits a little, too.
        await Task {
            _ = await finishes(within: .milliseconds(300)) {
                try? await onOwnThread(named: "status end") { _ = unlink(path) }
            }
        }.value
    }

    private func stop() { shutdown(stopper, Int32(SHUT_RDWR)) }

    private func serve() {
        var backoff = Backoff(shortest: 1, longest: 60)
        var hasComplained = false
        repeat {
            do throws(LocalSocket.Failed) {
                let listener = try socket.listening()
                defer { close(listener) }
                // Accept must not block for a client that has disconnected since poll.
                _ = fcntl(listener, F_SETFL, O_NONBLOCK)
                backoff.reset()
                hasComplained = false
                serve(on: listener)
            } catch {
                // The cameras are watched without it.
                if !hasComplained {
                    logger.error("nobody can ask for the status, it is tried again", metadata: ["reason": "\(error)"])
                }
                hasComplained = true
            }
        } while !wait(seconds: backoff.next())
    }

    private struct Client {
        let descriptor: Int32
        let deadline: DispatchTime
        var request: [UInt8] = []
        /// Nil until the request is complete.
        var answer: ArraySlice<UInt8>?
        var isDone = false
    }

    /// Returns once the server is to stop.
    private func serve(on listener: Int32) {
        var clients: [Client] = []
        defer { for client in clients { close(client.descriptor) } }
        while true {
            var waits = [stopped, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            waits += clients.map {
                pollfd(fd: $0.descriptor, events: Int16($0.answer == nil ? POLLIN : POLLOUT), revents: 0)
            }
            poll(&waits, nfds_t(waits.count), clients.map(\.deadline).min().map(Self.milliseconds) ?? -1)
            guard waits[0].revents == 0 else { return }
            for index in clients.indices where waits[index + 2].revents != 0 { advance(&clients[index]) }
            let now = DispatchTime.now()
            clients.removeAll { client in
                guard client.isDone || client.deadline <= now else { return false }
                close(client.descriptor)
                return true
            }
            if waits[1].revents != 0 { admit(from: listener, to: &clients) }
        }
    }

    private static func milliseconds(until deadline: DispatchTime) -> Int32 {
        let (now, end) = (DispatchTime.now().uptimeNanoseconds, deadline.uptimeNanoseconds)
        return now < end ? Int32((end - now) / 1_000_000) + 1 : 0
    }

    private func admit(from listener: Int32, to clients: inout [Client]) {
        for _ in 0..<Self.mostAtOnce {
            if clients.count >= Self.mostClients { close(clients.removeFirst().descriptor) }
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else {
                if errno == EMFILE || errno == ENFILE {
                    // The process has no descriptors left: close the oldest client, and do not retry at once.
                    if !clients.isEmpty { close(clients.removeFirst().descriptor) }
                    _ = wait(seconds: 0.1)
                }
                return
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            _ = fcntl(connection, F_SETFL, O_NONBLOCK)
            clients.append(Client(descriptor: connection, deadline: .now() + longest))
        }
    }

    /// Reads or writes what is possible; never blocks.
    private func advance(_ client: inout Client) {
        if client.answer == nil {
            var part = [UInt8](repeating: 0, count: Self.mostBytes)
            let count = recv(client.descriptor, &part, part.count, 0)
            guard count > 0 else {
                client.isDone = count == 0 || !Self.isPassing(errno)
                return
            }
            client.request += part.prefix(count)
            client.answer = response(to: client.request).map { $0[...] }
        }
        guard let answer = client.answer else { return }
        let count = answer.withUnsafeBytes {
            Glibc.send(client.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 else {
            client.isDone = !Self.isPassing(errno)
            return
        }
        client.answer = answer.dropFirst(count)
        guard count == answer.count else { return }
        shutdown(client.descriptor, Int32(SHUT_WR))
        client.isDone = true
    }

    private static func isPassing(_ code: Int32) -> Bool { code == EAGAIN || code == EINTR }

    /// Nil until the request is complete.
    private func response(to request: [UInt8]) -> [UInt8]? {
        let response: Response
        switch Self.parse(request) {
        case nil: return nil
        case .path(let path)?:
            response =
                answer(path, by: respond)
                ?? Response(status: "404 Not Found", body: "there is /status and /metrics\n")
        case .wish(let path)? where take != nil || change != nil:
            response =
                take?(path) ?? change.flatMap { answer(path, by: $0) }
                ?? Response(status: "404 Not Found", body: "there is no such wish\n")
        case .wish?:
            response = Response(status: "405 Method Not Allowed", body: "GET /status or GET /metrics\n")
        case .refused(let status)?: response = Response(status: status, body: "GET /status or GET /metrics\n")
        }
        let head = """
            HTTP/1.1 \(response.status)\r
            Content-Type: \(response.mediaType)\r
            Content-Length: \(response.body.utf8.count)\r
            Connection: close\r
            \r

            """
        return Array((head + response.body).utf8)
    }

    private final class Flag: Sendable { let isSet = Atomic(false) }

    /// On a thread of its own, which neither a stop nor another client waits for after its time limit. There is at most
    /// one.
    private func answer(
        _ path: String, by respond: @escaping @Sendable (_ path: String) -> Response?
    ) -> Response? {
        let unanswered = Response(
            status: "503 Service Unavailable", body: "the store does not answer: see to the disk of state_directory\n")
        guard !isAnswering.isSet.exchange(true, ordering: .relaxed) else { return unanswered }
        let call = BlockingCall(named: "status answer") { [isAnswering] in
            defer { isAnswering.isSet.store(false, ordering: .relaxed) }
            return respond(path)
        }
        let end = DispatchTime.now() + answerTime
        repeat {
            if let response = call.value(within: 0.1) { return response }
        } while DispatchTime.now() < end && !wait(seconds: 0)
        return unanswered
    }

    /// True once the server is to stop.
    private func wait(seconds: Double) -> Bool {
        var wait = pollfd(fd: stopped, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, Int32(seconds * 1000)) != 0
    }

    private enum Request {
        case path(String)
        /// A POST.
        case wish(String)
        case refused(String)
    }

    private static func parse(_ bytes: [UInt8]) -> Request? {
        guard bytes.contains(Array("\r\n\r\n".utf8)) else {
            return bytes.count < mostBytes ? nil : .refused("431 Request Header Fields Too Large")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\r") }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return .refused("400 Bad Request") }
        let path = String(words[1].prefix { $0 != "?" })
        switch words[0] {
        case "GET": return .path(path)
        case "POST": return .wish(path)
        default: return .refused("405 Method Not Allowed")
        }
    }
}

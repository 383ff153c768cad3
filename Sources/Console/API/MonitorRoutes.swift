import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// `/status` and `/metrics` for programs with a token: the same as over the socket in the state folder, and at the
/// address of `metrics`, which asks nobody who he is.
struct MonitorRoutes: Sendable {
    private let desk: ConsoleDesk

    init(_ desk: ConsoleDesk) { self.desk = desk }

    var all: [Route] {
        [
            Route(.get, "/status", .wholeSite(.viewer)) { _ in
                try await text { ("application/json", try $0.status?()) }
            },
            Route(.get, "/metrics", .wholeSite(.viewer)) { _ in
                try await text { parts in
                    let metrics = try parts.metrics?()
                    return (metrics?.mediaType ?? "", metrics?.text)
                }
            },
        ]
    }

    private func text(
        _ body: @Sendable (ConsoleParts) throws -> (mediaType: String, text: String?)
    ) async throws -> Response {
        let found: (mediaType: String, text: String?)
        // What it says may name a file or a host; it is in the log, and gridwarden status has it.
        do { found = try await desk.run(body) } catch { throw Fault.store }
        guard let text = found.text else { throw Fault.notFound }
        return Response(
            status: .ok, headers: [.contentType: found.mediaType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

import HTTPTypes
import Hummingbird
import Store

/// Server-sent events.
struct EventRoutes: Sendable {
    private let desk: ConsoleDesk
    private let events: Broadcaster

    init(_ desk: ConsoleDesk, _ events: Broadcaster) { (self.desk, self.events) = (desk, events) }

    var route: Route { Route(.get, "/api/v1/events", .account(.viewer)) { try await open($0) } }

    private func open(_ call: Call) async throws -> Response {
        let (id, stream) = try await events.open(
            session: call.sessionHash ?? "", call.account, since: call.eventID)
        return Response(events: stream, of: call) { [events] in await events.close(id) }
    }
}

extension Call {
    /// The event after which a stream of events is to go on; nil where none is named.
    package var eventID: EventID? {
        let last = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
        return (last ?? query("since")).flatMap { EventID($0) }
    }
}

extension Response {
    /// Server-sent events.
    ///
    /// - Parameter ended: called once nobody reads any more.
    init(events stream: EventStream, of call: Call, ended: @escaping @Sendable () async -> Void) {
        var headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        // nginx would keep it back otherwise.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        let request = call.request.body
        let body = ResponseBody { writer in
            do {
                // A page that is gone is heard of at once, and not by the next event: it may be back already, and a session
                // has few streams.
                try await request.consumeWithInboundCloseHandler { _ in
                    for await bytes in stream.events {
                        try await writer.write(bytes)
                        stream.taken(bytes)
                    }
                } onInboundClosed: {
                    stream.end()
                }
                try await writer.finish(nil)
            } catch {
                await ended()
                throw error
            }
            await ended()
        }
        self.init(status: .ok, headers: headers, body: body)
    }
}

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
        let last = HTTPField.Name("Last-Event-ID").flatMap { call.request.headers[$0] }
        let since = (last ?? call.query("since")).flatMap { EventID($0) }
        let (id, stream) = try await events.open(session: call.sessionHash ?? "", call.account, since: since)
        var headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        // nginx would keep it back otherwise.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        let body = ResponseBody { [events] writer in
            do {
                for await bytes in stream.events {
                    try await writer.write(bytes)
                    stream.taken(bytes)
                }
                try await writer.finish(nil)
            } catch {
                await events.close(id)
                throw error
            }
            await events.close(id)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}

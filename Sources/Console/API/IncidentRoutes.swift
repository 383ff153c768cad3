import Contract
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// Incidents: the list, one of them, its pictures, and the verdict.
final class IncidentRoutes: Sendable {
    private static let mostItems = 100
    private static let longestNote = 200

    private let desk: ConsoleDesk
    private let views: ViewLog

    init(_ desk: ConsoleDesk) { (self.desk, views) = (desk, ViewLog(desk)) }

    var all: [Route] {
        [
            Route(.get, "/api/v1/incidents", .account(.viewer)) { try await self.list($0) },
            Route(.get, "/api/v1/incidents/:id", .account(.viewer)) { call in
                let found = try await self.incident(call)
                return Response(json: IncidentItem(found, self.desk.parts.catalogue))
            },
            Route(.get, "/api/v1/incidents/:id/messages", .account(.viewer)) { try await self.history($0) },
            Route(.get, "/api/v1/evidence/:sha256", .account(.viewer)) { try await self.picture($0) },
            Route(.post, "/api/v1/incidents/:id/review", .account(.operator)) { try await self.review($0) },
        ]
    }

    private struct List: Encodable {
        struct Counts: Encodable {
            let pending: Int
            let open: Int
        }
        let items: [IncidentItem]
        let next: String?
        let counts: Counts
        /// What these are as of, for the events after them.
        let event: String
    }

    private func list(_ call: Call) async throws -> Response {
        let filter = try Self.filter(call)
        let limit = try call.limit(most: Self.mostItems)
        let cursor = try call.query("after").map(Self.cursor)
        let list = try await desk.run { parts in
            // Before what is read: an event may then come twice, and none is missed.
            let event = EventID(epoch: parts.outbox.epoch, change: try parts.outbox.lastIncidentChange())
            let (items, next) = try parts.outbox.incidents(filter, after: cursor, limit: limit)
            let counts = try parts.outbox.indexCounts(area: filter.area)
            return List(
                items: items.map { IncidentItem($0, parts.catalogue) },
                next: next.map { "\($0.opened)_\($0.incident)" },
                counts: .init(pending: counts.pending, open: counts.open), event: event.text)
        }
        return Response(json: list)
    }

    static func filter(_ call: Call) throws -> Outbox.IncidentFilter {
        var filter = Outbox.IncidentFilter()
        filter.area = try call.account.area
        if let review = call.query("review") {
            guard review == "pending" || Verdict(rawValue: review) != nil else { throw Fault.malformed }
            filter.review = review
        }
        if let state = call.query("state") {
            guard ["open", "closed"].contains(state) else { throw Fault.malformed }
            filter.isOpen = state == "open"
        }
        (filter.camera, filter.kind) = (call.query("camera"), call.query("kind"))
        filter.words = call.query("q").map { String($0.prefix(100)) }
        for (name, key) in [("from", \Outbox.IncidentFilter.from), ("to", \.to)] {
            guard let text = call.query(name) else { continue }
            guard let date = RFC3339.date(from: text) else { throw Fault.malformed }
            filter[keyPath: key] = date
        }
        return filter
    }

    private static func cursor(_ text: String) throws -> Outbox.IndexCursor {
        let parts = text.split(separator: "_", maxSplits: 1)
        guard parts.count == 2, let opened = Double(parts[0]), UUID(uuidString: String(parts[1])) != nil else {
            throw Fault.malformed
        }
        return .init(opened: opened, incident: String(parts[1]))
    }

    /// One that the account may see: what lies elsewhere is not there for it.
    private func incident(_ call: Call) async throws -> Outbox.IndexedIncident {
        guard let id = UUID(uuidString: call.value("id")) else { throw Fault.notFound }
        let account = try call.account
        guard let found = try await desk.run({ try $0.outbox.indexedIncident(id) }),
            account.covers(found.event.data.area.code)
        else { throw Fault.notFound }
        return found
    }

    private func history(_ call: Call) async throws -> Response {
        guard let id = UUID(uuidString: try await incident(call).event.subject) else { throw Fault.notFound }
        return Response(json: ["items": try await desk.run { try $0.outbox.history(of: id) }])
    }

    private func picture(_ call: Call) async throws -> Response {
        let (account, sha256) = (try call.account, try call.sha256)
        let found = try await desk.run { try $0.outbox.indexedPicture(sha256) }
        guard let found, account.covers(found.area) else { throw Fault.notFound }
        guard let bytes = try await desk.run({ $0.picture(found.file, sha256, found.bytes) }) else { throw Fault.gone }
        try await views.note(
            .evidenceViewed, of: found.incident, ["incident": found.incident, "sha256": sha256], call)
        return Response(
            status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func review(_ call: Call) async throws -> Response {
        struct Body: Decodable {
            let id: String
            let verdict: String
            let note: String?
        }
        // Before the body is looked at: what lies elsewhere is not there, whatever is said of it.
        let (found, account) = (try await incident(call), try call.account)
        let body: Body = try await call.body()
        guard (8...64).contains(body.id.utf8.count), (body.note ?? "").count <= Self.longestNote else {
            throw Fault.malformed
        }
        var fields = [
            "id": body.id, "incident": found.event.subject, "verdict": body.verdict, "by": account.name,
        ]
        if let note = body.note, !note.isEmpty { fields["note"] = note }
        let (request, address, date) = (Array(try WireJSON.encode(fields)), call.address, desk.now)
        do {
            return Response(json: try await desk.run { try $0.review(request, found.topic, address) })
        } catch let rejection as Rejection {
            var facts = ["incident": found.event.subject, "reason": rejection.reason.rawValue, "address": address]
            facts["id"] = body.id
            facts["verdict"] = String(body.verdict.prefix(64))
            try await desk.run { [facts] in
                try $0.outbox.audit(.reviewRefused, by: account.name, facts: facts, at: date)
            }
            throw Fault(rejection)
        }
    }
}

extension Fault {
    fileprivate init(_ rejection: Rejection) {
        switch rejection.reason {
        case .withdrawn:
            self.init(
                .conflict, "withdrawn", zh: "此前已撤回，不能再作判断。",
                en: "It was withdrawn before: no other verdict is taken.")
        case .idReused:
            self.init(.conflict, "id_reused", zh: "该编号已用于另一次判断。", en: "Another review had this id.")
        case .unknownIncident: self = .notFound
        case .unauthorised: self = .role
        default: self = .malformed
        }
    }
}

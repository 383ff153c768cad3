import Contract
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// An account's own sessions and tokens: where it is open, and how that ends.
struct OwnSessionRoutes: Sendable {
    private let desk: AccessDesk

    init(_ desk: AccessDesk) { self.desk = desk }

    var all: [Route] {
        [
            Route(.get, "/api/v1/me/sessions", .account(.viewer)) { try await list($0) },
            Route(.delete, "/api/v1/me/sessions", .account(.viewer)) { try await endOthers($0) },
            Route(.delete, "/api/v1/me/sessions/:id", .account(.viewer)) { try await end($0) },
        ]
    }

    private func list(_ call: Call) async throws -> Response {
        let (name, hash, date) = (try call.account.name, call.sessionHash, desk.now)
        let rows = try await desk.run { try $0.sessions(of: name, at: date) }
        return Response(json: ["items": rows.map { SessionItem($0, desk.timeZone, current: hash) }])
    }

    /// All but this one and the tokens, which programs have.
    private func endOthers(_ call: Call) async throws -> Response {
        let (requester, hash, date) = (try call.requester, call.sessionHash, desk.now)
        let count = try await desk.run {
            try $0.endSessions(
                of: requester.name, except: hash ?? "", by: requester.name, from: requester.address, at: date)
        }
        return Response(json: ["ended": count])
    }

    private func end(_ call: Call) async throws -> Response {
        let (requester, id, date) = (try call.requester, call.value("id"), desk.now)
        let isThere = try await desk.run {
            try $0.end(
                sessionNamed: id, of: requester.name, by: requester.name, from: requester.address, at: date)
        }
        guard isThere else { throw Fault.notFound }
        return Response(status: .noContent)
    }
}

/// A session or token in a list.
struct SessionItem: Encodable {
    let id: String
    /// `session` or `token`.
    let kind: String
    /// RFC 3339, as all times here.
    let created: String
    let seen: String
    let expires: String
    /// Where it was opened; empty for the box itself.
    let address: String
    /// Whether it is the one that asks.
    let current: Bool

    init(_ row: SessionRow, _ timeZone: TimeZone, current hash: String?) {
        func text(_ date: Date) -> String { RFC3339.string(from: date, in: timeZone) }
        (id, kind, address) = (row.id, row.kind.rawValue, row.address)
        (created, seen, expires) = (text(row.created), text(row.seen), text(row.expires))
        current = hash.map(SessionRules.name(of:)) == row.id
    }
}

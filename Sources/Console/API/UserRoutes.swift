import Contract
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// Accounts, for administrators.
struct UserRoutes: Sendable {
    private let desk: AccessDesk
    private let book: AccountBook

    init(_ desk: AccessDesk) {
        self.desk = desk
        book = AccountBook(desk.store, desk.rules) { [desk] in desk.now }
    }

    var all: [Route] {
        [
            Route(.get, "/api/v1/users", .account(.admin)) { try await list($0) },
            Route(.post, "/api/v1/users", .account(.admin)) { try await add($0) },
            Route(.put, "/api/v1/users/:name", .account(.admin)) { try await change($0) },
            Route(.delete, "/api/v1/users/:name", .account(.admin)) { call in
                let (name, requester) = (call.value("name"), try call.requester)
                try await refusing { try $0.remove(name, requester) }
                return Response(status: .noContent)
            },
            Route(.post, "/api/v1/users/:name/reset", .account(.admin)) { call in
                let (name, requester) = (call.value("name"), try call.requester)
                return issued(code: try await refusing { try $0.reset(name, requester) })
            },
            Route(.post, "/api/v1/users/:name/tokens", .account(.admin)) { try await token($0) },
            Route(.delete, "/api/v1/users/:name/sessions/:id", .account(.admin)) { try await end($0) },
        ]
    }

    private struct Item: Encodable {
        let name: String
        let role: String
        let area: String?
        let grid: String?
        let department: String?
        let hasPassword: Bool
        let created: String
        let sessions: [SessionItem]

        private enum CodingKeys: String, CodingKey {
            case name, role, area, grid, department, created, sessions
            case hasPassword = "has_password"
        }
    }

    private func list(_ call: Call) async throws -> Response {
        let (hash, date, timeZone) = (call.sessionHash, desk.now, desk.timeZone)
        let (accounts, sessions) = try await desk.run {
            (try $0.accounts(), try $0.sessions(at: date))
        }
        let byUser = Dictionary(grouping: sessions, by: \.user)
        let items = accounts.map { account in
            Item(
                name: account.name, role: account.role.rawValue, area: account.area.map { $0.segment($0.level) },
                grid: account.grid, department: account.department, hasPassword: account.hasPassword,
                created: RFC3339.string(from: account.created, in: timeZone),
                sessions: (byUser[account.name] ?? []).map { SessionItem($0, timeZone, current: hash) })
        }
        return Response(json: ["items": items])
    }

    private func add(_ call: Call) async throws -> Response {
        struct Body: Decodable {
            let name: String
            let role: String
            let area: String?
            let grid: String?
            let department: String?

            var rights: AccountBook.Rights { .init(role: role, area: area, grid: grid, department: department) }
        }
        let (body, requester): (Body, Requester) = (try await call.body(), try call.requester)
        let code = try await refusing { try $0.add(body.name, body.rights, requester) }
        return issued(code: code, status: .created)
    }

    private func change(_ call: Call) async throws -> Response {
        let (rights, requester): (AccountBook.Rights, Requester) = (try await call.body(), try call.requester)
        let name = call.value("name")
        try await refusing { try $0.change(name, rights, requester) }
        return Response(status: .noContent)
    }

    private func token(_ call: Call) async throws -> Response {
        struct Body: Decodable { let days: Int }
        let (body, requester): (Body, Requester) = (try await call.body(), try call.requester)
        let name = call.value("name")
        let token = try await refusing { try $0.token(of: name, days: body.days, requester) }
        return Response(json: ["token": token.secret, "expires": text(token.expires)], status: .created)
    }

    private func end(_ call: Call) async throws -> Response {
        let (requester, date) = (try call.requester, desk.now)
        let (name, id) = (call.value("name"), call.value("id"))
        let isThere = try await desk.run {
            try $0.end(
                sessionNamed: id, of: name, by: requester.name, from: requester.address, at: date)
        }
        guard isThere else { throw Fault.notFound }
        return Response(status: .noContent)
    }

    private func issued(code: AccountBook.Issued, status: HTTPResponse.Status = .ok) -> Response {
        Response(json: ["code": code.secret, "expires": text(code.expires)], status: status)
    }

    private func text(_ date: Date) -> String { RFC3339.string(from: date, in: desk.timeZone) }

    private func refusing<Result: Sendable>(_ body: @Sendable (AccountBook) throws -> Result) async throws -> Result {
        do { return try await desk.run { [book] _ in try body(book) } } catch let refusal as AccountRefusal {
            throw refusal.fault
        }
    }
}

import Contract
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// Signing in and out, and the first administrator.
struct SessionRoutes: Sendable {
    private let desk: AccessDesk
    private let doors: SignIn

    init(_ desk: AccessDesk, _ doors: SignIn) { (self.desk, self.doors) = (desk, doors) }

    var all: [Route] {
        [
            Route(.get, "/api/v1/session", .everybody) { try await who($0) },
            Route(.post, "/api/v1/session", .everybody) { try await signIn($0) },
            Route(.delete, "/api/v1/session", .account(.viewer)) { try await signOut($0) },
            Route(.post, "/api/v1/setup", .everybody) { try await redeem($0) },
            Route(.post, "/api/v1/me/password", .account(.viewer)) { try await change($0) },
        ]
    }

    private struct Who: Encodable {
        let user: String
        let role: String
        let area: String?
        let grid: String?
        let department: String?
        /// That an account may have here.
        let roles: [String]
        /// Whether an account may be limited to a grid and a department.
        let narrow: Bool
        let expires: String
    }

    private func who(_ call: Call) async throws -> Response {
        guard let session = call.session else {
            // The page then begins with the code for the first administrator.
            throw try await desk.run { try $0.accounts().isEmpty } ? Fault.noUsers(desk.rules.command) : Fault.noSession
        }
        return Response(json: who(session.account, session.expires))
    }

    private func who(_ account: Account, _ expires: Date) -> Who {
        Who(
            user: account.name, role: account.role.rawValue, area: account.area.map { $0.segment($0.level) },
            grid: account.grid, department: account.department, roles: desk.rules.roles.map(\.rawValue),
            narrow: desk.store.hasNarrowAccounts, expires: RFC3339.string(from: expires, in: desk.timeZone))
    }

    private func signIn(_ call: Call) async throws -> Response {
        struct Body: Decodable {
            let user: String
            let password: String
        }
        let body: Body = try await call.body()
        return opened(try await doors.signIn(body.user, body.password, from: call.address), call)
    }

    private func redeem(_ call: Call) async throws -> Response {
        struct Body: Decodable {
            let code: String
            let user: String
            let password: String
        }
        let body: Body = try await call.body()
        let opened = try await doors.redeem(body.code, body.user, body.password, from: call.address)
        return self.opened(opened, call, status: .created)
    }

    private func change(_ call: Call) async throws -> Response {
        struct Body: Decodable {
            let old: String
            let new: String
        }
        let body: Body = try await call.body()
        return opened(
            try await doors.change(call.account, from: body.old, to: body.new, address: call.address), call)
    }

    private func signOut(_ call: Call) async throws -> Response {
        guard let hash = call.sessionHash else { throw Fault.noSession }
        let (date, address) = (desk.now, call.address)
        try await desk.run { try $0.end(session: hash, from: address, at: date) }
        return Response(status: .noContent, headers: [.setCookie: cookie("", seconds: 0, call)])
    }

    private func opened(_ opened: SignIn.Opened, _ call: Call, status: HTTPResponse.Status = .ok) -> Response {
        var response = Response(json: who(opened.account, opened.expires), status: status)
        response.headers[.setCookie] = cookie(opened.token, seconds: Int(SignIn.longest), call)
        return response
    }

    private func cookie(_ value: String, seconds: Int, _ call: Call) -> String {
        "\(Gate.cookie)=\(value); HttpOnly; SameSite=Strict; Path=/; Max-Age=\(seconds)"
            + (call.isEncrypted ? "; Secure" : "")
    }
}

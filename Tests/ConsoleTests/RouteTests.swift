import Contract
import Domain
import Foundation
import HTTPTypes
import Store
import TestSupport
import Testing

@testable import Console

/// Walks the table: every address and verb, by everybody.
@Suite(.waiting(minutes: 2)) struct RouteTests {
    private static func routes(_ harness: ConsoleHarness) throws -> [Route] {
        let parts = ConsoleParts(
            outbox: harness.outbox, site: harness.site, catalogue: try Catalogue.builtIn(), health: { [] },
            cameras: { [] },
            review: { _, _ in throw Fault.notFound }, picture: { _, _, _ in nil })
        let desk = ConsoleDesk(parts)
        return Routes.all(desk, parts, Broadcaster(desk))
    }

    /// An address that exists, or looks as if it did.
    private static func path(_ route: Route, _ incident: String) -> String {
        route.path.replacing(":id", with: incident).replacing(":sha256", with: String(repeating: "a", count: 64))
            .replacing(":hash", with: "0").replacing(":name", with: "app.js")
    }

    @Test func `every route lets in those whom the table names, and nobody else`() async throws {
        let harness = try await ConsoleHarness()
        let incident = try harness.report().id.text
        for role in Account.Role.allCases { try harness.account(role.rawValue, role) }
        var roles: [(name: String, role: Account.Role?, cookie: String?)] = [
            ("nobody", nil, nil), ("a wrong session", nil, "gw=" + String(repeating: "0", count: 64)),
        ]
        for route in try Self.routes(harness) where route.path != "/api/v1/events" {
            for role in Account.Role.allCases { roles.append((role.rawValue, role, try harness.signIn(role.rawValue))) }
            defer { roles.removeLast(Account.Role.allCases.count) }
            for (name, role, cookie) in roles {
                let answer = try harness.send(
                    route.method.rawValue, Self.path(route, incident), cookie: cookie,
                    body: route.method == .get ? nil : "{}")
                let what: Comment =
                    "\(route.method) \(route.path) by \(name): \(answer.status) \(answer.text.prefix(200))"
                switch route.access {
                case .everybody: #expect(answer.status != 403, what)
                case .account(let needed):
                    if let role {
                        #expect((answer.status == 403) == (role < needed), what)
                        #expect(answer.status != 401, what)
                    } else {
                        #expect(answer.status == 401, what)
                    }
                }
                #expect(answer.headers["content-security-policy"]?.contains("default-src 'none'") == true, what)
                #expect(answer.headers["x-content-type-options"] == "nosniff", what)
                if answer.status >= 400 {
                    let problem = try answer.json()
                    let title = try #require(problem["title"] as? [String: String], what)
                    #expect(title["zh"]?.isEmpty == false && title["en"]?.isEmpty == false, what)
                    #expect((problem["type"] as? String)?.hasPrefix("urn:gridwarden:fault:") == true, what)
                    #expect(problem["status"] as? Int == answer.status, what)
                }
            }
        }
        try await harness.stop()
    }

    @Test func `an address without that verb is 405, and one that is not there 404`() async throws {
        let harness = try await ConsoleHarness()
        #expect(try harness.send("PUT", "/api/v1/site", body: "{}").status == 405)
        #expect(try harness.send("DELETE", "/", body: "{}").status == 405)
        for path in [
            "/nothing", "/api/v1/nothing", "/assets/0/../../etc/passwd", "/assets/x/app.js", "/api/v1/incidents/a/b/c",
        ] {
            #expect(try harness.send("GET", path).status == 404, "\(path)")
        }
        try await harness.stop()
    }

    @Test func `the shell and its code hold nothing of the site, and come compressed`() async throws {
        let harness = try await ConsoleHarness()
        let shell = try harness.send("GET", "/incident?id=1", headers: ["Accept-Language": "en-GB"])
        #expect(shell.status == 200 && shell.text.contains("lang=\"en\"") && !shell.text.contains("edge-01"))
        #expect(try harness.send("GET", "/", headers: ["Accept-Language": "zh-CN"]).text.contains("zh-Hans"))
        let match = try #require(try shell.text.firstMatch(of: Regex("src=\"(/assets/[0-9a-f]+/app.js)\"")))
        let address = String(try #require(match[1].substring))
        let plain = try harness.send("GET", address)
        #expect(plain.headers["cache-control"]?.contains("immutable") == true)
        let head = try harness.send("GET", address, headers: ["Accept-Encoding": "gzip, br"])
        #expect(head.headers["content-encoding"] == "gzip")
        let length = try #require(head.headers["content-length"].flatMap { Int($0) })
        #expect(length < plain.body.count / 2)
        try await harness.stop()
    }
}

import Domain
import Foundation
import Hashing
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Console

/// Who may do what at a centre, and what accounts with limits see: walked by every route.
@Suite(.waiting(minutes: 4)) struct PageAccessTests {
    /// Verb, address, who at least, and what an account finds that is limited to something else.
    private static let table = AccessTable(
        """
        GET    /                               everybody  same
        GET    /case                           everybody  same
        GET    /list                           everybody  same
        GET    /sites                          everybody  same
        GET    /deliveries                     everybody  same
        GET    /account                        everybody  same
        GET    /users                          everybody  same
        GET    /audit                          everybody  same
        GET    /signin                         everybody  same
        GET    /setup                          everybody  same
        GET    /favicon.ico                    everybody  same
        GET    /assets/:hash/:name             everybody  same
        GET    /api/v1/session                 everybody  same
        POST   /api/v1/session                 everybody  same
        DELETE /api/v1/session                 viewer     same
        POST   /api/v1/setup                   everybody  same
        POST   /api/v1/me/password             viewer     same
        GET    /api/v1/me/sessions             viewer     same
        DELETE /api/v1/me/sessions             viewer     same
        DELETE /api/v1/me/sessions/:id         viewer     same
        GET    /api/v1/centre                  viewer     same
        GET    /api/v1/overview                viewer     empty
        GET    /api/v1/cases                   viewer     empty
        GET    /api/v1/cases.csv               dispatcher empty
        GET    /api/v1/cases/:case             viewer     absent
        POST   /api/v1/cases/:case/accept      worker     absent
        POST   /api/v1/cases/:case/decline     worker     absent
        POST   /api/v1/cases/:case/dispatch    worker     absent
        POST   /api/v1/cases/:case/handled     worker     absent
        POST   /api/v1/cases/:case/check       worker     absent
        POST   /api/v1/cases/:case/rework      worker     absent
        POST   /api/v1/cases/:case/close       worker     absent
        POST   /api/v1/cases/:case/note        worker     absent
        POST   /api/v1/cases/:case/merge       dispatcher absent
        POST   /api/v1/cases/:case/split       dispatcher absent
        POST   /api/v1/cases/:case/reopen      dispatcher absent
        GET    /api/v1/evidence/:sha256        viewer     absent
        GET    /api/v1/sites                   viewer     empty
        GET    /api/v1/refusals                viewer     refused
        GET    /api/v1/deliveries              admin      refused
        POST   /api/v1/deliveries/:id/retry    admin      refused
        GET    /api/v1/events                  viewer     empty
        GET    /api/v1/users                   admin      refused
        POST   /api/v1/users                   admin      refused
        PUT    /api/v1/users/:user             admin      refused
        DELETE /api/v1/users/:user             admin      refused
        POST   /api/v1/users/:user/reset       admin      refused
        POST   /api/v1/users/:user/tokens      admin      refused
        DELETE /api/v1/users/:user/sessions/:s admin      refused
        GET    /api/v1/audit                   admin      refused
        GET    /api/v1/audit/chain             admin      refused
        """)

    /// What a route needs besides its request id to come to its case.
    private static let body = """
        {"request_id": "12345678-walk", "with": "QX-000000-0001", "incident": "x", "note": "x", "verdict": "duplicate"}
        """

    @Test func `every route of the centre is in the table, with the access that it has there`() async throws {
        let harness = try await PageHarness()
        #expect(Self.table.isWhole)
        for route in harness.page.routes {
            let shape = AccessTable.shape(route.verb, route.path)
            let row = try #require(Self.table[shape], "\(shape) is not in the table of this test: who may?")
            switch route.access {
            case .everybody: #expect(row.least == "everybody", "\(shape)")
            case .account(let role):
                #expect(row.least == role.rawValue && (role == .admin) == (row.elsewhere == .refused), "\(shape)")
            case .wholeSite(let role): #expect(row.least == role.rawValue && row.elsewhere == .refused, "\(shape)")
            }
        }
        try await harness.stop()
    }

    @Test func `every route of the centre lets in those whom the table names, and shows nobody what lies elsewhere`()
        async throws
    {
        let harness = try await PageHarness()
        let street = try Street()
        let item = try harness.report(street, 1)
        let sha256 = String(repeating: "0", count: 64)
        let values = [
            "cases": item.id, "evidence": sha256, "users": "nobody-1", "assets": CentrePage.library.hash,
            ":hash": "centre.js",
        ]
        let limits: [(name: String, area: String?, grid: String?, department: String?)] = [
            ("", nil, nil, nil), ("-village", "320583102202", nil, nil), ("-county", "440305", nil, nil),
            ("-grid", "320583102201", "004", nil), ("-department", nil, nil, "market-regulation"),
        ]
        for role in Account.Role.ofCentre {
            for limit in limits {
                try harness.account(
                    "\(role)\(limit.name)", role, area: limit.area, grid: limit.grid, department: limit.department)
            }
        }
        for route in harness.page.routes {
            let shape = AccessTable.shape(route.verb, route.path)
            let row = try #require(Self.table[shape])
            for role in Account.Role.ofCentre {
                for limit in limits {
                    // Some routes end the session.
                    let cookie = "gw=\(try harness.secret(of: "\(role)\(limit.name)", .session))"
                    let answer = try harness.send(
                        route.verb, AccessTable.address(route.path, values), cookie: cookie,
                        body: route.verb == "GET" ? nil : Self.body, patience: route.path.hasSuffix("/events") ? 1 : 10)
                    let what: Comment = "\(shape) by \(role)\(limit.name): \(answer.status) \(answer.text.prefix(200))"
                    check(answer, row, role, isLimited: limit.name != "", limit.department != nil, item, what)
                }
            }
            guard row.least != "everybody" else { continue }
            let answer = try harness.send(
                route.verb, AccessTable.address(route.path, values), body: route.verb == "GET" ? nil : Self.body)
            #expect(answer.status == 401, "\(shape) by nobody: \(answer.status)")
        }
        try await harness.stop()
    }

    private func check(
        _ answer: PageHarness.Answer, _ row: AccessTable.Row, _ role: Account.Role, isLimited: Bool,
        _ hasDepartment: Bool,
        _ item: CaseItem, _ what: Comment
    ) {
        #expect(answer.headers["content-security-policy"]?.contains("default-src 'none'") == true, what)
        guard let least = Account.Role(rawValue: row.least) else {
            #expect(answer.status != 403, what)
            return
        }
        guard role >= least else {
            #expect(answer.status == 403, what)
            return
        }
        #expect(answer.status != 401, what)
        guard isLimited else { return }
        switch row.elsewhere {
        case .same: #expect(answer.status != 403, what)
        case .empty:
            // Sites are of no department.
            let isRefused = hasDepartment && answer.status == 403
            #expect(answer.status == 200 || isRefused, what)
            for secret in [item.id, item.number, "edge1", "cam-01", "人民路东"] {
                #expect(!answer.text.contains(secret), what)
            }
        case .absent: #expect(answer.status == 404, what)
        case .refused: #expect(answer.status == 403, what)
        }
    }

    @Test func `an account of a village, a grid or a department sees its own, and may not ask for more`() async throws {
        let harness = try await PageHarness()
        let (here, there) = (try Street(1), try Street(2, village: "320583102202"))
        let (mine, other) = (try harness.report(here, 1), try harness.report(there, 1))
        let refuse = try harness.report(here, 2, kind: "env.garbage_exposed")
        func seen(_ cookie: String, _ query: String = "") throws -> Set<String> {
            let answer = try harness.send("GET", "/api/v1/cases\(query)", cookie: cookie)
            let items = try answer.json()["items"] as? [[String: Any]] ?? []
            return Set(items.compactMap { $0["id"] as? String })
        }
        #expect(try seen(harness.account("chief", .admin)) == [mine.id, other.id, refuse.id])
        let village = try harness.account("v", .viewer, area: "320583102201")
        #expect(try seen(village) == [mine.id, refuse.id])
        #expect(try seen(harness.account("g", .viewer, area: "320583102201", grid: "003")) == [mine.id, refuse.id])
        #expect(try seen(harness.account("g4", .viewer, area: "320583102201", grid: "004")) == [])
        #expect(try seen(harness.account("d", .worker, department: mine.department)) == [mine.id, other.id])
        for query in ["?area=320583102202", "?area=320583", "?area=44"] {
            #expect(try harness.send("GET", "/api/v1/cases\(query)", cookie: village).status == 403, "\(query)")
            #expect(try harness.send("GET", "/api/v1/overview\(query)", cookie: village).status == 403, "\(query)")
        }
        #expect(try harness.send("GET", "/api/v1/cases?area=x", cookie: village).status == 400)
        try await harness.stop()
    }

    @Test func `an account with a grid needs its village, and one with a department is shown no sums by hour`()
        async throws
    {
        let harness = try await PageHarness()
        let admin = try harness.account("chief", .admin)
        func add(_ body: String) throws -> Int {
            try harness.send("POST", "/api/v1/users", cookie: admin, body: body).status
        }
        #expect(try add(#"{"name": "a", "role": "operator"}"#) == 422)
        #expect(try add(#"{"name": "a", "role": "worker", "grid": "003"}"#) == 422)
        #expect(try add(#"{"name": "a", "role": "worker", "grid": "003", "area": "320583102"}"#) == 422)
        #expect(try add(#"{"name": "a", "role": "worker", "grid": "003", "area": "320583102201"}"#) == 201)
        #expect(try add(#"{"name": "b", "role": "admin", "department": "sanitation"}"#) == 422)
        #expect(try add(#"{"name": "b", "role": "worker", "department": "sanitation"}"#) == 201)
        let account = try #require(try harness.accounts.account("a")?.account)
        #expect(account.grid == "003" && account.department == nil && account.area?.level == .village)
        _ = try harness.report(Street(), 1)
        let officer = "gw=\(try harness.secret(of: "b", .session))"
        let overview = try harness.send("GET", "/api/v1/overview", cookie: officer).json()
        let figures = try #require(overview["figures"] as? [String: Any])
        #expect(figures["open"] as? Int == 0 && figures["found"] == nil && overview["sites"] == nil)
        // The log has it, and is whole.
        #expect(try harness.accounts.verifyAudit(after: nil, limit: 1000).entries > 4)
        try await harness.stop()
    }
}

import Contract
import Domain
import Foundation
import HTTPTypes
import Hashing
import Store
import TestSupport
import Testing

@testable import Console

/// Who may do what: the table of the console's specification, walked by every verb and everybody.
@Suite(.waiting(minutes: 4)) struct AccessTableTests {
    /// Verb, address, who at least, and what an account of another area finds. A route without a row fails; a row that
    /// nothing serves yet is passed over.
    private static let table = AccessTable(
        """
        GET    /                                        everybody  same
        GET    /incident                                everybody  same
        GET    /cameras                                 everybody  same
        GET    /camera                                  everybody  same
        GET    /zones                                   everybody  same
        GET    /health                                  everybody  same
        GET    /add                                     everybody  same
        GET    /account                                 everybody  same
        GET    /users                                   everybody  same
        GET    /audit                                   everybody  same
        GET    /config                                  everybody  same
        GET    /versions                                everybody  same
        GET    /signin                                  everybody  same
        GET    /setup                                   everybody  same
        GET    /favicon.ico                             everybody  same
        GET    /assets/:hash/:name                      everybody  same
        GET    /status                                  viewer     refused
        GET    /metrics                                 viewer     refused
        GET    /api/v1/session                          everybody  same
        POST   /api/v1/session                          everybody  same
        DELETE /api/v1/session                          viewer     same
        POST   /api/v1/setup                            everybody  same
        POST   /api/v1/me/password                      viewer     same
        GET    /api/v1/me/sessions                      viewer     same
        DELETE /api/v1/me/sessions                      viewer     same
        DELETE /api/v1/me/sessions/:id                  viewer     same
        GET    /api/v1/site                             viewer     same
        GET    /api/v1/events                           viewer     empty
        GET    /api/v1/health                           viewer     same
        GET    /api/v1/health/history                   viewer     empty
        GET    /api/v1/cameras                          viewer     empty
        GET    /api/v1/cameras/:camera                  viewer     absent
        GET    /api/v1/cameras/:camera/still            viewer     absent
        POST   /api/v1/cameras/:camera/snapshot         operator   absent
        GET    /api/v1/cameras/:camera/zones            viewer     absent
        POST   /api/v1/cameras/:camera/preview          operator   absent
        PUT    /api/v1/cameras/:camera/zones            admin      refused
        GET    /api/v1/commissioning                    admin      refused
        POST   /api/v1/commissioning/search             admin      refused
        POST   /api/v1/cameras/test                     admin      refused
        GET    /api/v1/cameras/test/:job                admin      refused
        DELETE /api/v1/cameras/test/:job                admin      refused
        GET    /api/v1/cameras/test/:job/still          admin      refused
        POST   /api/v1/cameras                          admin      refused
        PUT    /api/v1/cameras/:camera                  admin      refused
        DELETE /api/v1/cameras/:camera                  admin      refused
        GET    /api/v1/incidents                        viewer     empty
        GET    /api/v1/incidents.csv                    operator   empty
        GET    /api/v1/incidents/:incident              viewer     absent
        GET    /api/v1/incidents/:incident/messages     viewer     absent
        GET    /api/v1/incidents/:incident/export       operator   absent
        POST   /api/v1/incidents/:incident/review       operator   absent
        GET    /api/v1/evidence/:sha256                 viewer     absent
        GET    /api/v1/config/versions                  admin      refused
        GET    /api/v1/config/versions/:number          admin      refused
        POST   /api/v1/config/versions/:number/restore  admin      refused
        GET    /api/v1/users                            admin      refused
        POST   /api/v1/users                            admin      refused
        PUT    /api/v1/users/:user                      admin      refused
        DELETE /api/v1/users/:user                      admin      refused
        POST   /api/v1/users/:user/reset                admin      refused
        POST   /api/v1/users/:user/tokens               admin      refused
        DELETE /api/v1/users/:user/sessions/:session    admin      refused
        GET    /api/v1/audit                            admin      refused
        GET    /api/v1/audit/chain                      admin      refused
        """)

    private static func routes(_ harness: ConsoleHarness) throws -> [Route] {
        let parts = try harness.parts
        let desk = ConsoleDesk(parts)
        return Routes.all(desk, parts, Broadcaster(desk))
    }

    @Test func `every route is in the table, with the access that it has there`() async throws {
        let harness = try await ConsoleHarness()
        #expect(Self.table.isWhole)
        for route in try Self.routes(harness) {
            let shape = AccessTable.shape(route.method.rawValue, route.path)
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

    private struct Persona {
        let name: String
        var role: Account.Role?
        var isElsewhere = false
        var cookie: String?
        var token: String?
    }

    /// Everybody who may come, each with a session of its own: some routes end it.
    private static func personas(_ harness: ConsoleHarness) throws -> [Persona] {
        let wrong = String(repeating: "0", count: 64)
        var personas = [
            Persona(name: "no session"), Persona(name: "a wrong session", cookie: "gw=\(wrong)"),
            Persona(name: "an empty session", cookie: "gw="), Persona(name: "a wrong token", token: wrong),
        ]
        for role in Account.Role.allCases {
            personas.append(
                Persona(name: "\(role)", role: role, cookie: try harness.session(of: role.rawValue)))
            personas.append(
                Persona(name: "\(role)'s token", role: role, token: try harness.session(of: role.rawValue, .token)))
            let name = "\(role)-elsewhere"
            personas.append(
                Persona(name: name, role: role, isElsewhere: true, cookie: try harness.session(of: name)))
        }
        return personas
    }

    @Test func `every route lets in those whom the table names, and nobody else`() async throws {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts())
        let incident = try harness.report()
        for role in Account.Role.allCases {
            try harness.account(role.rawValue, role)
            try harness.account("\(role)-elsewhere", role, area: "440305")
        }
        let sha256 = try SHA256.hex(harness.picture(of: incident))
        let values = [
            "incidents": incident.id.text, "evidence": sha256, "cameras": "cam-01", "users": "nobody-1",
            "assets": AssetLibrary.shared.hash, ":hash": "app.js",
        ]
        var codes: [String: Int] = [:]
        for route in try Self.routes(harness) {
            let shape = AccessTable.shape(route.method.rawValue, route.path)
            guard let row = Self.table[shape] else { continue }
            for persona in try Self.personas(harness) {
                var headers: [String: String?] = [:]
                if let token = persona.token { headers["Authorization"] = "Bearer \(token)" }
                let answer = try harness.send(
                    route.method.rawValue, AccessTable.address(route.path, values), cookie: persona.cookie,
                    body: route.method == .get ? nil : "{}", headers: headers,
                    patience: route.path.hasSuffix("/events") ? 1 : 10)
                let what: Comment =
                    "\(shape) by \(persona.name): \(answer.status) \(answer.text.prefix(300))"
                check(answer, row, persona, incident.id.text, what)
                codes["\(answer.status)", default: 0] += 1
                try checkForm(answer, what)
            }
        }
        print("walked: answers by status \(codes.sorted { $0.key < $1.key })")
        try await harness.stop()
    }

    private func check(
        _ answer: ConsoleHarness.Answer, _ row: AccessTable.Row, _ persona: Persona, _ incident: String, _ what: Comment
    ) {
        guard let least = Account.Role(rawValue: row.least) else {
            // Who am I, and nothing else, is asked by whoever is nobody.
            #expect(answer.status != 403, what)
            return
        }
        guard let role = persona.role else {
            #expect(answer.status == 401 && answer.headers["www-authenticate"] == "Bearer", what)
            return
        }
        #expect(answer.status != 401, what)
        guard role >= least else {
            #expect(answer.status == 403 && answer.text.contains("urn:gridwarden:fault:role"), what)
            return
        }
        switch persona.isElsewhere ? row.elsewhere : .same {
        case .same: #expect(answer.status != 403, what)
        case .empty:
            #expect(answer.status == 200 && !answer.text.contains(incident) && !answer.text.contains("cam-01"), what)
        case .absent: #expect(answer.status == 404, what)
        case .refused: #expect(answer.status == 403, what)
        }
    }

    private func checkForm(_ answer: ConsoleHarness.Answer, _ what: Comment) throws {
        #expect(answer.headers["content-security-policy"]?.contains("default-src 'none'") == true, what)
        #expect(answer.headers["x-content-type-options"] == "nosniff", what)
        #expect(answer.headers["access-control-allow-origin"] == nil, what)
        guard answer.status >= 400 else { return }
        let problem = try answer.json()
        let title = try #require(problem["title"] as? [String: String], what)
        #expect(title["zh"]?.isEmpty == false && title["en"]?.isEmpty == false, what)
        #expect((problem["type"] as? String)?.hasPrefix("urn:gridwarden:fault:") == true, what)
        #expect(problem["status"] as? Int == answer.status, what)
    }

    @Test func `every other verb of an address is refused, and the answer names those that it takes`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("admin", .admin)
        let cookie = try harness.session(of: "admin")
        let routes = try Self.routes(harness)
        for (path, these) in Dictionary(grouping: routes, by: \.path) {
            let taken = Set(these.map(\.method.rawValue))
            for verb in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]
            where !taken.contains(verb) {
                let address = AccessTable.address(these[0].path, ["users": "x"])
                // Another row may have it: /incidents/1 and /incidents/:id.
                guard !routes.contains(where: { $0.method.rawValue == verb && $0.values(in: address) != nil })
                else { continue }
                for cookie in [nil, cookie] {
                    let answer = try harness.send(verb, address, cookie: cookie, body: verb == "HEAD" ? nil : "{}")
                    #expect(answer.status == 405, "\(verb) \(path)")
                    let allowed = Set(answer.headers["allow"]?.components(separatedBy: ", ") ?? [])
                    #expect(allowed.isSuperset(of: taken) && !allowed.contains(verb), "\(verb) \(path): \(allowed)")
                    #expect(answer.headers["access-control-allow-methods"] == nil)
                    #expect(verb != "HEAD" || answer.body.isEmpty)
                }
            }
        }
        try await harness.stop()
    }

    @Test func `a session that has ended, of an account that is gone, opens nothing`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("admin", .admin)
        try harness.account("worker", .operator)
        let (cookie, token) = (try harness.session(of: "worker"), try harness.session(of: "worker", .token))
        #expect(try harness.send("GET", "/api/v1/site", cookie: cookie).status == 200)
        #expect(try harness.outbox.remove(account: "worker", by: "admin", at: harness.now) == .done)
        for path in ["/api/v1/site", "/api/v1/incidents", "/metrics", "/status", "/api/v1/events"] {
            #expect(try harness.send("GET", path, cookie: cookie).status == 401, "\(path)")
            let byToken = try harness.send("GET", path, headers: ["Authorization": "Bearer \(token)"])
            #expect(byToken.status == 401, "\(path)")
        }
        try await harness.stop()
    }
}

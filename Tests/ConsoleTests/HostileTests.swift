import Contract
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

@Suite(.waiting(minutes: 2)) struct HostileTests {
    @Test func `another host name is refused, as after DNS rebinding`() async throws {
        let harness = try await ConsoleHarness(hosts: ["console.example.cn"])
        func status(_ host: String?) throws -> Int { try harness.send("GET", "/", headers: ["Host": host]).status }
        for host in ["localhost:1", "127.0.0.1", "[::1]:80", "console.example.cn", "CONSOLE.example.cn:8443"] {
            #expect(try status(host) == 200, "\(host)")
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "console.example.cn.evil", "localhost.evil:80", ""] {
            #expect([400, 421].contains(try status(host)), "\(host)")
        }
        try await harness.stop()
    }

    @Test func `a write that does not come from this page is refused`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .operator)
        let cookie = try harness.signIn("worker")
        let id = try harness.report().id.text
        func review(_ headers: [String: String?]) throws -> Int {
            try harness.send(
                "POST", "/api/v1/incidents/\(id)/review", cookie: cookie,
                body: "{\"id\":\"\(UUID().uuidString)\",\"verdict\":\"confirmed\"}", headers: headers
            ).status
        }
        #expect(try review(["Origin": "http://evil.example"]) == 403)
        #expect(try review(["Origin": nil]) == 403)
        #expect(try review(["Origin": "null"]) == 403)
        #expect(try review(["X-Gridwarden": nil]) == 403)
        #expect(try review(["Content-Type": "text/plain"]) == 415)
        #expect(try review(["Content-Type": "application/x-www-form-urlencoded"]) == 415)
        let incident = try #require(UUID(uuidString: id))
        let kept = try harness.outbox.indexedIncident(incident)
        #expect(kept?.event.data.incident.review == "pending")
        #expect(try review([:]) == 200)
        try await harness.stop()
    }

    @Test func `a token writes without a page, and ends when it is taken back`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("robot", .operator)
        let accounts = AccountDesk(harness.outbox, site: harness.site) { harness.now }
        let token = try #require(accounts.answer("/console/token/robot/30")?.token)
        let id = try harness.report().id.text
        func review() throws -> Int {
            try harness.send(
                "POST", "/api/v1/incidents/\(id)/review",
                body: "{\"id\":\"\(UUID().uuidString)\",\"verdict\":\"confirmed\"}",
                headers: ["Authorization": "Bearer \(token)", "Origin": nil, "X-Gridwarden": nil]
            ).status
        }
        #expect(try review() == 200)
        #expect(accounts.answer("/console/reset/robot")?.code?.count == 20)
        #expect(try review() == 401)
        try await harness.stop()
    }

    @Test func `bodies that are too large, broken or of another shape are refused`() async throws {
        let harness = try await ConsoleHarness()
        func session(_ body: String) throws -> Int { try harness.send("POST", "/api/v1/session", body: body).status }
        #expect(try session("{\"user\":\"" + String(repeating: "x", count: 70_000) + "\",\"password\":\"y\"}") == 413)
        for body in [
            "", "{", "[]", "null", "{\"user\":1,\"password\":2}", "\u{0}", String(repeating: "[", count: 5000),
        ] {
            #expect(try session(body) == 400, "\(body.prefix(20))")
        }
        try harness.account("worker", .operator)
        let cookie = try harness.signIn("worker")
        let id = try harness.report().id.text
        let reviews = [
            "{\"id\":\"12345678\",\"verdict\":\"guilty\"}", "{\"id\":\"1\",\"verdict\":\"confirmed\"}",
            "{\"id\":\"12345678\",\"verdict\":\"confirmed\",\"note\":\"\(String(repeating: "n", count: 201))\"}",
        ]
        for body in reviews {
            #expect(
                try harness.send("POST", "/api/v1/incidents/\(id)/review", cookie: cookie, body: body).status == 400)
        }
        for query in ["limit=0", "limit=1000", "limit=x", "after=x", "review=x", "state=x", "from=yesterday"] {
            #expect(try harness.send("GET", "/api/v1/incidents?\(query)", cookie: cookie).status == 400, "\(query)")
        }
        // What would be SQL is words.
        let words = try harness.send("GET", "/api/v1/incidents?q=%27%29%3B+DROP+TABLE+messages%3B--", cookie: cookie)
        let found = try words.json()["items"] as? [Any]
        #expect(words.status == 200 && found?.isEmpty == true)
        try await harness.stop()
    }

    @Test func `heads that never end or never come hold up nobody`() async throws {
        let harness = try await ConsoleHarness()
        let dribbling = try (0..<30).map { _ in try Line(harness.number) }
        for line in dribbling { line.write(Array("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".utf8)) }
        let flood = try harness.raw(
            Array(
                ("GET / HTTP/1.1\r\nHost: localhost\r\n" + (0..<200).map { "X-\($0): y\r\n" }.joined() + "\r\n").utf8),
            patience: 3)
        #expect(!String(decoding: flood.prefix(12), as: UTF8.self).contains("200"))
        #expect(try harness.send("GET", "/").status == 200)
        withExtendedLifetime(dribbling) {}
        try await harness.stop()
    }

    @Test func `a proxy's word about the client is taken only from a trusted one`() async throws {
        let trusting = try await ConsoleHarness(proxies: ["127.0.0.1"])
        try trusting.account("worker", .viewer)
        let body = "{\"user\":\"worker\",\"password\":\"\(ConsoleHarness.password)\"}"
        let headers = ["X-Forwarded-Proto": "https", "X-Forwarded-For": "9.9.9.9, 198.51.100.7"]
        let behind = try trusting.send("POST", "/api/v1/session", body: body, headers: headers)
        #expect(behind.headers["set-cookie"]?.contains("; Secure") == true)
        #expect(try trusting.outbox.auditEntries().last?.facts["address"] == "198.51.100.7")
        try await trusting.stop()
        let plain = try await ConsoleHarness()
        try plain.account("worker", .viewer)
        let direct = try plain.send("POST", "/api/v1/session", body: body, headers: headers)
        let cookie = try #require(direct.headers["set-cookie"])
        #expect(!cookie.contains("Secure") && cookie.contains("HttpOnly; SameSite=Strict; Path=/"))
        #expect(try plain.outbox.auditEntries().last?.facts["address"] == "127.0.0.1")
        try await plain.stop()
    }
}

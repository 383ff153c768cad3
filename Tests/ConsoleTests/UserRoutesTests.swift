import Contract
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

/// Accounts on the page of an administrator, and an account's own.
@Suite(.waiting(minutes: 2)) struct UserRoutesTests {
    private func status(_ harness: ConsoleHarness, _ cookie: String) throws -> Int {
        try harness.send("GET", "/api/v1/session", cookie: cookie).status
    }

    private func user(_ harness: ConsoleHarness, _ cookie: String, _ name: String) throws -> [String: Any]? {
        let items = try harness.send("GET", "/api/v1/users", cookie: cookie).json()["items"] as? [[String: Any]]
        return items?.first { $0["name"] as? String == name }
    }

    @Test func `an administrator adds an account, and its owner comes in with the code`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        let chief = try harness.signIn("chief")
        let body = "{\"name\":\"网格员17\",\"role\":\"operator\",\"area\":\"320583102\"}"
        let added = try harness.send("POST", "/api/v1/users", cookie: chief, body: body)
        #expect(added.status == 201 && added.headers["cache-control"] == "no-store")
        let code = try #require(try added.json()["code"] as? String)
        #expect(try harness.send("POST", "/api/v1/users", cookie: chief, body: body).status == 409)
        let fresh = try #require(try user(harness, chief, "网格员17"))
        #expect(fresh["has_password"] as? Bool == false && fresh["area"] as? String == "320583102")
        let entry = "{\"code\":\"\(code)\",\"user\":\"网格员17\",\"password\":\"\(ConsoleHarness.password)\"}"
        #expect(try harness.send("POST", "/api/v1/setup", body: entry).status == 201)
        #expect(try user(harness, chief, "网格员17")?["has_password"] as? Bool == true)
        // Shown once: the list has neither code nor hash.
        let list = try harness.send("GET", "/api/v1/users", cookie: chief).text
        #expect(!list.contains(code) && !list.contains("key") && !list.contains("salt"))
        let entries = try harness.outbox.auditEntries().filter { $0.event == .accountChanged }
        let made = try #require(entries.first { $0.by == "chief" })
        #expect(made.facts["account"] == "网格员17" && made.facts["address"] == "127.0.0.1")
        #expect(!entries.contains { $0.facts.values.contains(code) })
        try await harness.stop()
    }

    @Test func `names, roles and areas that are none are refused by the sentence that says so`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        let chief = try harness.signIn("chief")
        func add(_ body: String) throws -> String {
            let answer = try harness.send("POST", "/api/v1/users", cookie: chief, body: body)
            let type = (try answer.json()["type"] as? String) ?? ""
            return "\(answer.status) " + type.replacing("urn:gridwarden:fault:", with: "")
        }
        for name in ["", "..", "a/b", "a b", String(repeating: "x", count: 65)] {
            #expect(try add("{\"name\":\"\(name)\",\"role\":\"viewer\"}") == "422 name", "\(name)")
        }
        #expect(try add("{\"name\":\"a\",\"role\":\"king\"}") == "422 role_unknown")
        #expect(try add("{\"name\":\"a\",\"role\":\"viewer\",\"area\":\"32058\"}") == "422 area")
        #expect(try add("{\"name\":\"a\",\"role\":\"admin\",\"area\":\"320583\"}") == "422 area")
        #expect(try add("{\"name\":\"a\"}") == "400 malformed")
        #expect(try harness.outbox.accounts().map(\.name) == ["chief"])
        try await harness.stop()
    }

    @Test func `another role ends the sessions, and a reset the tokens too`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        try harness.account("worker", .operator)
        let chief = try harness.signIn("chief")
        let first = try harness.signIn("worker")
        let changed = try harness.send(
            "PUT", "/api/v1/users/worker", cookie: chief, body: "{\"role\":\"viewer\",\"area\":\"3205\"}")
        #expect(changed.status == 204)
        #expect(try status(harness, first) == 401)
        #expect(try user(harness, chief, "worker")?["role"] as? String == "viewer")
        let token = try harness.send(
            "POST", "/api/v1/users/worker/tokens", cookie: chief, body: "{\"days\":30}")
        #expect(token.status == 201)
        let secret = try #require(try token.json()["token"] as? String)
        func byToken() throws -> Int {
            try harness.send("GET", "/api/v1/site", headers: ["Authorization": "Bearer \(secret)"]).status
        }
        #expect(try byToken() == 200)
        let opened = try #require(try harness.outbox.auditEntries().last { $0.event == .sessionOpened })
        #expect(opened.by == "chief" && opened.facts["account"] == "worker" && opened.facts["kind"] == "token")
        let reset = try harness.send("POST", "/api/v1/users/worker/reset", cookie: chief, body: "{}")
        #expect((try reset.json()["code"] as? String)?.count == 20)
        #expect(try byToken() == 401)
        for days in ["0", "4000", "-1"] {
            #expect(
                try harness.send("POST", "/api/v1/users/worker/tokens", cookie: chief, body: "{\"days\":\(days)}")
                    .status == 422)
        }
        for (verb, path) in [
            ("PUT", "x"), ("DELETE", "x"), ("POST", "x/reset"), ("POST", "x/tokens"), ("DELETE", "worker/sessions/x"),
        ] {
            let body = "{\"role\":\"viewer\",\"days\":1}"
            #expect(try harness.send(verb, "/api/v1/users/\(path)", cookie: chief, body: body).status == 404, "\(path)")
        }
        try await harness.stop()
    }

    @Test func `the last administrator with a password stays one, whoever asks and however`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        let chief = try harness.signIn("chief")
        // Another one who has never come in opens nothing.
        let body = "{\"name\":\"second\",\"role\":\"admin\"}"
        #expect(try harness.send("POST", "/api/v1/users", cookie: chief, body: body).status == 201)
        let demoted = try harness.send("PUT", "/api/v1/users/chief", cookie: chief, body: "{\"role\":\"viewer\"}")
        #expect(demoted.status == 409)
        #expect(try demoted.json()["type"] as? String == "urn:gridwarden:fault:last_administrator")
        #expect(try harness.send("DELETE", "/api/v1/users/chief", cookie: chief, body: "{}").status == 409)
        #expect(AccountDesk(harness.outbox, site: harness.site).answer("/console/remove/chief")?.refused != nil)
        #expect(try harness.send("DELETE", "/api/v1/users/second", cookie: chief, body: "{}").status == 204)
        try harness.account("third", .admin)
        // Who was removed a moment ago removes nobody any more.
        let third = try harness.signIn("third")
        let answers = [
            try harness.send("DELETE", "/api/v1/users/third", cookie: chief, body: "{}").status,
            try harness.send("DELETE", "/api/v1/users/chief", cookie: third, body: "{}").status,
        ]
        #expect(answers == [204, 401])
        #expect(try harness.outbox.accounts().map(\.name) == ["chief"])
        try await harness.stop()
    }

    @Test func `an account sees where it is signed in, and ends the others`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .operator)
        try harness.account("other", .operator)
        let (here, there) = (try harness.signIn("worker"), try harness.signIn("worker"))
        let (third, stranger) = (try harness.signIn("worker"), try harness.signIn("other"))
        _ = try harness.session(of: "worker", .token)
        func sessions() throws -> [[String: Any]] {
            try #require(
                try harness.send("GET", "/api/v1/me/sessions", cookie: here).json()["items"] as? [[String: Any]])
        }
        #expect(try sessions().count == 4)
        #expect(try sessions().filter { $0["current"] as? Bool == true }.count == 1)
        // Of somebody else there is none of that name.
        let names = try harness.outbox.sessions(of: "other", at: harness.now).map(\.id)
        let alien = try #require(names.first)
        #expect(try harness.send("DELETE", "/api/v1/me/sessions/\(alien)", cookie: here, body: "{}").status == 404)
        #expect(try status(harness, stranger) == 200)
        let hash = try #require(
            try sessions().first { $0["current"] as? Bool == false && $0["kind"] as? String == "session" }?["id"]
                as? String)
        #expect(try harness.send("DELETE", "/api/v1/me/sessions/\(hash)", cookie: here, body: "{}").status == 204)
        var others = [try status(harness, there), try status(harness, third)].sorted()
        #expect(others == [200, 401])
        let ended = try harness.send("DELETE", "/api/v1/me/sessions", cookie: here, body: "{}")
        #expect(try ended.json()["ended"] as? Int == 1)
        #expect(try status(harness, here) == 200)
        others = [try status(harness, there), try status(harness, third)]
        #expect(others == [401, 401])
        #expect(try sessions().map { $0["kind"] as? String ?? "" }.sorted() == ["session", "token"])
        let out = try harness.send("DELETE", "/api/v1/session", cookie: here, body: "{}")
        #expect(out.status == 204)
        let closed = try harness.outbox.auditEntries().filter { $0.event == .sessionClosed }
        #expect(closed.count == 3 && closed.allSatisfy { $0.by == "worker" && $0.facts["address"] == "127.0.0.1" })
        try await harness.stop()
    }

    @Test func `without any account the page begins with the code`() async throws {
        let harness = try await ConsoleHarness()
        func type() throws -> String? {
            try harness.send("GET", "/api/v1/session").json()["type"] as? String
        }
        #expect(try type() == "urn:gridwarden:fault:no_users")
        try harness.account("chief", .admin)
        #expect(try type() == "urn:gridwarden:fault:no_session")
        try await harness.stop()
    }
}

import Contract
import Domain
import Foundation
import Hashing
import Store
import TestSupport
import Testing

@testable import Console

@Suite struct SignInThrottleTests {
    private let start = Date(timeIntervalSince1970: 1_795_500_000)

    @Test func `five wrong passwords cost nothing, then each costs twice as long, up to five minutes`() {
        var throttle = SignInThrottle()
        var date = start
        var waits: [Double] = []
        for _ in 0..<16 {
            throttle.fail("a", from: "1", at: date)
            waits.append(throttle.wait("a", from: "1", at: date))
            date += waits.last ?? 0
        }
        #expect(waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        #expect(throttle.wait("b", from: "1", at: date) == 0)
        #expect(throttle.wait("a", from: "2", at: date) == 0)
        throttle.succeed("a", from: "1")
        #expect(throttle.wait("a", from: "1", at: date) == 0)
    }

    @Test func `one address that tries many accounts waits for all of them`() {
        var throttle = SignInThrottle()
        for number in 0..<40 { throttle.fail("account \(number)", from: "1", at: start) }
        #expect(throttle.wait("another", from: "1", at: start) > 60)
        #expect(throttle.wait("another", from: "2", at: start) == 0)
    }

    @Test func `a day later it begins anew`() {
        var throttle = SignInThrottle()
        for _ in 0..<20 { throttle.fail("a", from: "1", at: start) }
        throttle.fail("a", from: "1", at: start + 90_000)
        #expect(throttle.wait("a", from: "1", at: start + 90_000) == 0)
    }

    @Test func `ten thousand names take a bounded memory`() {
        var throttle = SignInThrottle()
        for number in 0..<10_000 { throttle.fail("a", from: "address \(number)", at: start) }
        #expect(
            Mirror(reflecting: throttle).children.compactMap { ($0.value as? any Collection)?.count }.max() ?? 0 <= 4096
        )
    }
}

@Suite(.waiting) struct PasswordDeskTests {
    @Test func `keys of passwords are made when nothing else needs the processor`() async throws {
        let desk = PasswordDesk(cost: 4)
        #expect(try await desk.isRight("a", for: try await desk.key(of: "a")))
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        let nices = tasks.compactMap { task -> String? in
            guard let stat = try? String(contentsOfFile: "/proc/self/task/\(task)/stat", encoding: .utf8),
                stat.contains("(passwords)"), let end = stat.lastIndex(of: ")")
            else { return nil }
            // The nineteenth field, of which two are before the end of the name.
            return stat[end...].split(separator: " ").dropFirst(17).first.map(String.init)
        }
        #expect(!nices.isEmpty && nices.allSatisfy { $0 == "10" }, "\(nices)")
    }
}

@Suite struct ScryptTests {
    @Test func `the keys are those of RFC 7914`() throws {
        let first = try Scrypt.key(
            password: Array("password".utf8), salt: Array("NaCl".utf8), cost: 10, blockSize: 8, parallelism: 16,
            count: 64)
        #expect(
            Hexadecimal.text(first)
                == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
        #expect(Scrypt.isEqual([1, 2], [1, 2]) && !Scrypt.isEqual([1, 2], [1, 3]) && !Scrypt.isEqual([1], [1, 2]))
    }
}

@Suite(.waiting(minutes: 2)) struct SignInTests {
    private func signIn(_ harness: ConsoleHarness, _ user: String, _ password: String) throws -> ConsoleHarness.Answer {
        try harness.send("POST", "/api/v1/session", body: "{\"user\":\"\(user)\",\"password\":\"\(password)\"}")
    }

    @Test func `wrong passwords are throttled, whether there is such an account or not`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .operator)
        for user in ["worker", "nobody"] {
            for attempt in 1...5 {
                let answer = try signIn(harness, user, "not the password")
                #expect(answer.status == 401, "\(user) \(attempt)")
                #expect(try answer.json()["type"] as? String == "urn:gridwarden:fault:bad_credentials")
            }
            let refused = try signIn(harness, user, ConsoleHarness.password)
            #expect(refused.status == 429 && refused.headers["retry-after"] == "1")
        }
        harness.pass(2)
        #expect(try signIn(harness, "worker", ConsoleHarness.password).status == 200)
        let events = try harness.outbox.auditEntries().map(\.event)
        #expect(events.filter { $0 == .sessionRefused }.count == 2)
        #expect(events.last == .sessionOpened)
        try harness.outbox.verifyAudit()
        try await harness.stop()
    }

    @Test func `a session ends when it rests for half a day, after a week, and when it is signed out`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .operator)
        func status(_ cookie: String) throws -> Int {
            try harness.send("GET", "/api/v1/session", cookie: cookie).status
        }
        let first = try harness.signIn("worker")
        for _ in 0..<3 {
            harness.pass(40_000)
            #expect(try status(first) == 200)
        }
        harness.pass(43_300)
        #expect(try status(first) == 401)
        let second = try harness.signIn("worker")
        for _ in 0..<16 {
            harness.pass(40_000)
            if try status(second) == 401 { break }
        }
        #expect(try status(second) == 401)
        let third = try harness.signIn("worker")
        let out = try harness.send("DELETE", "/api/v1/session", cookie: third, body: "{}")
        #expect(out.status == 204 && out.headers["set-cookie"]?.hasPrefix("gw=;") == true)
        #expect(try status(third) == 401)
        // What the store has opens nothing.
        let kept = String(decoding: try Data(contentsOf: harness.folder.file("outbox.sqlite")), as: UTF8.self)
        #expect(!kept.contains(third.dropFirst(3)))
        try await harness.stop()
    }

    @Test func `a code makes the first administrator once, within half an hour and five tries`() async throws {
        let harness = try await ConsoleHarness()
        let accounts = AccountDesk(harness.outbox, site: harness.site) { harness.now }
        func redeem(_ code: String, _ user: String = "chief") throws -> Int {
            let body = "{\"code\":\"\(code)\",\"user\":\"\(user)\",\"password\":\"\(ConsoleHarness.password)\"}"
            return try harness.send("POST", "/api/v1/setup", body: body).status
        }
        let late = try #require(accounts.answer("/console/setup")?.code)
        harness.pass(1801)
        #expect(try redeem(late) == 401)
        let tried = try #require(accounts.answer("/console/setup")?.code)
        for user in 1...5 { #expect(try redeem("wrong", "user\(user)") == 401) }
        #expect(try redeem(tried) == 401)
        let code = try #require(accounts.answer("/console/setup")?.code)
        #expect(code.count == 20)
        #expect(try redeem(code) == 201)
        #expect(try redeem(code, "another") == 401)
        #expect(accounts.answer("/console/setup")?.refused != nil)
        #expect(try harness.outbox.accounts().map(\.role) == [.admin])
        try await harness.stop()
    }

    @Test func `an account is added with a role and an area, and its owner chooses the password`() async throws {
        let harness = try await ConsoleHarness()
        let accounts = AccountDesk(harness.outbox, site: harness.site) { harness.now }
        let code = try #require(accounts.answer("/console/add/%E7%BD%91%E6%A0%BC%E5%91%9817/operator/320583102")?.code)
        #expect(accounts.answer("/console/add/x/king")?.refused != nil)
        #expect(accounts.answer("/console/add/a%2Fb/viewer")?.refused != nil)
        #expect(accounts.answer("/console/nothing") == nil)
        let row = try #require(accounts.answer("/console/users")?.accounts?.first)
        #expect(row.role == "operator" && row.area == "320583102" && !row.hasPassword)
        func redeem(_ password: String) throws -> Int {
            try harness.send(
                "POST", "/api/v1/setup", body: "{\"code\":\"\(code)\",\"user\":\"网格员17\",\"password\":\"\(password)\"}"
            ).status
        }
        #expect(try redeem("too short") == 422)
        #expect(try redeem(ConsoleHarness.password) == 201)
        #expect(try signIn(harness, "网格员17", ConsoleHarness.password).status == 200)
        #expect(accounts.answer("/console/remove/%E7%BD%91%E6%A0%BC%E5%91%9817")?.refused == nil)
        #expect(try signIn(harness, "网格员17", ConsoleHarness.password).status == 401)
        try await harness.stop()
    }

    @Test func `a changed password ends the other sessions, and the last administrator stays`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        let (here, there) = (try harness.signIn("chief"), try harness.signIn("chief"))
        let body = "{\"old\":\"\(ConsoleHarness.password)\",\"new\":\"another long password\"}"
        let changed = try harness.send("POST", "/api/v1/me/password", cookie: here, body: body)
        #expect(changed.status == 200)
        #expect(try harness.send("GET", "/api/v1/session", cookie: there).status == 401)
        let cookie = String(try #require(changed.headers["set-cookie"]).prefix { $0 != ";" })
        #expect(try harness.send("GET", "/api/v1/session", cookie: cookie).status == 200)
        #expect(AccountDesk(harness.outbox, site: harness.site).answer("/console/remove/chief")?.refused != nil)
        try await harness.stop()
    }
}

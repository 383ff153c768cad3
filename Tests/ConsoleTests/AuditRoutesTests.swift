import Contract
import Domain
import Foundation
import Hashing
import Store
import TestSupport
import Testing

@testable import Console

/// The audit log on the page, and what of the console stands in it.
@Suite(.waiting(minutes: 2)) struct AuditRoutesTests {
    private struct Page {
        let harness: ConsoleHarness
        let cookie: String

        func items(_ query: String = "") throws -> [[String: Any]] {
            let answer = try harness.send("GET", "/api/v1/audit?\(query)", cookie: cookie)
            #expect(answer.status == 200, "\(query): \(answer.text)")
            return try answer.json()["items"] as? [[String: Any]] ?? []
        }

        func chain() throws -> [String: Any] {
            try harness.send("GET", "/api/v1/audit/chain", cookie: cookie).json()
        }
    }

    private func opened() async throws -> Page {
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        return Page(harness: harness, cookie: try harness.session(of: "chief"))
    }

    @Test func `entries come newest first, a page at a time, by what is asked for`() async throws {
        let page = try await opened()
        let outbox = page.harness.outbox
        for number in 0..<30 {
            try outbox.audit(
                number.isMultiple(of: 3) ? .evidenceViewed : .sessionOpened, by: number.isMultiple(of: 2) ? "王" : "",
                facts: ["address": "10.0.0.\(number)"], at: page.harness.now)
        }
        let all = try outbox.auditEntries().map(\.number)
        var (found, after): ([Int64], String?) = ([], nil)
        repeat {
            let query = "limit=7" + (after.map { "&after=\($0)" } ?? "")
            let answer = try page.harness.send("GET", "/api/v1/audit?\(query)", cookie: page.cookie).json()
            found += (answer["items"] as? [[String: Any]] ?? []).compactMap { $0["number"] as? Int }.map { Int64($0) }
            after = answer["next"] as? String
        } while after != nil
        #expect(found == all.reversed())
        #expect(try page.items("event=evidence.viewed").count == 10)
        #expect(try page.items("by=%E7%8E%8B").count == 15)
        #expect(try page.items("by=-&event=evidence.viewed").count == 5)
        #expect(try page.items("q=10.0.0.17").count == 1)
        #expect(try page.items("q=%27%20OR%201=1").isEmpty)
        for query in ["event=nothing", "after=x", "after=-1", "limit=0", "limit=201"] {
            #expect(
                try page.harness.send("GET", "/api/v1/audit?\(query)", cookie: page.cookie).status == 400, "\(query)")
        }
        try await page.harness.stop()
    }

    @Test func `the page says whether the log is as it was written, and where it is not`() async throws {
        let page = try await opened()
        let outbox = page.harness.outbox
        // More than one part.
        for number in 0..<1200 { try outbox.audit(.evidenceViewed, by: "王", facts: ["sha256": "\(number)"]) }
        let intact = try page.chain()
        #expect(intact["state"] as? String == "intact")
        let head = try outbox.auditHead()
        #expect(intact["hash"] as? String == head.hash && intact["last"] as? Int == Int(head.number))
        #expect(intact["first"] as? Int == 1)
        // What comes later is looked at from there on.
        try outbox.audit(.evidenceViewed, by: "王")
        #expect(try page.chain()["last"] as? Int == Int(head.number) + 1)
        // Somebody changes an entry, as no program of ours does.
        let script = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1], timeout=20)
            db.execute("DROP TRIGGER audit_keeps")
            db.execute("UPDATE audit SET by = 'nobody', event = 'what' WHERE number = 40")
            db.commit()
            """
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/python3")
        python.arguments = ["-c", script, page.harness.folder.file("outbox.sqlite").path]
        try python.run()
        python.waitUntilExit()
        #expect(python.terminationStatus == 0)
        // After an hour all of it is looked at anew.
        page.harness.pass(3700)
        let broken = try page.chain()
        #expect(broken["state"] as? String == "broken" && broken["broken_at"] as? Int == 40, "\(broken)")
        // And the page still shows what stands there.
        #expect(try page.items("by=nobody").first?["event"] as? String == "what")
        try await page.harness.stop()
    }

    @Test func `every write and every view of evidence is in the log, with who and from where`() async throws {
        let page = try await opened()
        let (harness, outbox) = (page.harness, page.harness.outbox)
        try harness.account("worker", .operator)
        let incident = try harness.report()
        let start = try outbox.auditHead().number
        let cookie = try harness.signIn("worker")
        let picture = try SHA256.hex(harness.picture(of: incident))
        let path = "/api/v1/incidents/\(incident.id.text)/review"
        func send(_ method: String, _ path: String, _ body: String?, _ cookie: String) throws -> Int {
            try harness.send(method, path, cookie: cookie, body: body).status
        }
        #expect(try send("GET", "/api/v1/evidence/\(picture)", nil, cookie) == 200)
        #expect(try send("GET", "/api/v1/incidents.csv", nil, cookie) == 200)
        #expect(try send("POST", path, "{\"id\":\"request-1\",\"verdict\":\"false_positive\"}", cookie) == 200)
        #expect(try send("POST", path, "{\"id\":\"request-2\",\"verdict\":\"confirmed\"}", cookie) == 409)
        let password = "{\"old\":\"\(ConsoleHarness.password)\",\"new\":\"another long password\"}"
        #expect(try send("POST", "/api/v1/me/password", password, cookie) == 200)
        #expect(try send("POST", "/api/v1/users", "{\"name\":\"b\",\"role\":\"viewer\"}", page.cookie) == 201)
        #expect(try send("PUT", "/api/v1/users/b", "{\"role\":\"operator\"}", page.cookie) == 204)
        #expect(try send("POST", "/api/v1/users/b/tokens", "{\"days\":1}", page.cookie) == 201)
        #expect(try send("POST", "/api/v1/users/b/reset", "{}", page.cookie) == 200)
        #expect(try send("DELETE", "/api/v1/users/b", "{}", page.cookie) == 204)
        #expect(try send("DELETE", "/api/v1/session", "{}", page.cookie) == 204)
        let entries = try outbox.auditEntries(after: start)
        let events = entries.map { entry in
            [entry.event.rawValue, entry.by, entry.facts["what"]].compactMap(\.self).joined(separator: " ")
        }
        #expect(
            events == [
                "session.opened worker", "evidence.viewed worker", "incidents.exported worker",
                "review.accepted worker", "review.refused worker", "account.changed worker password",
                "session.opened worker", "account.changed chief added", "account.changed chief code",
                "account.changed chief changed", "session.opened chief", "session.closed chief",
                "account.changed chief code", "account.changed chief removed", "session.closed chief",
            ])
        for entry in entries { #expect(entry.facts["address"] == "127.0.0.1", "\(entry)") }
        try outbox.verifyAudit()
        try await harness.stop()
    }

    @Test func `each kind of entry has a name in both languages`() throws {
        let texts = try #require(AssetLibrary.embedded.first { $0.name == "texts.js" }?.bytes)
        let text = String(decoding: texts, as: UTF8.self)
        for event in AuditEntry.Event.allCases { #expect(text.contains("'au.e.\(event.rawValue)': ["), "\(event)") }
    }
}

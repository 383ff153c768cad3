import Contract
import Domain
import Foundation
import Hashing
import Store
import TestSupport
import Testing

@testable import Console

@Suite(.waiting(minutes: 2)) struct IncidentRoutesTests {
    private func ids(_ answer: ConsoleHarness.Answer) throws -> [String] {
        try (answer.json()["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }

    @Test func `the list is newest first, a page at a time, by what is asked for`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        var all: [String] = []
        for number in 0..<7 {
            harness.pass(60)
            all.insert(try harness.report(number.isMultiple(of: 2) ? "cam-01" : "cam-02").id.text, at: 0)
        }
        var (found, after): ([String], String?) = ([], nil)
        repeat {
            let page = try harness.send(
                "GET", "/api/v1/incidents?limit=3" + (after.map { "&after=\($0)" } ?? ""), cookie: cookie)
            found += try ids(page)
            after = try page.json()["next"] as? String
        } while after != nil
        #expect(found == all)
        func asked(_ query: String) throws -> Int {
            try ids(harness.send("GET", "/api/v1/incidents?\(query)", cookie: cookie)).count
        }
        #expect(try asked("camera=cam-02") == 3)
        #expect(try asked("review=pending&state=open") == 7)
        #expect(try asked("review=confirmed") == 0)
        #expect(try asked("q=%E4%B8%9C%E9%97%A8") == 7)
        #expect(try asked("q=CAM-02") == 3)
        #expect(try asked("q=%E4%B8%9C%E9%97%A8+gate") == 7)
        let midnight = RFC3339.string(from: harness.now - 90, in: TimeZone(secondsFromGMT: 28_800) ?? .gmt)
        #expect(try asked("from=\(midnight.replacing("+", with: "%2B"))") > 0)
        #expect(try asked("q=elsewhere") == 0)
        try await harness.stop()
    }

    @Test func `a picture comes masked or not at all, and its view is in the log once a session`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        let (masked, plain) = (try harness.report(), try harness.report(isMasked: false))
        func picture(_ incident: Incident, _ cookie: String?) throws -> ConsoleHarness.Answer {
            let sha256 = try SHA256.hex(harness.picture(of: incident))
            return try harness.send("GET", "/api/v1/evidence/\(sha256)", cookie: cookie)
        }
        #expect(try picture(masked, nil).status == 401)
        let found = try picture(masked, cookie)
        #expect(found.status == 200 && found.body == harness.picture(of: masked))
        #expect(found.headers["cache-control"] == "no-store")
        #expect(try picture(plain, cookie).status == 404)
        let item = try harness.send("GET", "/api/v1/incidents/\(plain.id.text)", cookie: cookie).json()
        #expect((item["evidence"] as? [Any])?.isEmpty == true)
        _ = try picture(masked, cookie)
        let views = try harness.outbox.auditEntries().filter { $0.event == .evidenceViewed }
        #expect(views.map(\.by) == ["worker"] && views.first?.facts["incident"] == masked.id.text)
        // One that was changed on the disk is as good as gone.
        try Data("another".utf8).write(to: harness.folder.file(masked.id.text))
        #expect(try picture(masked, cookie).status == 410)
        for name in ["..", "%2e%2e%2fetc%2fpasswd", "A" + String(repeating: "a", count: 63)] {
            #expect(try harness.send("GET", "/api/v1/evidence/\(name)", cookie: cookie).status == 404)
        }
        try await harness.stop()
    }

    @Test func `a verdict is a review by the account, once, and what is withdrawn stays so`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker-17", .operator)
        let cookie = try harness.signIn("worker-17")
        let id = try harness.report().id.text
        func judge(_ verdict: String, id request: String) throws -> ConsoleHarness.Answer {
            try harness.send(
                "POST", "/api/v1/incidents/\(id)/review", cookie: cookie,
                body: "{\"id\":\"\(request)\",\"verdict\":\"\(verdict)\",\"note\":\"at the gate\"}")
        }
        let confirmed = try judge("confirmed", id: "request-1").json()
        #expect(confirmed["state"] as? String == "updated" && confirmed["revision"] as? Int == 2)
        #expect(try judge("confirmed", id: "request-1").json()["repeated"] as? Bool == true)
        #expect(try judge("handled", id: "request-1").status == 409)
        #expect(try judge("false_positive", id: "request-2").json()["state"] as? String == "withdrawn")
        let late = try judge("confirmed", id: "request-3")
        #expect(late.status == 409)
        #expect(try late.json()["type"] as? String == "urn:gridwarden:fault:withdrawn")
        let history = try harness.send("GET", "/api/v1/incidents/\(id)/messages", cookie: cookie).json()
        #expect((history["items"] as? [Any])?.count == 3)
        let reviews = try harness.outbox.auditEntries().filter { $0.event == .reviewAccepted }
        #expect(reviews.allSatisfy { $0.by == "worker-17" } && reviews.count == 3)
        // The page has its answer; nobody waits for one by MQTT.
        #expect(try harness.outbox.replies(limit: 10).isEmpty)
        try await harness.stop()
    }
}

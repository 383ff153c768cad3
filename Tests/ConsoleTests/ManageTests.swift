import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

/// The pages of an administrator in a real browser, which `manage.py` drives.
@Suite(.waiting(minutes: 6)) struct ManageTests {
    private static let isThere = !WebBrowser.present.isEmpty

    @Test(
        .enabled(if: isThere, "there is no browser: apt-get install chromium firefox-esr"),
        arguments: WebBrowser.present, [("en", 1440), ("zh", 390)])
    func `an administrator adds an account, makes codes and tokens, takes all of it back, and finds it in the log`(
        browser: WebBrowser, screen: (String, Int)
    ) async throws {
        let (language, width) = screen
        let harness = try await ConsoleHarness()
        try harness.account("chief", .admin)
        let conversation = try Conversation(
            "manage.py", [harness.base, "chief", ConsoleHarness.password, language, "\(width)"], in: browser)
        var steps: [String] = []
        for line in conversation {
            let words = line.split(separator: " ").map(String.init)
            steps.append(words[0])
            let account = try harness.outbox.account("网格员17")?.account
            switch words[0] {
            case "added":
                #expect(account?.role == .operator && account?.area?.segment(.town) == "320583102")
                #expect(words[1].count == 20)
            case "token":
                let answer = try harness.send(
                    "GET", "/api/v1/site", headers: ["Authorization": "Bearer \(words[1])"])
                #expect(answer.status == 200)
            case "ended": #expect(try harness.outbox.sessions(of: "网格员17", at: harness.now).isEmpty)
            case "changed": #expect(account?.role == .viewer)
            case "removed": #expect(account == nil)
            case "audit": #expect((Int(words[1]) ?? 0) >= 5)
            default: break
            }
            conversation.go()
        }
        #expect(
            steps == ["added", "token", "ended", "reset", "changed", "removed", "audit", "password", "done"],
            "\(steps): \(conversation.complaint.suffix(2000))")
        try await harness.stop()
    }
}

import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Console

/// The page of the centre in two real Chromiums, which `desk.py` drives.
@Suite(.waiting(minutes: 4)) struct PageBrowserTests {
    private static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test(
        .enabled(if: isThere, "there is no /usr/bin/chromium: apt-get install chromium"),
        arguments: [("en", 1440), ("zh", 390)])
    func `an incident appears, and its case is accepted, sent on, handled, checked and closed on two screens`(
        language: String, width: Int
    ) async throws {
        let harness = try await PageHarness { rules in
            rules.routes = [
                .init(
                    name: "police", kinds: "parking.*", area: "", department: "traffic-police", hasTopic: true,
                    hasWebhook: false)
            ]
        }
        try harness.account("chen", .dispatcher, hasPassword: true)
        try harness.account("li", .worker, department: "traffic-police")
        let police = try harness.secret(of: "li", .token)
        var item: CaseItem?
        let browser = try Conversation(
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "desk.py"),
            [harness.base, "chen", PageHarness.password, language, "\(width)"]
                + (ProcessInfo.processInfo.environment["GRIDWARDEN_PICTURES"].map { [$0] } ?? []))
        var steps: [String] = []
        for line in browser {
            steps.append(line)
            switch line {
            case "empty": item = try harness.report(Street(), 1)
            case "accepted":
                let file = try harness.room.file(try #require(item).id)
                #expect(file.item.stage == .accepted && file.requests.count == 1)
            case "dispatched":
                let id = try #require(item).id
                #expect(try harness.room.file(id).deliveries.count == 1)
                #expect(try harness.step("handled", id, token: police, ["note": "towed"]).status == 200)
            case "closed":
                let file = try harness.room.file(try #require(item).id)
                #expect(file.item.stage == .closed && file.item.result == "in_time")
            default: break
            }
            browser.go()
        }
        let fault = String(browser.complaint.suffix(2000))
        #expect(
            steps == ["empty", "found", "accepted", "dispatched", "handled", "checked", "closed", "done"],
            "\(steps): \(fault)")
        try await harness.stop()
    }
}

import Contract
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

/// axe-core over the pages in a real Chromium, and no page wider than its window. Which pages, says `accessibility.py`.
@Suite(.waiting(minutes: 8)) struct AccessibilityTests {
    private static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test(.enabled(if: isThere, "there is no /usr/bin/chromium: apt-get install chromium"))
    func `axe finds nothing on any page, in any language, appearance or width, and nothing sticks out`() async throws {
        let file = try SiteFile()
        let commissioning = Commissioning(
            test: { _, _ in
                .failed(.init(code: "refused", what: .init(zh: "", en: ""), action: .init(zh: "", en: "")))
            },
            offer: { .init(places: [], cameras: ["cam-01"], id: "cam-02", templates: []) },
            add: { _, _, _, _ in throw CameraRefusal.busy })
        let harness = try await ConsoleHarness(commissioning: commissioning, configuration: file.parts())
        try harness.account("chief", .admin)
        try harness.account("网格员17", .operator, area: "320583102201")
        _ = try harness.session(of: "网格员17", .token)
        _ = try harness.session(of: "chief")
        var incident = try harness.report()
        for number in 0..<3 { incident = try harness.report("cam-0\(number)") }
        let walk = try Conversation(
            "accessibility.py",
            [harness.base, "chief", ConsoleHarness.password, incident.id.text]
                + (ProcessInfo.processInfo.environment["GRIDWARDEN_PICTURES"].map { [$0] } ?? []))
        var (findings, summary): ([String], String?) = ([], nil)
        for line in walk {
            if line.hasPrefix("finding: ") { findings.append(line) } else { summary = line }
        }
        print("axe: \(summary ?? "nothing was said")")
        #expect(summary != nil, "\(walk.complaint.suffix(3000))")
        #expect(findings.isEmpty, "\(findings.prefix(60).joined(separator: "\n"))")
        guard let summary, !summary.hasPrefix("skipped") else { return try await harness.stop() }
        #expect(summary.hasPrefix("looked: ") && summary.hasSuffix(" found: 0"), "\(walk.complaint.suffix(3000))")
        try await harness.stop()
    }
}

import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Console

/// axe-core over the pages of a centre in a real Chromium, by the console's `accessibility.py`.
@Suite(.waiting(minutes: 8)) struct PageAccessibilityTests {
    private static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test(.enabled(if: isThere, "there is no /usr/bin/chromium: apt-get install chromium"))
    func `axe finds nothing on any page of a centre, in any language, appearance or width, and nothing sticks out`()
        async throws
    {
        let harness = try await PageHarness()
        let (here, there) = (try Street(1), try Street(2, village: "320583103201"))
        let item = try harness.report(here, 1)
        _ = try harness.report(here, 4, kind: "env.garbage_exposed", zone: "np2")
        _ = try harness.report(there, 1)
        harness.room.pass(10)
        try harness.account("chief", .admin, hasPassword: true)
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../ConsoleTests/accessibility.py").standardizedFileURL
        let walk = try Conversation(
            script,
            [harness.base, "chief", PageHarness.password, "case=\(item.number)"]
                + (ProcessInfo.processInfo.environment["GRIDWARDEN_PICTURES"].map { [$0] } ?? []))
        var (findings, summary): ([String], String?) = ([], nil)
        for line in walk {
            if line.hasPrefix("finding: ") { findings.append(line) } else { summary = line }
        }
        print("axe: \(summary ?? "nothing was said")")
        #expect(summary != nil, "\(walk.complaint.suffix(3000))")
        #expect(findings.isEmpty, "\(findings.prefix(60).joined(separator: "\n"))")
        try await harness.stop()
    }
}

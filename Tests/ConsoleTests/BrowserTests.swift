import Contract
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

/// The page in a real Chromium, which `walk.py` drives.
@Suite(.waiting(minutes: 3)) struct BrowserTests {
    private static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")
    private static var folder: URL { URL(filePath: #filePath).deletingLastPathComponent() }

    @Test(
        .enabled(if: isThere, "there is no /usr/bin/chromium: apt-get install chromium"),
        arguments: [("en", 1440), ("zh", 390)])
    func `a worker sees an incident come, judges it, undoes that and judges again, and nothing is loaded twice`(
        language: String, width: Int
    ) async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker-17", .operator)
        let browser = Process()
        browser.executableURL = URL(filePath: "/usr/bin/python3")
        browser.arguments =
            [Self.folder.appending(path: "walk.py").path, harness.base, "worker-17", ConsoleHarness.password, language]
            + ["\(width)"] + (ProcessInfo.processInfo.environment["GRIDWARDEN_PICTURES"].map { [$0] } ?? [])
        let (commands, words, faults) = (Pipe(), Pipe(), Pipe())
        (browser.standardInput, browser.standardOutput, browser.standardError) = (commands, words, faults)
        try browser.run()
        defer { browser.terminate() }
        var steps: [String] = []
        var incident: Incident?
        for line in Lines(words.fileHandleForReading) {
            steps.append(line)
            switch line {
            case "empty": incident = try harness.report()
            case "said":
                // Said, and not sent yet.
                let id = try #require(incident).id
                let kept = try harness.outbox.indexedIncident(id)
                #expect(kept?.event.data.incident.review == "pending")
            case "undone": #expect(try harness.outbox.tallies().isEmpty)
            case "withdrawn":
                let id = try #require(incident).id
                let found = try #require(try harness.outbox.indexedIncident(id))
                #expect(found.event.data.incident.state == "withdrawn")
                #expect(found.event.data.incident.reason == "false_positive")
            default: break
            }
            commands.fileHandleForWriting.write(Data("\n".utf8))
        }
        let fault = String(decoding: faults.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(
            steps == ["empty", "incident", "said", "undone", "withdrawn", "health", "done"],
            "\(steps): \(fault.suffix(2000))")
        try await harness.stop()
    }
}

/// The lines of a pipe as they come.
private struct Lines: Sequence, IteratorProtocol {
    private let handle: FileHandle
    private var rest = Data()

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func next() -> String? {
        while true {
            if let end = rest.firstIndex(of: 10) {
                defer { rest = Data(rest[(end + 1)...]) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            let part = handle.availableData
            guard !part.isEmpty else { return nil }
            rest += part
        }
    }
}

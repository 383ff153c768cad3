import Foundation
import Glibc
import TestSupport
import Testing

/// A centre and simulated sites as an operator runs them: exit codes, and what is said.
@Suite(.waiting(minutes: 3)) struct CentreCommandTests {
    private let program = CommandTests()

    private func configuration(_ folder: TemporaryFolder, port: Int, more: String = "") throws -> String {
        let file = folder.file("centre.yaml")
        let text = """
            centre:
              id: kunshan
              area: "320583"
              brokers: [{host: 127.0.0.1, port: \(port)}]
              store: \(folder.file("store/centre.sqlite").path)
            \(more)
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    @Test func `a wrong configuration is refused with its place, and a right one is summed up`() throws {
        let folder = try TemporaryFolder()
        let wrong = try configuration(folder, port: 1, more: "  stoer: x")
        for verb in [["centre", "check"], ["centre"], ["centre", "cases"]] {
            let outcome = try program.gridwarden(verb + ["--config", wrong])
            #expect(outcome.status == 78 && outcome.errors.contains("\(wrong):6:3: "), "\(outcome)")
        }
        let route = "  routes: [{id: p, kind: parking.*, department: police, webhook: {url: \"http://127.0.0.1:9/x\"}}]"
        let right = try configuration(folder, port: 1, more: route)
        let outcome = try program.gridwarden("centre", "check", "--config", right)
        #expect(outcome.status == 0 && outcome.output.contains("1 brokers, 0 places, 1 routes"))
        #expect(outcome.output.contains("in the clear") && outcome.output.contains("are not signed"))
        let secret = try configuration(
            folder, port: 1, more: route.replacing("}}]", with: ", secret_file: /nonexistent/secret}}]"))
        let missing = try program.gridwarden("centre", "check", "--config", secret)
        #expect(missing.status == 78 && missing.errors.contains("/nonexistent/secret"))
    }

    @Test func `without a database or a centre that is said`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, port: 1)
        #expect(try program.gridwarden("centre", "cases", "--config", file).status == 66)
        #expect(try program.gridwarden("centre", "status", "--config", file).status == 69)
        #expect(try program.gridwarden("centre", "cases", "--config", file, "--stage", "lost").status == 64)
        #expect(try program.gridwarden("simulate", "--sites", "0").status == 64)
        #expect(
            try program.gridwarden("simulate", "check", "--truth", "/nonexistent", "--store", "/nonexistent").status
                == 66)
    }

    @Test func `a centre takes what simulated sites send, people work at its cases, and SIGTERM ends it`() throws {
        let (folder, broker) = (try TemporaryFolder(), try Broker())
        let file = try configuration(folder, port: broker.port)
        let centre = Process()
        centre.executableURL = CommandTests.program
        centre.arguments = ["centre", "--config", file]
        centre.standardOutput = FileHandle.nullDevice
        centre.standardError = FileHandle.nullDevice
        try centre.run()
        defer { if centre.isRunning { kill(centre.processIdentifier, SIGKILL) } }
        func status() throws -> [String: Any]? {
            let outcome = try program.gridwarden("centre", "status", "--config", file, "--json")
            return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        }
        func wait(_ condition: () throws -> Bool) throws {
            for _ in 0..<600 {
                if (try? condition()) ?? false { return }
                usleep(100_000)
            }
            Issue.record("it did not come to be so")
        }
        try wait { try status()?["connected"] as? Int == 1 }
        // A second one does not get the folder.
        #expect(try program.gridwarden("centre", "--config", file).status == 75)

        let truth = folder.file("truth.json").path
        let simulation = try program.gridwarden(
            "simulate", "--port", "\(broker.port)", "--area", "320583", "--sites", "3", "--rate", "5", "--seconds", "4",
            "--truth", truth, "--seed", "7")
        #expect(simulation.status == 0 && simulation.output.hasPrefix("60 messages of "), "\(simulation)")
        try wait { try status()?["stored"] as? Int == 60 }
        let store = folder.file("store/centre.sqlite").path
        let check = try program.gridwarden("simulate", "check", "--truth", truth, "--store", store)
        #expect(check.status == 0 && check.output.hasPrefix("60 written, 60 stored"), "\(check)")

        let list = try program.gridwarden("centre", "cases", "--config", file, "--json", "--stage", "found")
        let cases = try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
        let number = try #require(cases.first?["number"] as? String)
        func step(_ words: String...) throws -> CommandTests.Outcome {
            try program.gridwarden(["centre", "step", number] + words + ["--config", file, "--by", "chen"])
        }
        #expect(try step("accept", "--confirmed").output == "\(number) is accepted\n")
        let refused = try step("close")
        #expect(refused.status == 1 && refused.errors.contains("the case is accepted now"))
        #expect(try step("accept").status == 1)
        let shown = try program.gridwarden("centre", "show", number, "--config", file)
        #expect(shown.status == 0 && shown.output.contains("accept by chen"))
        #expect(try program.gridwarden("centre", "show", "QX-0", "--config", file).status == 1)
        #expect(try program.gridwarden("centre", "sites", "--config", file).output.contains(": 20 of 20"))
        #expect(try program.gridwarden("centre", "refusals", "--config", file).output.isEmpty)

        kill(centre.processIdentifier, SIGTERM)
        centre.waitUntilExit()
        #expect(centre.terminationStatus == 0)
    }
}

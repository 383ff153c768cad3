import Foundation
import Glibc
import TestSupport
import Testing

/// Two centres as programs on one database of PostgreSQL, one broker, and simulated sites: one is killed in the middle, and the server
/// too.
@Suite(
    .tags(.isolated),
    .enabled(if: PostgresServer.isInstalled, "needs PostgreSQL, from 14 on: apt-get install postgresql"),
    .waiting(minutes: 5))
struct CentrePairTests {
    private let program = CommandTests()

    private struct Standing: Decodable {
        struct Holder: Decodable {
            var name: String
            var shares: Int
            var duties: [String]
        }

        var connected: Int
        var missing: [String: Int]
        var leases: [Holder]?

        func shares(of name: String) -> Int? { leases?.first { $0.name == "kunshan/\(name)" }?.shares }
    }

    private func standing(_ file: String) throws -> Standing? {
        let outcome = try program.gridwarden("centre", "status", "--config", file, "--json")
        return try? JSONDecoder().decode(Standing.self, from: Data(outcome.output.utf8))
    }

    /// Seconds until it came to be so; nil where it did not within the time.
    private func wait(_ most: Double, _ condition: () throws -> Bool) throws -> Double? {
        let start = ContinuousClock.now
        while true {
            let passed = (ContinuousClock.now - start) / .seconds(1)
            if try condition() { return passed }
            guard passed < Patience.seconds(most) / .seconds(1) else { return nil }
            usleep(100_000)
        }
    }

    @Test func `one of two centres is killed, then the server, and all is stored once`() throws {
        let (folder, broker, server) = (try TemporaryFolder(), try Broker(), try PostgresServer())
        let store = try server.database()
        let log = folder.file("log")
        func configuration(_ name: String) throws -> String {
            let file = folder.file("\(name).yaml")
            try """
            centre:
              id: kunshan
              area: "320583"
              instance: \(name)
              brokers: [{host: 127.0.0.1, port: \(broker.port)}]
              store: "\(store)"
              folder: \(folder.file(name).path)
            """.write(to: file, atomically: true, encoding: .utf8)
            return file.path
        }
        let (a, b) = (try configuration("a"), try configuration("b"))
        func centre(_ file: String) throws -> ChildProcess {
            try ChildProcess(ChildProcess.built("gridwarden"), ["centre", "--config", file], log: log)
        }
        let one = try centre(a)
        let two = try centre(b)
        func text() -> Comment { "\((try? String(contentsOf: log, encoding: .utf8)) ?? "")" }
        #expect(
            try wait(30) {
                let (first, second) = (try standing(a), try standing(b))
                return first?.connected == 1 && second?.connected == 1
                    && (20...40).contains(first?.shares(of: "a") ?? 0)
                    && (20...40).contains(second?.shares(of: "b") ?? 0)
            } != nil, text())
        let truth = folder.file("truth.json").path
        let simulation = try ChildProcess(
            ChildProcess.built("gridwarden"),
            [
                "simulate", "--port", "\(broker.port)", "--sites", "12", "--rate", "2", "--seconds", "25",
                "--report-every", "3", "--truth", truth, "--linger", "75",
            ], log: log)
        sleep(8)
        one.kill()
        let taken = try wait(10) { try standing(b)?.shares(of: "b") == 64 }
        #expect(taken != nil, text())
        sleep(4)
        server.stop()
        sleep(2)
        try server.start()
        #expect(try wait(20) { try standing(b)?.shares(of: "b") == 64 } != nil, text())
        simulation.wait()
        #expect(simulation.exit == 0, text())
        func check() throws -> CommandTests.Outcome {
            try program.gridwarden("simulate", "check", "--truth", truth, "--store", store)
        }
        _ = try wait(30) { try check().status == 0 }
        let outcome = try check()
        #expect(outcome.status == 0, "\(outcome)\n\(text())")
        #expect(try standing(b)?.missing == [:])
        two.signal(SIGTERM)
        two.wait()
        #expect(two.exit == 0, text())
    }
}

import Foundation
import Glibc
import TestSupport
import Testing

/// Two centres as programs on one database of PostgreSQL, with simulated sites and people who work at the cases, while whatever they
/// stand on is killed: `CHAOS=long`, for it takes 25 minutes. `CentrePairTests` has a minute of it.
@Suite(
    .tags(.isolated), .serialized,
    .enabled(if: Campaign.isLong, "runs with CHAOS=long"),
    .enabled(if: PostgresServer.isInstalled, "needs PostgreSQL, from 14 on: apt-get install postgresql"))
struct CentreChaosTests {
    private static let names = ["a", "b"]
    private let program = ChildProcess.built("gridwarden")
    private let folder: TemporaryFolder
    private let server: PostgresServer
    private let store: String
    private var log: URL { folder.file("log") }

    init() throws {
        (folder, server) = (try TemporaryFolder(), try PostgresServer())
        store = try server.database()
    }

    /// - Parameter brokers: the keys of `broker`.
    private func configuration(_ name: String, brokers: String) throws -> String {
        let file = folder.file("\(name).yaml")
        try """
        centre:
          id: kunshan
          area: "320583"
          instance: \(name)
          brokers: [{\(brokers)}]
          store: "\(store)"
          folder: \(folder.file(name).path)
        """.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    private func centre(_ file: String) throws -> ChildProcess {
        try ChildProcess(program, ["centre", "--config", file], log: log)
    }

    /// What the checker says, and whether it holds.
    private func check(_ truth: String) throws -> (holds: Bool, text: String) {
        let output = folder.file("check")
        let check = try ChildProcess(program, ["simulate", "check", "--truth", truth, "--store", store], log: output)
        check.wait()
        return (check.exit == 0, String((try? String(contentsOf: output, encoding: .utf8))?.suffix(2000) ?? ""))
    }

    /// Waits until the checker has nothing to complain of; returns seconds, and what it said last.
    private func settle(_ truth: String, most: Double) throws -> (seconds: Double, holds: Bool, text: String) {
        let start = ContinuousClock.now
        while true {
            let (holds, text) = try check(truth)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            if holds || seconds > most { return (seconds, holds, text) }
            try FileManager.default.removeItem(at: folder.file("check"))
            sleep(1)
        }
    }

    @Test(.waiting(minutes: 40))
    func
        `thirty kills of centres, broker and database lose nothing, store nothing twice and leave no case at a wrong stage`()
        throws
    {
        var random = SeededGenerator(seed: Campaign.seed)
        Campaign.say("thirty kills of a centre's parts, CHAOS_SEED=\(Campaign.seed)")
        let broker = try Broker(lines: ["max_queued_messages 0"])
        defer { broker.stop() }
        let files = try Self.names.map { try configuration($0, brokers: "host: 127.0.0.1, port: \(broker.port)") }
        var centres = try files.map(centre)
        defer { for centre in centres { centre.kill() } }
        let truth = folder.file("truth.json").path
        let simulation = try ChildProcess(
            program,
            [
                "simulate", "--port", "\(broker.port)", "--sites", "12", "--rate", "1", "--seconds", "1200",
                "--troubles",
                "--desk", files[0], "--report-every", "5", "--truth", truth, "--linger", "120", "--seed",
                "\(Campaign.seed)",
            ], log: log)
        defer { simulation.kill() }
        var killed: [String: Int] = [:]
        for _ in 0..<30 {
            sleep(.random(in: 20...50, using: &random))
            let pause = UInt32.random(in: 1...6, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                broker.stop()
                sleep(pause)
                try broker.start()
                killed["broker", default: 0] += 1
            case 1:
                server.stop()
                sleep(pause)
                try server.start()
                killed["database", default: 0] += 1
            case let which:
                centres[which - 2].kill()
                sleep(pause)
                centres[which - 2] = try centre(files[which - 2])
                killed["centre \(Self.names[which - 2])", default: 0] += 1
            }
        }
        Campaign.say(
            "killed: \(killed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
        simulation.wait()
        #expect(simulation.exit == 0)
        let (seconds, holds, text) = try settle(truth, most: 120)
        Campaign.say("\(Int(seconds)) s after the end: \(text)")
        #expect(holds, "\(text)")
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/nats-server"),
            "needs NATS: apt-get install nats-server"), .waiting(minutes: 15))
    func `a cluster that loses a node and two centres of which one is killed store each message once`() throws {
        let cluster = try NATSCluster()
        // The sites speak to the first node; each centre begins at one of the others.
        let files = try Self.names.enumerated().map { index, name in
            let ports = [cluster.ports[1 + index], cluster.ports[2 - index], cluster.ports[0]]
            return try configuration(
                name,
                brokers:
                    "protocol: mqtt3.1.1, topic_kind: underscored, hosts: [\(ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", "))]"
            )
        }
        var centres = try files.map(centre)
        defer { for centre in centres { centre.kill() } }
        sleep(5)
        let truth = folder.file("truth.json").path
        let simulation = try ChildProcess(
            program,
            [
                "simulate", "--port", "\(cluster.ports[0])", "--mqtt3", "--underscored", "--sites", "20", "--rate", "2",
                "--seconds",
                "60",
                "--truth", truth, "--linger", "90", "--patience", "120",
            ], log: log)
        defer { simulation.kill() }
        sleep(20)
        cluster.kill(1)
        sleep(10)
        centres[0].kill()
        sleep(10)
        try cluster.start(1)
        centres[0] = try centre(files[0])
        simulation.wait()
        #expect(simulation.exit == 0)
        let (seconds, holds, text) = try settle(truth, most: 60)
        Campaign.say("a cluster: \(Int(seconds)) s after the end: \(text)")
        #expect(holds, "\(text)\n\((try? String(contentsOf: log, encoding: .utf8))?.suffix(3000) ?? "")")
    }
}

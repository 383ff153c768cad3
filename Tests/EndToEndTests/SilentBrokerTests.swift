import Contract
import Edge
import Foundation
import Store
import TestSupport
import Testing

/// A broker that takes all and acknowledges nothing, with the real program.
@Suite(.tags(.isolated)) struct SilentBrokerTests {
    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 6))
    func `four cameras go on looking, a stop is heard, and everything is delivered afterwards`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let servers = try (0..<4).map { _ in try RTSPServer(clip: clip) }
        defer { for server in servers { server.stop() } }
        let text =
            """
            site: {id: s1, area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(WatchedLane.models)}
            broker: {host: 127.0.0.1, port: \(proxy.port)}
            evidence: {enabled: false}
            cameras:

            """ + servers.enumerated().map { WatchedLane.camera("c\($0.offset)", $0.element.url) }.joined()
        proxy.set(.unacknowledged)
        let daemon = try RunningDaemon(text, in: folder)
        defer { daemon.end() }
        func status() throws -> SiteStatus {
            let outcome = try CommandTests().gridwarden("status", "--config", daemon.configuration.path, "--json")
            return try SiteStatus(json: Data(outcome.output.utf8))
        }
        // Before, each camera stood still at its first change of state.
        while try status().cameras.contains(where: { $0.looks < 3 }) { try await Task.sleep(for: .milliseconds(200)) }
        while try status().outbox.undelivered < 4 { try await Task.sleep(for: .milliseconds(200)) }
        let before = try status()
        try await Task.sleep(for: .seconds(20))
        let after = try status()
        #expect(zip(before.cameras, after.cameras).allSatisfy { $0.looks + 2 < $1.looks })
        #expect(after.cameras.allSatisfy { $0.state == "online" && ($0.secondsSinceLook ?? 99) < 15 })
        #expect(after.outbox.delivered == 0)
        #expect(try daemon.reload(text).contains("watching 4 cameras"))
        let stopping = ContinuousClock.now
        #expect(daemon.stop() == 0)
        print("silent broker: stopped after \(ContinuousClock.now - stopping)")
        proxy.set(.none)
        let again = try RunningDaemon(text, in: TemporaryFolder())
        defer { again.end() }
        let outbox = try Outbox(reading: folder.file("state").appending(path: "outbox.sqlite"))
        while try outbox.counts().undelivered > 0 { try await Task.sleep(for: .milliseconds(200)) }
        #expect(try outbox.counts().lastSequence >= Int64(after.outbox.undelivered))
        #expect(try outbox.gapReport().missing == [])
    }
}

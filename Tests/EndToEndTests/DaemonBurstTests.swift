import Contract
import Edge
import Foundation
import Store
import TestSupport
import Testing

/// Sixty incidents in one look of the real program: one parked car in sixty zones. Alone, since it measures time.
@Suite(.tags(.alone)) struct DaemonBurstTests {
    private static let zones = 60

    private let folder: TemporaryFolder
    private let broker: Broker
    private let server: RTSPServer

    init() throws {
        folder = try TemporaryFolder()
        broker = try Broker()
        server = try RTSPServer(clip: Footage.clip("composed/parking.mp4") ?? "", loops: true)
    }

    private func configuration(_ name: String) -> String {
        """
        site: {id: s1, area: "320583102201", state_directory: \(folder.file(name).path), models_directory: \(WatchedLane.models)}
        broker: {host: 127.0.0.1, port: \(broker.port)}
        evidence: {directory: \(folder.file(name + "-evidence").path)}
        cameras:

        """
            + WatchedLane.camera(
                "c1", server.url, zones: (1...Self.zones).map { ("np\($0)", "Lane \($0)") }, dwell: 15)
    }

    /// Returns once the look is on the disk.
    private func burst(_ name: String) async throws -> Outbox {
        let file = folder.file(name).appending(path: "outbox.sqlite")
        let outbox = try Outbox(reading: file)
        #expect(try await eventually(seconds: 120) { try outbox.counts().lastSequence >= Int64(Self.zones) })
        return outbox
    }

    private func events(_ outbox: Outbox, from first: Int64 = 1, through last: Int64 = 1000) throws -> [AlertEvent] {
        try outbox.messages(from: first, through: last).map { try AlertEvent(json: Data($0.payload)) }
    }

    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 8))
    func `sixty alerts are with the broker at once, a reload and a stop are heard meanwhile, and all pictures follow`()
        async throws
    {
        defer {
            server.stop()
            broker.stop()
        }
        let first = try RunningDaemon(configuration("a"), in: folder)
        defer { first.end() }
        let outbox = try await burst("a")
        let hangup = ContinuousClock.now
        #expect(try first.reload(configuration("a")).contains("watching 1 cameras"))
        let heard = ContinuousClock.now - hangup
        #expect(heard < Patience.seconds(1))
        let status = try CommandTests().gridwarden("status", "--config", first.configuration.path, "--json")
        let waiting = try SiteStatus(json: Data(status.output.utf8)).writing?.pictures ?? 0
        #expect(waiting > Self.zones / 2, "the alerts or the reload waited for pictures")
        let last = Int64(Self.zones)
        #expect(
            try await eventually(seconds: 20) {
                try outbox.receipts(from: 1, through: last).allSatisfy { $0.acknowledged != nil }
            })
        let opened = try events(outbox, through: last)
        #expect(opened.allSatisfy { $0.data.incident.state == "opened" && $0.data.evidence.isEmpty })
        let delays = try zip(opened, outbox.receipts(from: 1, through: last)).compactMap { event, receipt in
            receipt.acknowledged.flatMap { at in RFC3339.date(from: event.time).map { at.timeIntervalSince($0) } }
        }
        let longest = Duration.seconds(try #require(delays.max()))
        print("daemon's burst: the last alert acknowledged \(longest) after its look, reload done after \(heard)")
        #expect(delays.count == Self.zones && longest < Patience.seconds(2))
        #expect(
            try await eventually(seconds: 120) {
                let pictured = try events(outbox, from: last + 1).filter { $0.data.evidence.count >= 2 }
                return Set(pictured.map(\.subject)).count == Self.zones
            })
        #expect(first.stop() == 0)

        let second = try RunningDaemon(configuration("b"), in: TemporaryFolder())
        defer { second.end() }
        let other = try await burst("b")
        let stopping = ContinuousClock.now
        #expect(second.stop() == 0)
        let stopped = ContinuousClock.now - stopping
        print("daemon's burst: stopped after \(stopped) while pictures were made")
        #expect(stopped < Patience.seconds(5))
        // Each incident has its pictures, or says why not.
        let told = try events(other).filter { event in
            event.data.evidence.count >= 2 || event.data.why.contains { $0.what.hasPrefix("evidence withheld") }
        }
        #expect(Set(told.map(\.subject)).count == Self.zones)
    }
}

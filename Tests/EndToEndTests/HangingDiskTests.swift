import Contract
import Edge
import Foundation
import Glibc
import Store
import TestSupport
import Testing

/// A disk with the site's state that takes nothing and refuses nothing, under the real program.
@Suite(.tags(.isolated)) struct HangingDiskTests {
    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 6))
    func `looks go on while the disk hangs, it is told, and a stop goes as far as it can`() async throws {
        let folder = try TemporaryFolder()
        guard let disk = try HangingDisk(in: folder, megabytes: 64) else {
            return print("hanging disk: skipped, mounting a file system is not permitted here")
        }
        defer { disk.thaw() }
        let broker = try Broker()
        defer { broker.stop() }
        let server = try RTSPServer(clip: try #require(Footage.clip("composed/parking.mp4")), loops: true)
        defer { server.stop() }
        let state = disk.url.appending(path: "state")
        let text = """
            site: {id: s1, area: "320583102201", state_directory: \(state.path), models_directory: \(WatchedLane.models)}
            broker: {host: 127.0.0.1, port: \(broker.port)}
            evidence: {directory: \(folder.file("evidence").path)}
            cameras:

            """ + WatchedLane.camera("c1", server.url)
        let daemon = try RunningDaemon(text, in: folder)
        defer { daemon.end() }
        func looks() throws -> Int {
            let outcome = try CommandTests().gridwarden("status", "--config", daemon.configuration.path, "--json")
            return try SiteStatus(json: Data(outcome.output.utf8)).cameras[0].looks
        }
        #expect(try await eventually(seconds: 60) { try looks() >= 2 })
        try disk.freeze()
        // Once there is something to be written.
        #expect(try await eventually(seconds: 90) { daemon.log.contains("the disk does not answer since") })
        let before = try looks()
        #expect(try await eventually(seconds: 60) { try looks() > before + 3 }, "\(daemon.log)")
        // A camera that looks does not make the service well.
        let fed = daemon.watchdogs(for: .seconds(12))
        #expect(fed == 0)
        disk.thaw()
        #expect(try await eventually(seconds: 60) { daemon.log.contains("it answers again") })
        #expect(try await eventually(seconds: 60) { daemon.watchdogs(for: .seconds(1)) > 0 })

        try disk.freeze()
        #expect(
            try await eventually(seconds: 90) { daemon.log.ranges(of: "the disk does not answer since").count == 2 })
        daemon.signal(SIGTERM)
        // No service waits for the disk; the process itself cannot end before its last call to it does.
        let began = ContinuousClock.now
        #expect(try await eventually(seconds: 30) { daemon.log.contains("gridwarden has stopped") }, "\(daemon.log)")
        print("hanging disk: stopped after \(began.duration(to: .now))")
        #expect(daemon.log.contains("the disk has not taken everything"))
        disk.thaw()
        #expect(daemon.stop() == 0, "\(daemon.log)")
        let outbox = try Outbox(file: state.appending(path: "outbox.sqlite"))
        try outbox.check()
        #expect(try outbox.counts().lastSequence > 0)
        #expect(try outbox.gapReport().missing == [])
    }
}

import Analytics
import Contract
import Domain
import Foundation
import Glibc
import MQTT
import Store
import TestSupport
import Testing

/// The installed program on a stream, without a broker and killed.
@Suite(.tags(.isolated), .waiting) struct DaemonChaosTests {
    @Test(.enabled(if: WatchedStreet.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 3))
    func `a daemon without a broker from its start keeps every alert until there is one`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder.file("broker"), withIntermediateDirectories: true)
        let broker = try Broker(lines: [
            "persistence true", "persistence_location \(folder.file("broker").path)/",
        ])
        defer { broker.stop() }
        // The broker knows its subscriber, and is gone before the daemon starts.
        let centre = try await Centre(port: broker.port, filter: AlertTopics().filter(.alert))
        broker.end()
        let server = try RTSPServer(clip: WatchedStreet.shortStay(in: folder), loops: false)
        defer { server.stop() }
        let file = try WatchedStreet.configuration(
            folder, broker: broker.port, camera: server.url, rule: "parking.motor: { dwell: 15 }")
        let log = folder.file("log")
        let child = try ChildProcess(ChildProcess.built("gridwarden"), ["run", "--config", file], log: log)
        defer { child.kill() }
        let state = folder.file("state").appending(path: "outbox.sqlite")
        // The car comes, is an incident, and goes.
        #expect(
            try await eventually(seconds: 80) {
                // Not there yet, or without its tables.
                guard let outbox = try? Outbox(reading: state), let counts = try? outbox.counts() else { return false }
                return counts.undelivered >= 2 && counts.openIncidents == 0
            }, "\(tail(log))")
        #expect(child.exit == nil && centre.count == 0)
        let waiting = try Outbox(reading: state).counts()
        try broker.start()
        // It tries again after at most 30 s.
        #expect(try await eventually(seconds: 40) { centre.count >= waiting.undelivered }, "\(tail(log))")
        child.signal(SIGTERM)
        #expect(try await eventually(seconds: 20) { child.exit != nil })
        #expect(child.exit == 0)
        let events = centre.received.map(\.event)
        #expect(events.compactMap { Int64($0.sequence) } == Array(1...waiting.lastSequence))
        #expect(Set(events.map(\.id)).count == events.count && Set(events.map(\.subject)).count == 1)
        #expect(events.first?.data.incident.state == "opened" && events.last?.data.incident.state == "closed")
        #expect(try Outbox(file: state).counts().undelivered == 0)
        await centre.client.close()
        #expect(try centre.violations() == [])
    }

    /// The bags of `garbage-smoke.mp4` lie there from 45 s to 135 s of the clip.
    @Test(.enabled(if: WatchedStreet.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 4))
    func `a daemon that is killed while bags lie there opens one incident, on time`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        // The bags come 30 s after its start.
        let clip = try Footage.cut(
            try #require(Footage.clip("composed/garbage-smoke.mp4")), in: folder, from: 15, seconds: 110,
            size: (640, 480))
        let server = try RTSPServer(clip: clip, loops: false, isShared: true)
        defer { server.stop() }
        let began = Date()
        let viewer = try WatchedStreet.viewer(of: server, folder)
        defer { viewer.kill() }
        let centre = try await Centre(port: broker.port, filter: AlertTopics().filter(.alert))
        let file = try WatchedStreet.configuration(
            folder, broker: broker.port, camera: server.url, rule: "env.garbage_exposed: { dwell: 20 }",
            polygon: "[[0.65625, 0.2083], [1, 0.2083], [1, 1], [0.65625, 1]]")
        let program = ChildProcess.built("gridwarden")
        let (arguments, log) = (["run", "--config", file], folder.file("log"))
        var child = try ChildProcess(program, arguments, log: log)
        defer { child.kill() }
        try await Task.sleep(for: .seconds(began.addingTimeInterval(32).timeIntervalSinceNow))
        let state = folder.file("state").appending(path: "outbox.sqlite")
        // As soon as the bags are known, which takes some looks.
        @Sendable func kept() throws -> MediaTime? { try Outbox(reading: state).ground(camera: "cam-01")?.time }
        let before = try kept()
        #expect(try await eventually(seconds: 17) { try kept() != before })
        #expect(centre.count == 0)
        child.kill()
        let killed = Date().timeIntervalSince(began)
        child = try ChildProcess(program, arguments, log: log)
        #expect(try await eventually(seconds: 30) { centre.count > 0 })
        let event = try #require(centre.received.first?.event)
        let observed = event.data.observed
        Campaign.say(
            "killed \(Int(killed - 30)) s after the bags came, opened after \(observed.dwellSeconds) s of \(observed.thresholdSeconds)"
        )
        let arrival = try #require(RFC3339.date(from: observed.firstSeen)).timeIntervalSince(began)
        // The time began before the kill.
        #expect((28..<killed).contains(arrival), "\(arrival)")
        // A look is 2 s.
        #expect((20...23).contains(observed.dwellSeconds))
        // Killed again: it is not opened again.
        child.kill()
        let last = try ChildProcess(program, arguments, log: log)
        try await Task.sleep(for: .seconds(14))
        last.signal(SIGTERM)
        #expect(try await eventually(seconds: 20) { last.exit != nil })
        let told = centre.kept.map { "\($0.sequence) \($0.data.incident.state) \($0.subject)" }
        Campaign.say("\(centre.count - told.count) of \(centre.count) messages repeated after the kill")
        let states = centre.kept.map(\.data.incident.state)
        #expect(states.count { $0 == "opened" } == 1 && !states.contains("closed"), "\(told)")
        #expect(try Outbox(reading: state).openIncidents().count == 1)
        await centre.client.close()
        #expect(try centre.violations() == [])
    }
}

import Contract
import Foundation
import Glibc
import MQTT
import Store
import TestSupport
import Testing

/// The installed program on a stream, killed again and again, with a camera that goes away and freezes. Alone, since the
/// alert must come in time although a new start follows each kill.
@Suite(.tags(.alone), .waiting) struct KilledDaemonChaosTests {
    /// The sedan of `parking.mp4` stands from 29 s to 104 s of the clip. The stream is one for all, as a camera's is: it
    /// goes on while the daemon is dead.
    @Test(
        .enabled(if: WatchedStreet.isReady, "needs 'make models' and ../shared/footage"),
        .waiting(minutes: Campaign.isLong ? 12 : 4))
    func `a daemon that is killed while a car stands there opens one incident, and closes it`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let server = try RTSPServer(clip: clip, loops: true, isShared: true)
        defer { server.stop() }
        let began = Date()
        let viewer = try WatchedStreet.viewer(of: server, folder)
        defer { viewer.kill() }
        let centre = try await Centre(port: broker.port, filter: AlertTopics().filter(.alert))
        let file = try WatchedStreet.configuration(
            folder, broker: proxy.port, camera: server.url, rule: "parking.motor: { dwell: 20 }")
        let arguments = ["run", "--config", file]
        let program = ChildProcess.built("gridwarden")
        let log = folder.file("log")
        let begin = ContinuousClock.now
        var random = SeededGenerator(seed: Campaign.seed)
        Campaign.say("kills of the daemon, CHAOS_SEED=\(Campaign.seed)")
        var kills = (before: 0, after: 0)
        // Until the sedan has gone: kills before it is confirmed and after, and faults of camera and network.
        // In the long form the clip begins anew twice, after 190 s each: some forty kills, and an incident of each round.
        let rounds = Campaign.isLong ? 3 : 1
        let longest = Campaign.isLong ? 12_000 : 14_000
        while .now - begin < .seconds(95 + 190 * (rounds - 1)) {
            let child = try ChildProcess(program, arguments, log: log)
            try await Task.sleep(for: .milliseconds(Int.random(in: 5000...longest, using: &random)))
            #expect(child.exit == nil, "the daemon ended by itself")
            child.kill()
            #expect(try await isIntact(folder), "after \(kills)")
            if centre.count == 0 { kills.before += 1 } else { kills.after += 1 }
            switch (kills.before + kills.after) % 3 {
            case 0: proxy.reset()
            case 1:
                // A camera that hangs.
                server.pause()
                try await Task.sleep(for: .seconds(1))
                server.resume()
            default: break
            }
        }
        let child = try ChildProcess(program, arguments, log: log)
        #expect(
            try await eventually(seconds: 60) {
                Set(centre.kept.filter { $0.data.incident.state == "closed" }.map(\.subject)).count
                    == rounds
            })
        child.signal(SIGTERM)
        #expect(try await eventually(seconds: 20) { child.exit != nil })
        #expect(child.exit == 0)
        let events = centre.kept
        Campaign.say(
            "\(kills.before) kills before the alert, \(kills.after) after it: \(events.map(\.data.incident.state).joined(separator: ", "))"
        )
        #expect(events.compactMap { Int($0.sequence) } == Array(1...max(1, events.count)))
        let opened = events.filter { $0.data.incident.state == "opened" }
        #expect(opened.count == rounds)
        #expect(Set(events.map(\.subject)).count == rounds)
        #expect(!Campaign.isLong || kills.before + kills.after >= 40)
        // Due 20 s after it stopped. A look is 2 s; a start may take two looks to its first one, and a camera that hangs adds
        // a second; a life of 5 s that ends just before that look costs another start.
        let told = try #require(centre.received.first { $0.event.data.incident.state == "opened" }?.at)
        let late = told.timeIntervalSince(began) - 29 - 20
        Campaign.say(String(format: "opened %.1f s after it was due", late))
        #expect((-1...12).contains(late), "\(late)")
        #expect(kills.before >= 2 && kills.after >= 2)
        #expect(try await isIntact(folder))
        let outbox = try Outbox(file: folder.file("state").appending(path: "outbox.sqlite"))
        #expect(try outbox.counts().undelivered == 0)
        #expect(try outbox.openIncidents().isEmpty)
        await centre.client.close()
        #expect(try centre.violations() == [])
    }

    /// Whether `verify` calls nothing broken of what a kill has left, before anything has put it right.
    private func isIntact(_ folder: TemporaryFolder) async throws -> Bool {
        let evidence = folder.file("evidence").path
        guard FileManager.default.fileExists(atPath: evidence + "/ledger.jsonl") else { return true }
        let log = folder.file("verify")
        try Data().write(to: log)
        let check = try ChildProcess(ChildProcess.built("gridwarden"), ["verify", evidence], log: log)
        #expect(try await eventually(seconds: 30) { check.exit != nil })
        if check.exit != 0 { Campaign.say(tail(log)) }
        return check.exit == 0
    }
}

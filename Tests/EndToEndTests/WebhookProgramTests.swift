import Contract
import Edge
import Foundation
import Store
import TestSupport
import Testing

/// The real program with a receiver besides a broker that is not there.
@Suite(.tags(.isolated)) struct WebhookProgramTests {
    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 6))
    func
        `alerts reach a webhook without a broker, a stop waits for no receiver, and its secret is told to nobody else`()
        async throws
    {
        let folder = try TemporaryFolder()
        // Takes the alert and says nothing.
        let receiver = try await Receiver { _, _ in .init(isMissing: true) }
        let server = try RTSPServer(clip: try #require(Footage.clip("composed/parking.mp4")))
        defer { server.stop() }
        let secret = "Bearer k7Qw9-hidden-token"
        try Data("\(secret)\n".utf8).write(to: folder.file("token"))
        let text =
            """
            site: {id: s1, area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(WatchedLane.models)}
            broker: {host: 127.0.0.1, port: \(try FreePort.tcp())}
            evidence: {enabled: false}
            delivery:
              webhooks:
                - id: desk
                  url: \(receiver.url)
                  kinds: ["parking.*"]
                  header: Authorization
                  header_file: \(folder.file("token").path)
                  timeout: 60
            cameras:

            """ + WatchedLane.camera("c1", server.url)
        let daemon = try RunningDaemon(text, in: folder)
        defer { daemon.end() }
        func status() throws -> String {
            try CommandTests().gridwarden("status", "--config", daemon.configuration.path, "--json").output
        }
        while receiver.requests.isEmpty { try await Task.sleep(for: .milliseconds(200)) }
        #expect(receiver.requests[0].headers["authorization"] == secret)
        let waiting = try SiteStatus(json: Data(status().utf8)).sinks?.first
        #expect(waiting?.name == "desk" && (waiting?.waiting ?? 0) >= 1)
        // The request is under way, for a minute.
        let stopping = ContinuousClock.now
        #expect(daemon.stop() == 0)
        let seconds = (ContinuousClock.now - stopping).components.seconds
        #expect(seconds < 20, "a stop took \(seconds) s")
        receiver.answers { _, _ in .init() }
        let again = try RunningDaemon(text, in: TemporaryFolder())
        defer { again.end() }
        let outbox = try Outbox(reading: folder.file("state").appending(path: "outbox.sqlite"))
        while try outbox.sinkReports().first?.waiting != 0 { try await Task.sleep(for: .milliseconds(200)) }
        let first = try AlertEvent(json: Data(receiver.requests[0].body))
        let events = try receiver.requests.dropFirst().map { try AlertEvent(json: Data($0.body)) }
        // What was under way comes once more, under the same id, and the others after it.
        #expect(events.first?.id == first.id)
        #expect(
            events.map(\.sequence) == events.map(\.sequence).sorted() && Set(events.map(\.id)).count == events.count)
        for log in [daemon.log, again.log, try status()] { #expect(!log.contains("hidden-token")) }
        await receiver.close()
    }
}

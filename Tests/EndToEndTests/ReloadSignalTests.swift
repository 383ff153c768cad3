import Contract
import Domain
import Edge
import Foundation
import FoundationNetworking
import MQTT
import Store
import TestSupport
import Testing

/// SIGHUP to the real program, with a real camera, broker and database.
@Suite(.tags(.isolated), .waiting) struct ReloadSignalTests {
    private func configuration(
        _ folder: TemporaryFolder, _ broker: Broker, _ port: Int, id: String = "s1", _ cameras: String...
    ) -> String {
        """
        site: {id: \(id), area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(WatchedLane.models)}
        broker: {host: 127.0.0.1, port: \(broker.port)}
        evidence: {enabled: false}
        metrics: {listen: "127.0.0.1:\(port)"}
        cameras:

        """ + cameras.joined()
    }

    /// The next message about an incident, or of a camera's state.
    private func next(_ screen: MQTTClient, _ isIt: (MQTTMessage) -> Bool) async throws -> MQTTMessage {
        for await message in screen.messages where isIt(message) { return message }
        throw CancellationError()
    }

    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 3))
    func `a reload touches only what changed, keeps incidents, and refuses a faulty file as a whole`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.tcp()
        let broker = try Broker()
        defer { broker.stop() }
        let clip = try #require(Footage.clip("composed/camera-1080p25-h264.mp4"))
        let server = try RTSPServer(clip: clip)
        defer { server.stop() }
        let pattern = try RTSPServer(clip: Footage.makeTestClip(in: folder, seconds: 3))
        defer { pattern.stop() }
        let screen = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen"))
        try screen.start()
        try await screen.waitForConnection()
        try await screen.subscribe("mg/v1/#")

        let parked = WatchedLane.camera("parked", server.url)
        let first = configuration(folder, broker, port, parked, WatchedLane.camera("other", pattern.url))
        let daemon = try RunningDaemon(first, in: folder)
        defer { daemon.end() }
        let opened = try await next(screen) { $0.topic.contains("/alert/") }
        let incident = try AlertEvent(json: Data(opened.payload)).subject
        let outbox = try Outbox(file: folder.file("state").appending(path: "outbox.sqlite"))
        func open() throws -> [String] { try outbox.openIncidents().map { $0.id.uuidString.lowercased() } }
        #expect(try open() == [incident])

        func status() throws -> SiteStatus {
            let outcome = try CommandTests().gridwarden("status", "--config", daemon.configuration.path, "--json")
            return try SiteStatus(json: Data(outcome.output.utf8))
        }
        let before = try status()
        #expect(before.brokerConnected && before.cameras.map(\.id) == ["other", "parked"])
        #expect(before.cameras[1].state == "online" && before.cameras[1].openIncidents == 1)
        #expect(before.cameras[1].looks > 2 && before.cameras[1].looksPerSecond > 0)
        let text = try CommandTests().gridwarden("status", "--config", daemon.configuration.path)
        #expect(text.status == 0 && text.output.contains("camera parked: online, "))
        let metrics = try await URLSession.shared.data(from: #require(URL(string: "http://127.0.0.1:\(port)/metrics")))
            .0
        #expect(
            String(decoding: metrics, as: UTF8.self).contains("gridwarden_camera_open_incidents{camera=\"parked\"} 1"))

        // One camera for another: the third one does not notice.
        let second = configuration(folder, broker, port, parked, WatchedLane.camera("new", pattern.url))
        #expect(try daemon.reload(second).contains("STATUS=watching 2 cameras"))
        #expect(daemon.log.contains("<5>configuration reloaded"))
        #expect(daemon.log.contains(#"kept=["parked"]"#))
        #expect(daemon.log.contains(#"started=["new"]"#) && daemon.log.contains(#"stopped=["other"]"#))
        #expect(daemon.log.ranges(of: "camera online camera=parked").count == 1)
        _ = try await next(screen) { $0.topic.hasSuffix("/other") && $0.payload.isEmpty }
        _ = try await next(screen) { $0.topic.hasSuffix("/new") && !$0.payload.isEmpty }
        #expect(try open() == [incident])
        // Counted on from where it was.
        let after = try status()
        #expect(after.cameras.map(\.id) == ["new", "parked"])
        #expect(after.cameras[1].looks >= before.cameras[1].looks)

        // A file with a fault, and one that changes the site: nothing of them is taken.
        let faulty = configuration(folder, broker, port, parked) + "    colour: red\n"
        #expect(try daemon.reload(faulty).contains("refused"))
        let line = faulty.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        #expect(daemon.log.contains("\(daemon.configuration.path):\(line):5: "))
        #expect(try daemon.reload(configuration(folder, broker, port, id: "s2", parked)).contains("refused"))
        #expect(daemon.log.contains("changes site.id, which needs a restart"))
        #expect(daemon.log.contains(#"stopped=["new"]"#) == false)
        #expect(try open() == [incident])

        // Another name for the zone: the camera starts again with what was open, and opens nothing twice.
        let third = configuration(
            folder, broker, port, WatchedLane.camera("parked", server.url, zones: [("np1", "Kerb")]))
        #expect(try daemon.reload(third).contains("watching 1 cameras"))
        #expect(daemon.log.contains(#"restarted=["parked"]"#))
        _ = try await next(screen) { $0.topic.contains("/camera/") && $0.topic.hasSuffix("/parked") }
        #expect(try open() == [incident])

        // The zone is gone: nobody would ever close the incident.
        _ = try daemon.reload(
            configuration(folder, broker, port, WatchedLane.camera("parked", server.url, zones: [("np2", "Lane")])))
        let closed = try await next(screen) {
            $0.topic.contains("/alert/") && String(decoding: $0.payload, as: UTF8.self).contains("camera_lost")
        }
        let event = try AlertEvent(json: Data(closed.payload))
        #expect(event.subject == incident && event.data.incident.state == "closed")
        #expect(try SchemaValidator.incident.violations(in: [Data(closed.payload)]) == [])

        #expect(daemon.stop() == 0)
        #expect(try outbox.auditEntries().map(\.event) == Array(repeating: .configurationLoaded, count: 4))
        for line in daemon.log.split(separator: "\n") { #expect(line.wholeMatch(of: #/<[2-7]>.+/#) != nil, "\(line)") }
        await screen.close()
    }
}

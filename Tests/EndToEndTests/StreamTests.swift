import Contract
import Domain
import Edge
import Evidence
import Foundation
import Hashing
import Logging
import MQTT
import SiteConfiguration
import Store
import TestSupport
import Testing
import Video

/// Everything real: an RTSP server, the network, SQLite, mosquitto, a subscriber.
@Suite(.tags(.isolated), .waiting) struct StreamTests {
    private func configuration(_ folder: TemporaryFolder, broker: Broker, camera: String, silent: String) throws
        -> Configuration
    {
        try Configuration.parse(
            text: """
                site:
                  id: edge-test
                  area: "320583102201"
                  grid: "003"
                  microgrid: "02"
                  state_directory: \(folder.file("state").path)
                  models_directory: \(WatchedLane.models)
                broker:
                  host: 127.0.0.1
                  port: \(broker.port)
                evidence:
                  directory: \(folder.file("evidence").path)
                cameras:
                  - id: cam-01
                    name: North gate
                    url: \(camera)
                    purpose: test
                    signage_confirmed: true
                    zones:
                      - id: np1
                        name: Lane
                        polygon: [[0.1875, 0.4583], [0.6875, 0.3667], [0.75, 0.5694], [0.2969, 0.6333]]
                        rules:
                          parking.motor: { dwell: 5 }
                  - id: cam-02
                    name: Silent
                    url: \(silent)
                    purpose: test
                    signage_confirmed: true
                    zones:
                      - id: np1
                        name: Lane
                        polygon: [[0, 0], [1, 0], [1, 1]]
                        rules:
                          parking.motor: { dwell: 5 }
                """, file: "test.yaml")
    }

    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 2))
    func `a parked car on a stream is one message, and a silent camera disturbs nothing`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let clip = try #require(Footage.clip("composed/camera-1080p25-h264.mp4"))
        let server = try RTSPServer(clip: clip, loops: false)
        defer { server.stop() }
        let silent = try SilentServer()
        defer { silent.stop() }

        let subscriber = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "centre"))
        try subscriber.start()
        try await subscriber.waitForConnection()
        for filter in ["mg/v1/alert/32/#", "mg/v1/open/32/#", "mg/v1/camera/32/#", "mg/v1/site/32/#"] {
            try await subscriber.subscribe(filter)
        }

        let settings = try DaemonSettings(
            configuration(folder, broker: broker, camera: server.url, silent: silent.url), software: "gridwarden test")
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let daemon = try Daemon(settings, logger: logger)
        let running = Task { try await daemon.run() }

        var alerts: [MQTTMessage] = []
        var pictures = [AlertEvent.Evidence]()
        var isSilentKnown = false
        var isOpenRetained = false
        for await message in subscriber.messages {
            if message.topic.contains("/camera/"), message.topic.hasSuffix("cam-02") {
                isSilentKnown = try CameraReport(json: Data(message.payload)).state == .offline
            }
            if message.topic.contains("/open/"), !message.payload.isEmpty { isOpenRetained = true }
            // The pictures come with the opening, or on a busy machine with an update after it. Ten seconds after the first
            // view another update brings one more.
            if message.topic.contains("/alert/") {
                let told = try AlertEvent(json: Data(message.payload)).data
                if told.incident.state == "opened" { alerts.append(message) }
                if pictures.isEmpty { pictures = told.evidence }
            }
            if !alerts.isEmpty, !pictures.isEmpty, isSilentKnown, isOpenRetained { break }
        }
        let alert = try #require(alerts.first)
        #expect(alert.topic == "mg/v1/alert/32/3205/320583/320583102/320583102201/003/02/parking.motor")
        #expect(try SchemaValidator.incident.violations(in: [Data(alert.payload)]) == [])
        let event = try AlertEvent(json: Data(alert.payload))
        #expect(event.data.incident.state == "opened")
        #expect(event.data.camera.id == "cam-01")
        #expect(event.data.observed.dwellSeconds >= 5 && event.data.observed.dwellSeconds <= 5 + 5 + 2)
        #expect(event.data.object.class == "car")
        // The white sedan of the truth file, at 712, 463 with 379 × 184 pixels.
        let truth = Box(x: 714.0 / 1920, y: 459.0 / 1080, width: 378.0 / 1920, height: 189.0 / 1080)
        let box = event.data.object.box
        #expect(Box(x: box[0], y: box[1], width: box[2], height: box[3]).iou(truth) > 0.7)
        #expect(pictures.map(\.role) == ["panorama-first", "panorama-confirming", "close-up"])
        for image in pictures {
            let file = folder.file("evidence").appending(path: image.file ?? "-")
            let bytes = try Data(contentsOf: file)
            #expect(try SHA256.hex(Array(bytes)) == image.sha256)
            #expect(bytes.count == image.bytes)
            #expect(image.masked)
        }
        #expect(alerts.count == 1)

        // A grid worker says that it is none: it is withdrawn, and the car that still stands there is passed over.
        let topics = AlertTopics()
        let review = topics.inbound(.review, settings.site.place, site: settings.site.id)
        try await subscriber.subscribe(topics.filter(.reply))
        try await subscriber.publish(
            MQTTMessage(
                topic: review, text: #"{"incident":"\#(event.subject)","verdict":"out_of_scope","by":"worker-17"}"#))
        var isAnswered = false
        for await message in subscriber.messages {
            if message.topic.contains("/alert/"),
                try AlertEvent(json: Data(message.payload)).data.incident.state != "updated"
            {
                alerts.append(message)
            }
            if message.topic.contains("/reply/") {
                isAnswered = try Reply(json: Data(message.payload)).status == .done
            }
            if alerts.count == 2, isAnswered { break }
        }
        #expect(try AlertEvent(json: Data(try #require(alerts.last).payload)).data.incident.state == "withdrawn")
        let snapshot = topics.inbound(.command, settings.site.place, site: settings.site.id)
        let expires = RFC3339.string(from: Date().addingTimeInterval(60), in: .gmt)
        try await subscriber.publish(
            MQTTMessage(
                topic: snapshot,
                text: #"{"id":"c-1","command":"snapshot","camera":"cam-01","expires":"\#(expires)"}"#))
        for await message in subscriber.messages where message.topic.contains("/reply/") {
            let reply = try Reply(json: Data(message.payload))
            let picture = try Data(contentsOf: folder.file("evidence").appending(path: #require(reply.file)))
            #expect(reply.status == .done)
            #expect(try SHA256.hex(Array(picture)) == reply.sha256)
            break
        }

        // A cancelled run, unlike a signal, ends all at once: what is still due is waited for.
        let store = try Outbox(reading: folder.file("state").appending(path: "outbox.sqlite"))
        let isDone = try await eventually(seconds: 60) {
            guard try store.evidenceDue().isEmpty, try store.counts().undelivered == 0 else { return false }
            let last = try store.counts().lastSequence
            return try LedgerCheck.run(folder: folder.file("evidence"), .init()).messages == Int(last)
        }
        #expect(isDone)
        running.cancel()
        _ = try? await running.value
        let outbox = try Outbox(file: folder.file("state").appending(path: "outbox.sqlite"))
        #expect(try outbox.counts().undelivered == 0)
        let report = try LedgerCheck.run(folder: folder.file("evidence"), .init(head: event.data.provenance.ledger))
        #expect(report.isIntact && report.site == "edge-test")
        #expect(report.messages == Int(try outbox.counts().lastSequence))
        #expect(try outbox.openIncidents() == [])
        #expect(
            try outbox.suppressedIncidents(camera: "cam-01").map(\.id.uuidString.localizedLowercase) == [event.subject])
        // The configuration, the review and the snapshot.
        #expect(
            try outbox.auditEntries().map(\.event) == [
                .configurationLoaded, .reviewAccepted, .commandAccepted,
            ])
        #expect(try outbox.verifyAudit() == 3)
        await subscriber.close()
    }
}

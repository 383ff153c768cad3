import Analytics
import Domain
import Foundation
import Logging
import SiteConfiguration
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import MQTT
@testable import Store

/// Incidents of what was taken out of the configuration while the daemon did not run.
@Suite(.waiting) struct UnwatchedTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady = FileManager.default.fileExists(atPath: models + "/manifest.json")

    private func settings(_ folder: TemporaryFolder) throws -> DaemonSettings {
        let file = folder.file("gridwarden.yaml")
        try """
        site: {id: s1, area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(Self.models)}
        broker: {host: 127.0.0.1, port: 1}
        evidence: {enabled: false}
        cameras:
          - id: cam-01
            url: rtsp://127.0.0.1:1/
            purpose: test
            signage_confirmed: true
            zones:
              - id: np1
                polygon: [[0.1, 0.4], [0.7, 0.4], [0.7, 0.6], [0.1, 0.6]]
                rules:
                  parking.motor: {dwell: 60}
        """.write(to: file, atomically: true, encoding: .utf8)
        return try DaemonSettings(try Configuration.load(path: file.path), software: "test")
    }

    private func incident(_ camera: String, _ zone: String, _ kind: AlertKind = .illegalParking) -> Incident {
        Incident(
            id: UUIDv7.make(), kind: kind, camera: camera, zone: zone, firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(320), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `a start closes what is open at a camera, a zone or a rule that is not there any more`() async throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder)
        let outbox = try Outbox(file: settings.stateFolder.appending(path: "outbox.sqlite"))
        let catalogue = try Catalogue.builtIn()
        func append(_ incident: Incident, at place: GridLocation? = nil) throws {
            let envelope = IncidentEnvelope(
                incident: incident, site: settings.site,
                camera: CameraIdentity(
                    id: incident.camera, name: "Gate", place: place ?? settings.site.place, timeZone: .gmt),
                zone: ZoneIdentity(id: incident.zone, name: "Kerb", surface: .carriageway),
                entry: try #require(catalogue[incident.kind]),
                date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
            try outbox.append(incident) { incident, sequence in
                var envelope = envelope
                envelope.incident = incident
                return try envelope.message(sequence: sequence, topics: AlertTopics())
            }
        }
        let (kept, silent) = (incident("cam-01", "np1"), incident("cam-02", "np1"))
        let elsewhere = incident("cam-01", "np1")
        let lost = [incident("cam-02", "np1"), incident("cam-01", "np2"), incident("cam-01", "np1", .crowd), elsewhere]
        let place = settings.site.place
        for incident in [kept, silent] + lost {
            // Before the camera came to this area.
            let other = GridLocation(area: place.area, grid: "009", microgrid: "01")
            try append(incident, at: incident.id == elsewhere.id ? other : place)
        }
        await Inbox(
            outbox: outbox, topics: AlertTopics(), site: settings.site, places: [place],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).take(
            MQTTMessage(
                topic: AlertTopics().inbound(.review, place, site: "s1"),
                text: #"{"incident":"\#(silent.id)","verdict":"handled","by":"w","at":"2026-11-24T08:00:00Z"}"#
            ))
        #expect(try outbox.suppressedIncidents().map(\.id) == [silent.id])
        let before = try outbox.messages(from: 1, through: 100)
        for camera in ["cam-01", "cam-02"] {
            try outbox.save(
                watch: WatchCheckpoint(time: MediaTime(320), tracker: StationaryObjectTracker(), rules: RuleSet([])),
                at: MomentOfRecord(MediaTime(320)), camera: camera)
        }
        for _ in 1...2 {
            _ = try Daemon(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(try outbox.openIncidents() == [kept])
            let messages = try outbox.messages(from: 1, through: 100)
            // The second start says nothing new.
            #expect(messages.count == before.count + lost.count)
            for message in messages.dropFirst(before.count) {
                let first = try #require(before.last { $0.subject == message.subject })
                #expect((message.topic, message.openTopic) == (first.topic, first.openTopic))
                #expect(!message.isOpen)
                let data = try AlertEvent(json: Data(message.payload)).data
                #expect(data.incident.state == "closed" && data.incident.reason == "camera_lost")
                #expect(data.incident.revision == 2 && data.observed.closed != nil)
                #expect(data.why.last?.what == "no longer watched: taken out of the configuration")
            }
            #expect(try SchemaValidator.incident.violations(in: messages.map { Data($0.payload) }) == [])
        }
        #expect(try outbox.suppressedIncidents() == [])
        #expect(try outbox.watch(camera: "cam-01") != nil)
        #expect(try outbox.watch(camera: "cam-02") == nil)
    }
}

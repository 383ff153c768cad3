import Analytics
import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Runtime
@testable import Store

/// A site with one camera, and incidents of it.
struct Fixtures: Sendable {
    let site: SiteIdentity
    var camera: CameraIdentity
    let zone = ZoneIdentity(id: "np1", name: "路口禁停区", surface: .carriageway)
    var topics = AlertTopics()
    let entry: KindEntry

    init() throws {
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        site = SiteIdentity(
            id: "320583102-003-edge01", place: place, software: "0.1.0",
            configurationSHA256: String(repeating: "c", count: 64), catalogue: "2026.11",
            model: .init(name: "efficientdet", version: "1", sha256: String(repeating: "d", count: 64)))
        camera = CameraIdentity(
            id: "cam-01", name: "人民路东", longitude: 120.95, latitude: 31.38, place: place,
            timeZone: try #require(TimeZone(identifier: "Asia/Shanghai")))
        entry = try #require(try Catalogue.builtIn()[.illegalParking])
    }

    func incident(reasons: Int = 2) -> Incident {
        Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: camera.id, zone: zone.id, firstSeen: MediaTime(1000),
            confirmed: MediaTime(1300.4), lastSeen: MediaTime(1300.4), threshold: 300,
            object: .init(
                objectClass: .car, confidence: 0.78123, box: Box(x: 0.37, y: 0.42, width: 0.2, height: 0.18)),
            why: (0..<reasons).map { .init(at: MediaTime(1000 + Double($0)), what: "reason \($0)", score: 0.81) })
    }

    func envelope(_ incident: Incident) -> IncidentEnvelope {
        IncidentEnvelope(
            incident: incident, site: site, camera: camera, zone: zone, entry: entry,
            evidence: [
                EvidenceReference(
                    role: "panorama-first", sha256: String(repeating: "a", count: 64), bytes: 81_234, masked: true,
                    taken: Date(timeIntervalSince1970: 1_795_480_000), path: "2026-11-24/x/panorama-first.jpg")
            ], clock: ClockReport(source: .rtcp, offsetMilliseconds: 12),
            date: { Date(timeIntervalSince1970: 1_795_480_000 + $0.seconds) })
    }

    /// The same camera in another village of the county.
    func elsewhere() throws -> Fixtures {
        var fixtures = self
        let place = GridLocation(area: try AreaCode("320583103204"), grid: "001", microgrid: "01")
        fixtures.camera = CameraIdentity(
            id: "cam-02", name: "东仓路", place: place, timeZone: fixtures.camera.timeZone)
        return fixtures
    }

    /// Writes one change of an incident.
    @discardableResult
    func append(_ incident: Incident, to outbox: Outbox) throws -> AlertMessage {
        try #require(
            try outbox.append(incident) {
                var envelope = envelope($0)
                envelope.epoch = outbox.epoch
                return try envelope.message(sequence: $1, topics: topics)
            },
            "a review has ended the incident")
    }

    func closed(_ incident: Incident) -> Incident {
        var incident = incident
        incident.state = .closed
        incident.closeReason = .cleared
        incident.closed = MediaTime(1400)
        incident.revision += 1
        return incident
    }

    func inbox(
        _ outbox: Outbox, policy: AccessPolicy = AccessPolicy(), secrets: KnownSecrets = KnownSecrets(),
        now: @escaping @Sendable () -> Date = { Date() },
        settled: @escaping @Sendable (Incident) async -> Void = { _ in },
        snapshot: @escaping @Sendable (String) async -> Snapshot = { .unavailable(camera: $0) }
    ) -> Inbox {
        Inbox(
            outbox: outbox, topics: topics, site: site, places: [camera.place], policy: policy,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, secrets: secrets, now: now,
            settled: settled, snapshot: snapshot)
    }

    var reviewTopic: String { topics.inbound(.review, camera.place, site: site.id) }
    var commandTopic: String { topics.inbound(.command, site.place, site: site.id) }

    func settings(port: Int) -> MQTTSettings {
        var settings = MQTTSettings(host: "127.0.0.1", port: port, clientID: "site-\(UUID().uuidString)", keepAlive: 5)
        settings.shortestWait = 0.1
        settings.longestWait = 0.3
        return settings
    }

    func publisher(
        _ outbox: Outbox, port: Int, inbox: Inbox? = nil, pictures: URL? = nil,
        refusals: DeliveryLoop.Refusals = .hold, change: (inout MQTTSettings) -> Void = { _ in }
    ) -> Publisher {
        var settings = settings(port: port)
        change(&settings)
        return Publisher(
            outbox: outbox, broker: settings, topics: topics, site: site,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, inbox: inbox, pictures: pictures,
            refusals: refusals)
    }
}

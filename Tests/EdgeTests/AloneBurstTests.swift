import Analytics
import Domain
import Evidence
import Foundation
import Inference
import Logging
import TestSupport
import Testing
import Video

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import MQTT
@testable import Pipeline
@testable import Store

/// Sixty incidents in one look, with a real broker and real masking. Alone, since it takes all processors.
@Suite struct AloneBurstTests {
    private static let masking = MaskingModels(folder: Footage.packageRoot.appending(path: "models/prepared").path)
    private static let canMask = (try? masking.verified()) != nil

    @Test(.enabled(if: canMask, "needs 'make models'"), .waiting(minutes: 5))
    func `all alerts are with the broker while pictures are still made, and a stop and a reload wait for none`()
        async throws
    {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let site = try SiteIdentity.edge01()
        let place = site.place
        let evidence = folder.file("evidence")
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let archive = EvidenceArchive(
            maker: EvidenceMaker(masking: Self.masking), store: try EvidenceStore(folder: evidence),
            ledger: try Ledger(folder: evidence, site: "edge-01"))
        let publisher = Publisher(
            outbox: outbox, broker: MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "burst"),
            topics: AlertTopics(), site: site, logger: logger, places: [place])
        let writer = IncidentWriter(
            outbox: outbox, archive: archive, site: site, topics: AlertTopics(), catalogue: try Catalogue.builtIn(),
            logger: logger, wake: { publisher.notify() })
        let publishing = Task { try await publisher.run() }
        try await publisher.client.waitForConnection()

        let camera = CameraIdentity(id: "cam-01", name: "北门", place: place, timeZone: .gmt)
        let jpeg = try JPEG.encode(try Canvas(width: 1920, height: 1080, .grey))
        let shared = try JPEG.decode(
            jpeg, time: MediaTime(300), date: Date(timeIntervalSince1970: 1_790_000_300))
        let entries = (0..<60).map { _ in
            let incident = Incident(
                id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "z", firstSeen: MediaTime(0),
                confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
                object: .init(
                    objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
            // Each began in a look of its own.
            let first = EvidenceView(
                role: .panoramaFirst, source: .compressed(Task { jpeg }), taken: shared.date, vehicles: [])
            let views = [EvidenceImage.Role.panoramaConfirming, .closeUp].map {
                EvidenceView(role: $0, source: .frame(shared), taken: shared.date, vehicles: [])
            }
            return IncidentWriter.Entry(
                change: .init(
                    incident: incident,
                    views: [first] + views), camera: camera,
                zone: ZoneIdentity(id: "z", name: "Lane", surface: .carriageway),
                clock: ClockReport(), date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
        }
        let look = ContinuousClock.now
        writer.record(entries)
        while try outbox.counts().delivered < 60 { try await Task.sleep(for: .milliseconds(5)) }
        let delivered = ContinuousClock.now - look
        // What a reload waits for.
        await writer.settle()
        #expect(writer.pictures.count > 50, "the alerts waited for pictures")
        print("burst: 60 alerts acknowledged after \(delivered), \(writer.pictures.count) packs to be made")
        while try outbox.counts().lastSequence < 66 { try await Task.sleep(for: .milliseconds(20)) }
        let stopping = ContinuousClock.now
        await writer.stop(within: .zero)
        print("burst: stopped after \(ContinuousClock.now - stopping)")
        let events = try outbox.messages(from: 1, through: 1000).map { try AlertEvent(json: Data($0.payload)) }
        #expect(events.prefix(60).allSatisfy { $0.data.incident.state == "opened" })
        // Each incident has its pictures, or says why not.
        let told = events.filter {
            $0.data.evidence.count == 3
                || $0.data.why.last?.what == "evidence withheld: the service was stopping"
        }
        #expect(Set(told.map(\.subject)).count == 60 && events.count == 120)
        #expect(try outbox.evidenceDue() == [])
        publishing.cancel()
        try await publishing.value
        await publisher.drain(within: Patience.seconds(5))
    }
}

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
@Suite(.tags(.alone)) struct BurstTests {
    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"), .waiting(minutes: 5))
    func `all alerts are with the broker while pictures are still made, and a stop and a reload wait for none`()
        async throws
    {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let site = try WriterSite(folder, masking: WriterSite.masking, deadline: IncidentWriter.evidenceDeadline)
        let (outbox, writer) = (site.outbox, site.writer)
        let publisher = Publisher(
            outbox: outbox, broker: MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "burst"),
            topics: AlertTopics(), site: site.identity, logger: WriterSite.noLogger, places: [site.identity.place])
        site.wake.value = { publisher.notify() }
        let publishing = Task { try await publisher.run() }
        try await publisher.client.waitForConnection()

        let jpeg = try JPEG.encode(try Canvas(width: 1920, height: 1080, .grey))
        let shared = try WriterSite.frame(size: (1920, 1080))
        let entries = (0..<60).map { _ in
            // Each began in a look of its own.
            let first = EvidenceView(
                role: .panoramaFirst, source: .compressed(Task { jpeg }), taken: shared.date, vehicles: [])
            return site.entry(
                WriterSite.incident(),
                [first] + [.panoramaConfirming, .closeUp].map { WriterSite.view(shared, $0) })
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

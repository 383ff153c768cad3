import Analytics
import Domain
import Evidence
import Foundation
import Inference
import Logging
import Synchronization
import TestSupport
import Testing
import Video

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import MQTT
@testable import Pipeline
@testable import Store

/// The way from a look to the broker's acknowledgement in figures, with a real broker and the real disk: docs/testing.md has
/// the bars. Each prints what it measured; its limits are those of a busy machine.
@Suite(.tags(.alone), .serialized) struct BarTests {
    /// What is written goes to the broker.
    private struct Site {
        let parts: WriterSite
        let publisher: Publisher
        private let publishing: Task<Void, any Error>

        init(_ folder: TemporaryFolder, _ broker: Broker, masking: MaskingModels = WriterSite.noMasking) throws {
            parts = try WriterSite(folder, masking: masking, deadline: IncidentWriter.evidenceDeadline)
            let publisher = Publisher(
                outbox: parts.outbox, broker: MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "bar"),
                topics: AlertTopics(), site: parts.identity, logger: WriterSite.noLogger,
                places: [parts.identity.place])
            self.publisher = publisher
            parts.wake.value = { publisher.notify() }
            publishing = Task { try await publisher.run() }
        }

        var outbox: Outbox { parts.outbox }
        var writer: IncidentWriter { parts.writer }

        /// Of another camera each.
        func entry(_ camera: Int, _ views: [EvidenceView] = []) -> IncidentWriter.Entry {
            parts.entry(WriterSite.incident(camera: "cam-\(camera)"), views)
        }

        func end() async throws {
            publishing.cancel()
            try await publishing.value
            await publisher.drain(within: Patience.seconds(5))
        }
    }

    @Test(.waiting(minutes: 3)) func `an incident is with the broker soon after it is on the disk`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let site = try Site(folder, broker)
        try await site.publisher.client.waitForConnection()
        struct Wait {
            let fromLook: Double
            let fromCommit: Double
        }
        var waits: [Wait] = []
        for number in 1...220 {
            let posted = Date()
            site.writer.record([site.entry(1)])
            var receipt: DeliveryReceipt?
            while receipt?.acknowledged == nil {
                try await Task.sleep(for: .milliseconds(5))
                receipt = try site.outbox.receipts(from: Int64(number), through: Int64(number)).first
            }
            guard let receipt, let acknowledged = receipt.acknowledged else { continue }
            waits.append(
                Wait(
                    fromLook: acknowledged.timeIntervalSince(posted),
                    fromCommit: acknowledged.timeIntervalSince(receipt.written)))
        }
        // The first ones open files and connections.
        func share(_ share: Double, _ key: (Wait) -> Double) -> Double {
            let sorted = waits.dropFirst(20).map(key).sorted()
            return sorted[Int(Double(sorted.count - 1) * share)] * 1000
        }
        let text = [0.5, 0.95, 1].map {
            String(
                format: "%.1f ms from its commit, %.1f ms from its look", share($0, \.fromCommit),
                share($0, \.fromLook))
        }
        print("bar: 200 incidents one at a time, to PUBACK: median \(text[0]); p95 \(text[1]); longest \(text[2])")
        #expect(Duration.milliseconds(share(0.95, \.fromCommit)) < Patience.seconds(0.5))
        try await site.end()
    }

    /// The resident set of this process, in MiB.
    private static var resident: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (pages * 4096) >> 20
    }

    private static let (width, height) = (1920, 1080)
    private static let noise: [UInt8] = {
        var random = SeededGenerator(seed: 1)
        return (0..<(width * height + 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }()

    /// A picture that JPEG makes little smaller, another one of each number.
    private static func picture(_ number: Int) throws -> Frame {
        let grey = [UInt8](repeating: 128, count: width * height)
        return try Frame(
            planes: [Array(noise[number..<(number + width * height)]), grey, grey], width: width, height: height,
            time: MediaTime(300), date: Date(timeIntervalSince1970: 1_790_000_300))
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"), .waiting(minutes: 8))
    func `two thousand incidents at once are on the disk and sent in sequence, and memory does not grow with them`()
        async throws
    {
        let folder = try TemporaryFolder()
        let broker = try Broker(lines: ["max_queued_messages 0"])
        defer { broker.stop() }
        let site = try Site(folder, broker, masking: WriterSite.masking)
        try await site.publisher.client.waitForConnection()
        let screen = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen"))
        try screen.start()
        try await screen.waitForConnection()
        try await screen.subscribe(AlertTopics().filter(.alert))
        let heard = Mutex<[Int64]>([])
        let hearing = Task {
            for await message in screen.messages {
                guard let event = try? AlertEvent(json: Data(message.payload)), let number = Int64(event.sequence)
                else { continue }
                heard.withLock { $0.append(number) }
            }
        }
        /// Twenty incidents at each of a hundred cameras, in one look of each.
        func burst() async throws -> (committed: Duration, sent: Duration, peak: Int) {
            let open = try site.outbox.counts().openIncidents
            let start = ContinuousClock.now
            for camera in 0..<100 {
                let frame = try Self.picture(camera)
                let views = [EvidenceImage.Role.panoramaConfirming, .closeUp].map { WriterSite.view(frame, $0) }
                site.writer.record((0..<20).map { _ in site.entry(camera, views) })
            }
            var peak = 0
            var committed: Duration?
            var last = Int64.max
            while true {
                peak = max(peak, Self.resident)
                let counts = try site.outbox.counts()
                if committed == nil, counts.openIncidents >= open + 2000 {
                    committed = ContinuousClock.now - start
                    last = counts.lastSequence
                }
                // Pictures that follow meanwhile come behind.
                if try site.outbox.receipts(from: last, through: last).first?.acknowledged != nil { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            return (committed ?? .zero, ContinuousClock.now - start, peak)
        }
        // The networks that mask are read once.
        let frame = try Self.picture(100)
        site.writer.record([
            site.entry(100, [WriterSite.view(frame, .closeUp)])
        ])
        await site.writer.settlePictures()
        let before = Self.resident
        let first = try await burst()
        let waiting = (site.writer.pictures.count, site.writer.pictures.bytes >> 20)
        // Until there is no more room for pictures.
        for _ in 0..<2 { _ = try await burst() }
        let filled = Self.resident
        let last = try await burst()
        print(
            """
            bar: 2,000 incidents at once: committed after \(first.committed), acknowledged after \(first.sent); \
            the fourth 2,000: \(last.committed), \(last.sent); resident \(before) MiB before, \(first.peak) MiB at \
            most, \(filled) MiB after the third, \(last.peak) MiB at most with the fourth; after the first \
            \(waiting.0) packs of \(waiting.1) MiB waited
            """)
        #expect(first.committed < Patience.seconds(20) && last.committed < Patience.seconds(20))
        // Pictures wait, as many as there may be, each time.
        #expect(waiting.0 > 500 && last.peak - filled < 64, "memory grows with what waits")
        #expect(last.peak - before < 600, "more memory than waiting pictures may have")
        await site.writer.stop(within: .zero)
        #expect(try await eventually(seconds: 120) { try site.outbox.counts().undelivered == 0 })
        let newest = try site.outbox.counts().lastSequence
        #expect(try await eventually { heard.withLock { $0.last == newest } })
        #expect(heard.withLock { $0 } == Array(1...newest))
        try await site.end()
        await screen.close()
        hearing.cancel()
    }
}

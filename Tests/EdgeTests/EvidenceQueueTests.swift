import Analytics
import Domain
import Evidence
import Foundation
import Inference
import PipelineSupport
import Synchronization
import TestSupport
import Testing
import Threading
import Video

@testable import Contract
@testable import Edge
@testable import Pipeline
@testable import Store

/// Alerts never wait for pictures but a little, and what waits is bounded.
@Suite struct EvidenceQueueTests {
    private func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
        // The test's own limit ends it.
        while try !condition() {
            guard !Task.isCancelled else { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    /// A picture that is ready once somebody says so.
    private static func slow(_ gate: AsyncStream<Void>) throws -> EvidenceView {
        let jpeg = try JPEG.encode(try WriterSite.frame())
        return EvidenceView(
            role: .panoramaFirst,
            source: .compressed(
                Task {
                    for await _ in gate {}
                    return jpeg
                }), taken: Date(timeIntervalSince1970: 1_790_000_300), vehicles: [])
    }

    @Test(.waiting) func `a key frame that several pictures are made of is held once, until none of them waits`()
        async throws
    {
        let frame = try await PlayedCamera.firstFrame()
        let key = try #require(frame?.key)
        let queue = EvidenceQueue { _ in
            Issue.record("it is compressed")
            return []
        }
        let views = [EvidenceImage.Role.panoramaConfirming, .closeUp].map { role in
            EvidenceView(role: role, source: .key(key), taken: Date(), vehicles: [])
        }
        let tickets = queue.admit((0..<2).map { _ in .init(incident: WriterSite.incident(), views: views) })
            .compactMap(\.ticket)
        #expect(tickets.count == 2 && queue.bytes == key.bytes && key.bytes > 0)
        queue.finish(tickets[0])
        #expect(queue.bytes == key.bytes && queue.count == 1)
        queue.finish(tickets[1])
        #expect(queue.bytes == 0 && queue.count == 0)
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `one alert waits for its pictures and has them, and nobody reads it before`() async throws {
        let site = try WriterSite(try TemporaryFolder(), masking: WriterSite.masking)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let incident = WriterSite.incident()
        site.writer.record([site.entry(incident, [try Self.slow(gate)])])
        await site.writer.settle()
        // On the disk, and kept back.
        #expect(try site.outbox.openIncidents().map(\.id) == [incident.id])
        #expect(try site.outbox.counts().undelivered == 1)
        #expect(try site.outbox.pending(limit: 10).isEmpty && site.outbox.lastSettled() == 0)
        #expect(try site.outbox.evidenceDue() == [1])
        opening.finish()
        await site.writer.settlePictures()
        let events = try site.outbox.pending(limit: 10).map { try AlertEvent(json: Data($0.payload)) }
        #expect(events.map(\.data.incident.state) == ["opened"])
        #expect(events.first?.data.evidence.map(\.role) == ["panorama-first"])
        #expect(try site.outbox.evidenceDue() == [] && site.outbox.lastSettled() == 1)
        #expect(
            try site.outbox.counts().bytes
                == site.outbox.messages(from: 1, through: 1).reduce(0) { $0 + $1.payload.count })
        #expect(site.writer.pictures.count == 0 && site.writer.pictures.bytes == 0)
    }

    @Test func `a message that waits for its pictures stays one of the configuration under which it was written`()
        async throws
    {
        let site = try WriterSite(try TemporaryFolder(), masking: WriterSite.masking)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        site.writer.record([site.entry(WriterSite.incident(), [try Self.slow(gate)])])
        await site.writer.settle()
        site.writer.adopt(configurationSHA256: "new", catalogue: try Catalogue.builtIn())
        opening.finish()
        await site.writer.settlePictures()
        site.writer.record([site.entry(WriterSite.incident(), [])])
        await site.writer.settle()
        let events = try site.events()
        #expect(events.map(\.data.incident.state) == ["opened", "opened"])
        #expect(events.map(\.data.provenance.configurationSHA256) == ["", "new"])
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"), .waiting(minutes: 2))
    func `pictures that take longer than the deadline follow as an update`() async throws {
        let site = try WriterSite(try TemporaryFolder(), masking: WriterSite.masking, deadline: .milliseconds(1))
        let (gate, opening) = AsyncStream<Void>.makeStream()
        site.writer.record([site.entry(WriterSite.incident(), [try Self.slow(gate)])])
        await site.writer.settle()
        #expect(try await eventually { try site.outbox.pending(limit: 10).count == 1 })
        opening.finish()
        await site.writer.settlePictures()
        let events = try site.events()
        #expect(events.map(\.data.incident.state) == ["opened", "updated"])
        #expect(events.map(\.data.incident.revision) == [1, 2])
        #expect(events.map(\.data.evidence.count) == [0, 1])
        #expect(
            try SchemaValidator.incident.violations(in: site.outbox.pending(limit: 10).map { Data($0.payload) }) == [])
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"), .waiting(minutes: 2))
    func `a burst goes out at once, a held alert before it, and all pictures follow, new alerts first`() async throws {
        let site = try WriterSite(try TemporaryFolder(), masking: WriterSite.masking)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let first = WriterSite.incident()
        site.writer.record([site.entry(first, [try Self.slow(gate)])])
        await site.writer.settle()
        let frame = try WriterSite.frame()
        var known = WriterSite.incident()
        (known.state, known.revision) = (.updated, 2)
        let burst = (0..<20).map { _ in WriterSite.incident() }
        site.writer.record(
            [site.entry(known, [WriterSite.view(frame)])] + burst.map { site.entry($0, [WriterSite.view(frame)]) })
        await site.writer.settle()
        // Before, the first picture held up all of them.
        #expect(try site.outbox.pending(limit: 100).count == 22)
        opening.finish()
        await site.writer.settlePictures()
        let events = try site.events()
        #expect(events.count == 44)
        let pictured = events.filter { !$0.data.evidence.isEmpty }.map { UUID(uuidString: $0.subject) }
        #expect(pictured == [first.id] + burst.map(\.id) + [known.id])
        #expect(events.suffix(22).allSatisfy { $0.data.incident.state == "updated" && !$0.data.evidence.isEmpty })
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `pictures of an incident that closed meanwhile follow as closed, and its order holds`() async throws {
        let site = try WriterSite(try TemporaryFolder(), masking: WriterSite.masking)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        var incident = WriterSite.incident()
        site.writer.record([site.entry(incident, [try Self.slow(gate)])])
        await site.writer.settle()
        (incident.state, incident.closeReason, incident.closed) = (.closed, .cleared, MediaTime(400))
        incident.revision += 1
        site.writer.record([site.entry(incident, [])])
        await site.writer.settle()
        #expect(try site.outbox.pending(limit: 10).count == 2)
        opening.finish()
        await site.writer.settlePictures()
        let events = try site.events()
        #expect(events.map(\.data.incident.state) == ["opened", "closed", "closed"])
        #expect(events.map(\.data.incident.revision) == [1, 2, 3])
        #expect(events.map(\.data.evidence.count) == [0, 0, 1])
        #expect(try site.outbox.openIncidents().isEmpty)
    }

    @Test func `a stop waits for no picture, and the next start tells of those that a kill has left`() async throws {
        let folder = try TemporaryFolder()
        let (gate, opening) = AsyncStream<Void>.makeStream()
        defer { opening.finish() }
        let site = try WriterSite(folder, masking: WriterSite.masking)
        site.writer.record([site.entry(WriterSite.incident(), [try Self.slow(gate)])])
        await site.writer.settle()
        // As after a kill: the views are gone, what is due is on the disk.
        let next = try WriterSite(folder, masking: WriterSite.masking)
        #expect(try next.outbox.pending(limit: 10).count == 1)
        await next.writer.resume()
        #expect(
            try next.events().last?.data.why.last?.what
                == "evidence withheld: the service ended before its pictures were made")
        next.writer.record([next.entry(WriterSite.incident(), [try Self.slow(gate)])])
        await next.writer.settle()
        let writer = next.writer
        #expect(await finishes(within: Patience.seconds(20)) { await writer.stop(within: .zero) })
        let events = try next.events()
        #expect(events.map(\.data.incident.state) == ["opened", "updated", "opened", "updated"])
        #expect(events.last?.data.why.last?.what == "evidence withheld: the service was stopping")
        #expect(try next.outbox.evidenceDue() == [] && next.outbox.pending(limit: 10).count == 4)
    }

    @Test(.waiting(minutes: 2))
    func `what waits is bounded in bytes over all cameras, and counts once what is shared`() async throws {
        let size = 640 * 360 * 3 / 2
        let queue = EvidenceQueue(limit: size * 2 + size / 2) { _ in [UInt8](repeating: 0, count: 10_000) }
        func change(_ frame: Frame) -> CameraPipeline.Change {
            .init(incident: WriterSite.incident(), views: [WriterSite.view(frame), WriterSite.view(frame)])
        }
        let frames = try (0..<4).map { try WriterSite.frame(Double($0)) }
        // Three of one look share its picture.
        let first = queue.admit([change(frames[0]), change(frames[0]), change(frames[0])])
        #expect(first.compactMap(\.ticket).count == 3)
        #expect(queue.admit([.init(incident: WriterSite.incident(), views: [])]).compactMap(\.ticket).isEmpty)
        // As JPEGs they are small.
        #expect(await eventually { queue.bytes == 10_000 })
        let many = try (0..<100).map { change(try WriterSite.frame(Double($0))) }
        let admissions = queue.admit(many)
        #expect(admissions.compactMap(\.ticket).count == 2)
        guard case .withheld(let reason) = admissions[2] else { throw CancellationError() }
        #expect(reason.description == "evidence withheld: too many pictures waited to be made")
        #expect(await eventually { queue.bytes == 30_000 })
        for ticket in (first + admissions).compactMap(\.ticket) { queue.finish(ticket) }
        #expect(queue.bytes == 0 && queue.count == 0)
    }

    @Test func `views that are compressed already count before anybody knows how large they are`() async throws {
        let queue = EvidenceQueue(limit: 1 << 20) { _ in [0] }
        let (gate, opening) = AsyncStream<Void>.makeStream()
        defer { opening.finish() }
        let admissions = try (0..<3).map { _ in
            queue.admit([.init(incident: WriterSite.incident(), views: [try Self.slow(gate)])])[0]
        }
        #expect(admissions.map { $0.ticket != nil } == [true, true, false])
        #expect(queue.bytes == 1 << 20)
    }

    @Test func `a picture that there is no room for is not compressed, nor kept until that could be done`() async throws
    {
        let asked = Mutex(0)
        let queue = EvidenceQueue(limit: 1000) { _ in
            asked.withLock { $0 += 1 }
            return [0]
        }
        weak var kept: Frame?
        do {
            let frame = try WriterSite.frame()
            kept = frame
            let views = [WriterSite.view(frame), WriterSite.view(frame)]
            let admission = queue.admit([.init(incident: WriterSite.incident(), views: views)])
            guard case .withheld = admission.first else {
                Issue.record("there is room for it")
                return
            }
        }
        #expect(kept == nil && queue.bytes == 0)
        let count = asked.withLock { $0 }
        #expect(count == 0)
    }
}

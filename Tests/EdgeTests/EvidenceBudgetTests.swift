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

/// What goes when evidence outgrows its budget, in which order, and what tells of it.
@Suite(.heavy) struct EvidenceBudgetTests {
    /// Incidents whose evidence is their messages, of some two kilobytes each.
    private struct Site {
        let parts: WriterSite

        init(
            _ folder: TemporaryFolder, evidence: URL? = nil, budget: Int = .max,
            masking: MaskingModels = WriterSite.noMasking
        ) throws {
            parts = try WriterSite(folder, evidence: evidence, masking: masking, budget: budget)
        }

        var outbox: Outbox { parts.outbox }
        var archive: EvidenceArchive { parts.archive }

        func write(_ incident: Incident, views: [EvidenceView] = []) async {
            parts.writer.record([parts.entry(incident, views)])
            await settle()
        }

        func settle() async {
            await parts.settle()
            archive.evict(outbox, logger: WriterSite.noLogger)
        }

        func open() async -> Incident {
            let incident = WriterSite.incident()
            await write(incident)
            return incident
        }

        func close(_ incident: Incident) async -> Incident {
            var incident = incident
            incident.state = .closed
            incident.closeReason = .cleared
            incident.closed = MediaTime(400)
            incident.revision += 1
            await write(incident)
            return incident
        }

        /// Opened and closed.
        func past() async -> Incident { await close(await open()) }

        func confirm(_ incident: Incident) async {
            let (site, place) = (parts.identity, parts.identity.place)
            let inbox = Inbox(
                outbox: outbox, topics: AlertTopics(), site: site, places: [place], logger: WriterSite.noLogger)
            await inbox.take(
                MQTTMessage(
                    topic: AlertTopics().inbound(.review, place, site: site.id),
                    text: #"{"incident":"\#(incident.id)","verdict":"confirmed","by":"worker-17"}"#))
            await settle()
        }

        func deliverAll() throws {
            let last = try outbox.counts().lastSequence
            guard last > 0 else { return }
            try outbox.markDelivered(Dictionary(uniqueKeysWithValues: (1...last).map { ($0, Date()) }))
        }

        func isKept(_ incident: Incident) -> Bool { archive.store.incidents.contains(incident.id) }
        func check() throws -> LedgerReport { try LedgerCheck.run(folder: parts.evidence) }
        func evictions() throws -> [String] { try check().evictions.map(\.incident) }
    }

    private func text(_ incidents: Incident...) -> [String] { incidents.map { $0.id.uuidString.lowercased() } }

    @Test func `the oldest closed incident goes first, one that a broker lacks later, a confirmed one last`()
        async throws
    {
        let folder = try TemporaryFolder()
        var site = try Site(folder)
        let standing = await site.open()
        let confirmed = await site.past()
        let first = await site.past()
        let second = await site.past()
        try site.deliverAll()
        await site.confirm(confirmed)
        try site.deliverAll()
        let waiting = await site.past()
        #expect(try site.check().isIntact)
        // Each time room for one byte less than there is.
        for (count, gone) in [first, second, waiting, confirmed].enumerated() {
            site = try Site(folder, budget: site.archive.store.bytes - 1)
            #expect(site.archive.evict(site.outbox, logger: WriterSite.noLogger) == 1)
            #expect(!site.isKept(gone) && site.isKept(standing))
            #expect(try site.check().isIntact && site.check().evictions.count == count + 1)
        }
        #expect(try site.evictions() == text(first, second, waiting, confirmed))
        // An open one stays, whatever the budget.
        site = try Site(folder, budget: 1)
        #expect(site.archive.evict(site.outbox, logger: WriterSite.noLogger) == 0)
        #expect(site.isKept(standing))
        #expect(try site.check().files == 1)
    }

    @Test(arguments: 0..<8) func `whatever happens, the budget is kept or only open incidents are left`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let folder = try TemporaryFolder()
        let budget = 12_000
        var site = try Site(folder, budget: budget)
        var open: [Incident] = []
        var known: [Incident] = []
        for _ in 0..<60 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                open.append(await site.open())
                known.append(open[open.count - 1])
            case 3..<6 where !open.isEmpty:
                _ = await site.close(open.remove(at: Int.random(in: 0..<open.count, using: &random)))
            case 6 where !known.isEmpty: await site.confirm(try #require(known.randomElement(using: &random)))
            case 7: site = try Site(folder, budget: budget)
            default: try site.deliverAll()
            }
            let kept = Set(site.archive.store.incidents)
            #expect(kept.isSuperset(of: open.map(\.id)))
            #expect(site.archive.store.bytes <= budget || kept == Set(open.map(\.id)))
        }
        let report = try site.check()
        #expect(report.isIntact && report.notes == [], "\(report)")
        #expect(!report.evictions.isEmpty)
        #expect(report.messages == Int(try site.outbox.counts().lastSequence))
        // No alert is lost for want of room.
        #expect(try site.outbox.messages(from: 1, through: 1000).count == report.messages)
    }

    @Test func `a kill between the record and the deletion leaves a good ledger, and the next start goes on`()
        async throws
    {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        let past = await site.past()
        try site.archive.ledger.evict(incident: past.id)
        #expect(site.isKept(past))
        #expect(try site.check().isIntact)
        for _ in 0..<2 {
            let again = try Site(folder)
            again.archive.resume(again.outbox, logger: WriterSite.noLogger)
            #expect(!again.isKept(past))
            let evicted = try again.outbox.standing().evicted
            #expect(evicted.incidents == 1 && evicted.bytes > 1000)
        }
        let report = try site.check()
        #expect(report.isIntact && report.notes == [] && report.evictions.map(\.files) == [2])
    }

    @Test func `what went is counted for the site's state and written to the audit log`() async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder, budget: 5000)
        for _ in 0..<6 { _ = await site.past() }
        try site.deliverAll()
        let evicted = try site.outbox.standing().evicted
        #expect(evicted.incidents == (try site.check().evictions.count) && evicted.incidents >= 3)
        for _ in 0..<2 { try site.outbox.auditEvictions() }
        let entries = try site.outbox.auditEntries().filter { $0.event == .evidenceDropped }
        #expect(entries.map { $0.facts["incidents"] } == ["\(evicted.incidents)"])
        let status = SiteStatus(
            site: site.parts.identity, cameras: [], standing: try site.outbox.standing(), isConnected: false,
            withheld: 0,
            archive: site.archive)
        #expect(status.evidence?.evictedIncidents == evicted.incidents)
        #expect(status.evidence?.bytes == site.archive.store.bytes && status.evidence?.budgetBytes == 5000)
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `on a disk that is full alerts go out without pictures, and the ledger follows once there is room`()
        async throws
    {
        let folder = try TemporaryFolder()
        guard let disk = try FullDisk(in: folder, megabytes: 4) else { return }
        let site = try Site(folder, evidence: disk.url.appending(path: "evidence"), masking: WriterSite.masking)
        let views = [WriterSite.view(try WriterSite.frame())]
        await site.write(WriterSite.incident(), views: views)
        disk.fill()
        for _ in 0..<3 { await site.write(WriterSite.incident(), views: views) }
        let events = try site.outbox.messages(from: 1, through: 10).map { try AlertEvent(json: Data($0.payload)) }
        #expect(events.map(\.data.evidence.count) == [1, 0, 0, 0])
        #expect(events.dropFirst().allSatisfy { $0.data.why.last?.what == "evidence could not be written" })
        #expect(site.archive.ledger.head.sequence < 4)
        disk.free()
        await site.settle()
        let report = try site.check()
        #expect(report.isIntact && report.messages == 4 && report.files == 5, "\(report)")
    }

    @Test func `a budget and a catalogue that a reload changes hold from the next message on`() async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        func severities() throws -> [Int] {
            try site.outbox.messages(from: 1, through: 100).map {
                try AlertEvent(json: Data($0.payload)).data.severity
            }
        }
        for _ in 0..<3 { _ = await site.close(site.open()) }
        let kept = site.archive.store.incidents.count
        #expect(kept == 3)
        let usual = try #require(try severities().last)
        site.parts.writer.adopt(
            configurationSHA256: "x",
            catalogue: try Catalogue.builtIn().overridden(by: [
                KindOverride(kind: .illegalParking, severity: usual == 1 ? 2 : 1)
            ]))
        site.archive.adopt(budget: 1)
        _ = await site.open()
        #expect(try severities().last != usual)
        #expect(try severities().dropLast().allSatisfy { $0 == usual })
        await site.settle()
        #expect(site.archive.store.incidents.count < kept)
    }
}

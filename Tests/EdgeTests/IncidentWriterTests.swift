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
@testable import Edge
@testable import Evidence
@testable import Pipeline
@testable import Store

/// From a changed incident to the message, its pictures and the record of both.
@Suite(.waiting) struct IncidentWriterTests {
    /// With the pictures that a look has of it.
    private func entry(_ site: WriterSite) throws -> IncidentWriter.Entry {
        let incident = WriterSite.incident()
        var recorder = EvidenceRecorder { try JPEG.encode($0) }
        return site.entry(
            incident,
            recorder.views(
                for: incident, findings: [], vehicles: [incident.object.box], in: try WriterSite.frame()))
    }

    /// The pictures in the evidence folder.
    private func pictures(_ site: WriterSite) -> [String] {
        let names = FileManager.default.enumerator(atPath: site.evidence.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".part") }
    }

    @Test func `the department of the site stands in the alert`() async throws {
        let folder = try TemporaryFolder()
        let routing = Routing([
            .init(kinds: "parking.*", id: "0"), .init(kinds: "parking.motor", surface: .carriageway, id: "0512-07"),
        ])
        let site = try WriterSite(folder, catalogue: Catalogue.builtIn().routed(by: routing))
        site.writer.record([try entry(site)])
        await site.settle()
        let department = try #require(try site.events().last).data.department
        #expect(department.role == "traffic-police")
        #expect(department.name.zh == "公安交警")
        #expect(department.id == "0512-07")
    }

    @Test func `what the site says of a kind stands in the alert`() async throws {
        let folder = try TemporaryFolder()
        let override = KindOverride(
            kind: .illegalParking, name: .init(zh: "违停", en: "Parked"),
            codes: [.init(system: .cjt2007, code: "0505", certainty: .site)], severity: 1,
            suggestedLimit: .init(zh: "四小时", en: "4 hours"), privacyProfile: .maskAll)
        let site = try WriterSite(folder, catalogue: Catalogue.builtIn().overridden(by: [override]))
        site.writer.record([try entry(site)])
        await site.settle()
        let data = try #require(try site.events().last).data
        #expect(data.name == .init(zh: "违停", en: "Parked"))
        #expect(data.codes.map(\.system) == ["CJ/T 214-2007"] && data.codes.map(\.code) == ["0505"])
        #expect(data.severity == 1)
        #expect(data.suggestedLimit == "4 hours")
        // What is left out is the catalogue's.
        #expect(data.department.role == "traffic-police")
    }

    @Test func `without a model to mask with no picture is written, and the alert says why`() async throws {
        let folder = try TemporaryFolder()
        for masking in [
            WriterSite.noMasking, MaskingModels(face: WriterSite.masking.face, plate: nil),
            MaskingModels(
                face: Model(
                    name: "centerface", version: "1", sha256: "", path: "/nonexistent.onnx", width: 736, height: 608,
                    classes: []), plate: WriterSite.masking.plate),
        ] {
            let site = try WriterSite(folder, masking: masking)
            #expect(site.archive.maker.fault?.contains("gridwarden models prepare") == true)
            site.writer.record([try entry(site)])
            await site.settle()
            let event = try #require(try site.events().last)
            #expect(event.data.evidence.isEmpty)
            #expect(event.data.why.contains { $0.what.hasPrefix("evidence withheld: ") })
            #expect(pictures(site) == [])
        }
        #expect(try WriterSite(folder, masking: WriterSite.masking).events().count == 3)
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `a view that cannot be read withholds the whole pack`() async throws {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder, masking: WriterSite.masking)
        let good = try entry(site)
        let bad = EvidenceView(
            role: .panoramaFirst, source: .compressed(Task { [1, 2, 3] }), taken: Date(), vehicles: [])
        site.writer.record([
            IncidentWriter.Entry(
                change: .init(incident: good.change.incident, views: [bad] + good.change.views), camera: good.camera,
                zone: good.zone, clock: good.clock, date: good.date)
        ])
        await site.settle()
        let event = try #require(try site.events().last)
        #expect(event.data.evidence.isEmpty && pictures(site) == [])
        #expect(event.data.why.last?.what.hasPrefix("evidence withheld: decode a JPEG") == true, "\(event.data.why)")
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `each message and its pictures are in the ledger`() async throws {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder, masking: WriterSite.masking)
        for _ in 0..<2 {
            site.writer.record([try entry(site)])
            await site.settle()
        }
        let events = try site.events()
        #expect(events.count == 2 && events.allSatisfy { $0.epoch == site.outbox.epoch })
        #expect(events.allSatisfy { $0.data.evidence.map(\.role) == ["panorama-confirming", "close-up"] })
        #expect(events.allSatisfy { $0.data.evidence.allSatisfy(\.masked) })
        let payloads = try site.outbox.messages(from: 1, through: 100).map { Data($0.payload) }
        #expect(try SchemaValidator.incident.violations(in: payloads) == [])
        let report = try LedgerCheck.run(folder: site.evidence, .init(head: events[1].data.provenance.ledger))
        // Two pictures and the message itself, twice.
        #expect(report.isIntact && report.messages == 2 && report.files == 6)
        // The second message names the record of the first.
        #expect(events[1].data.provenance.ledger != events[0].data.provenance.ledger)
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `a shutdown does not wait for pictures and loses no alert`() async throws {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder, masking: WriterSite.masking)
        await site.writer.stop(within: .zero)
        site.writer.record([try entry(site), try entry(site)])
        await site.settle()
        let events = try site.events()
        #expect(events.count == 2 && pictures(site) == [])
        #expect(events.allSatisfy { $0.data.why.last?.what == "evidence withheld: the service was stopping" })
    }

    @Test func `what can never be written is told in the audit log and holds up nothing`() async throws {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder)
        let good = try entry(site)
        let long = IncidentWriter.Entry(
            change: try entry(site).change, camera: good.camera,
            zone: ZoneIdentity(id: "z", name: String(repeating: "x", count: 9000), surface: .carriageway),
            clock: good.clock, date: good.date)
        var endless = try entry(site)
        var incident = endless.change.incident
        incident.threshold = .infinity
        endless.change = .init(incident: incident, views: [])
        site.writer.record([long, endless, good])
        await site.settle()
        #expect(site.writer.backlog == 0)
        #expect(try site.outbox.openIncidents().map(\.id) == [good.change.incident.id])
        let entries = try site.outbox.auditEntries()
        #expect(entries.map(\.event) == [.messagesDropped, .messagesDropped])
        let lost = [long, endless].map { $0.change.incident.id.uuidString.lowercased() }
        #expect(entries.map { $0.facts["incident"] } == lost)
        #expect(entries.allSatisfy { $0.facts["state"] == "opened" && $0.facts["reason"]?.isEmpty == false })
        #expect(try site.outbox.verifyAudit() == 2)
    }

    @Test func `a disk that is full keeps all changes, and says so`() async throws {
        let folder = try TemporaryFolder()
        guard let disk = try FullDisk(in: folder, megabytes: 4) else { return }
        let site = try WriterSite(
            folder, state: disk.url.appending(path: "state"))
        disk.fill()
        let entries = try (0..<20).map { _ in try entry(site) }
        site.writer.record([entries[0]])
        await site.settle()
        site.writer.record(Array(entries.dropFirst()))
        await site.settle()
        #expect(site.writer.backlog == 20)
        #expect(site.writer.failure?.reason.contains("disk") == true)
        #expect(await site.writer.unwritten(camera: "cam-01").count == 20)
        #expect(await site.writer.unwritten(camera: "cam-02") == [])
        disk.free()
        await site.settle()
        #expect(site.writer.backlog == 0 && site.writer.failure == nil)
        let events = try site.events()
        let opened = events.filter { $0.data.incident.state == "opened" }
        #expect(opened.map { UUID(uuidString: $0.subject) } == entries.map(\.change.incident.id))
        // Each says why it has no picture: the first one itself, the others, for they are many, in a second message.
        let told = events.filter { $0.data.why.contains { $0.what.hasPrefix("evidence withheld: ") } }
        #expect(Set(told.map(\.subject)) == Set(opened.map(\.subject)))
        #expect(try site.outbox.evidenceDue() == [])
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `pictures that are withheld count once, however often the disk refuses to write it`() async throws {
        let folder = try TemporaryFolder()
        guard let disk = try FullDisk(in: folder, megabytes: 4) else { return }
        let site = try WriterSite(folder, state: disk.url.appending(path: "state"), masking: WriterSite.masking)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let entry = try entry(site)
        let unreadable = EvidenceView(
            role: .panoramaFirst,
            source: .compressed(
                Task {
                    for await _ in gate {}
                    return [0]
                }), taken: Date(timeIntervalSince1970: 1_790_000_300), vehicles: [])
        site.writer.record([
            .init(
                change: .init(incident: entry.change.incident, views: [unreadable]), camera: entry.camera,
                zone: entry.zone, clock: entry.clock, date: entry.date)
        ])
        await site.writer.settle()
        disk.fill()
        opening.finish()
        for _ in 0..<3 { await site.writer.settlePictures() }
        #expect(try site.outbox.evidenceDue() == [1])
        func withheld() -> Int { site.writer.withheld.load(ordering: .relaxed) }
        #expect(withheld() == 0)
        disk.free()
        await site.writer.settlePictures()
        #expect(try site.outbox.evidenceDue() == [])
        #expect(withheld() == 1)
    }

    @Test(.enabled(if: WriterSite.canMask, "needs 'make models'"))
    func `faces and plates are looked for once in each picture, however many incidents a look has`() async throws {
        let site = try WriterSite(try TemporaryFolder(), masking: WriterSite.masking)
        let frame = try JPEG.decode(
            try JPEG.encode(try Canvas(width: 640, height: 360, .grey)), time: MediaTime(300),
            date: Date(timeIntervalSince1970: 1_790_000_300))
        let entries = try (0..<5).map { _ in
            let entry = try entry(site)
            let views = [EvidenceImage.Role.panoramaConfirming, .closeUp].map {
                EvidenceView(role: $0, source: .frame(frame), taken: frame.date, vehicles: [])
            }
            return IncidentWriter.Entry(
                change: .init(incident: entry.change.incident, views: views), camera: entry.camera, zone: entry.zone,
                clock: entry.clock, date: entry.date)
        }
        site.writer.record(entries)
        await site.settle()
        #expect(try Set(site.events().filter { $0.data.evidence.count == 2 }.map(\.subject)).count == 5)
        #expect(await site.archive.maker.searches == 1)
    }

    @Test func `after a reload alerts name the new configuration`() async throws {
        let site = try WriterSite(try TemporaryFolder())
        let new = String(repeating: "a", count: 64)
        site.writer.adopt(configurationSHA256: new, catalogue: try Catalogue.builtIn())
        site.writer.record([try entry(site)])
        await site.settle()
        #expect(try site.events().first?.data.provenance.configurationSHA256 == new)
    }

    @Test func `the ledger takes what it missed from the outbox`() async throws {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder)
        for _ in 0..<3 { site.writer.record([try entry(site)]) }
        await site.settle()
        // As after a kill between the outbox and the ledger: the last two messages have no record.
        let ledger = site.evidence.appending(path: Ledger.fileName)
        let lines = try String(contentsOf: ledger, encoding: .utf8).split(separator: "\n")
        try Data((lines.dropLast(2).joined(separator: "\n") + "\n").utf8).write(to: ledger)
        let again = try WriterSite(folder)
        again.archive.followAll(again.outbox)
        let report = try LedgerCheck.run(folder: again.evidence)
        // That pictures are withheld is said with the alert or, where that did not wait for it, in a message of its own.
        let last = try again.outbox.counts().lastSequence
        #expect(report.isIntact && report.messages == last && (3...6).contains(last))
        #expect(again.archive.ledger.head.sequence == last)
    }

    @Test func `evidence that was off for a while goes on with an intact ledger, whatever was pruned meanwhile`()
        async throws
    {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder)
        func past() async {
            var incident = WriterSite.incident()
            site.writer.record([site.entry(incident)])
            (incident.state, incident.closeReason, incident.closed) = (.closed, .cleared, MediaTime(400))
            incident.revision += 1
            site.writer.record([site.entry(incident)])
            await site.writer.settle()
        }
        await past()
        site.archive.followAll(site.outbox)
        // Nobody follows: more than the ledger reads at a time, delivered, and deleted for its age.
        for _ in 0..<15 { await past() }
        try site.outbox.markDelivered(Dictionary(uniqueKeysWithValues: (1...32).map { ($0, Date()) }))
        #expect(try site.outbox.prune(deliveredBefore: .distantFuture) == 32)

        let again = try WriterSite(folder)
        #expect(try !again.archive.follow(again.outbox))
        again.writer.record([again.entry()])
        await again.writer.settle()
        #expect(try !again.archive.follow(again.outbox))
        #expect(again.archive.ledger.head.sequence == 33)
        let report = try LedgerCheck.run(folder: again.evidence)
        #expect(report.isIntact && report.messages == 3, "\(report)")
    }

    @Test func `expired days are deleted with a record in the ledger`() async throws {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder)
        site.writer.record([try entry(site)])
        await site.settle()
        #expect(try site.archive.prune(keeping: 30, now: Date()) == 0)
        #expect(try site.archive.prune(keeping: 30, now: Date().addingTimeInterval(40 * 86_400)) == 1)
        let report = try LedgerCheck.run(
            folder: site.evidence, .init(now: Date().addingTimeInterval(41 * 86_400)))
        #expect(report.isIntact && report.expired == 1 && report.files == 0)
    }

    @Test func `a store that was lost and begins anew goes on in the ledger, and the ledger's head is kept`()
        async throws
    {
        let folder = try TemporaryFolder()
        let site = try WriterSite(folder)
        for _ in 0..<3 { site.writer.record([try entry(site)]) }
        await site.settle()
        let before = site.archive.ledger.head.sequence
        let again = try WriterSite(folder, state: folder.file("another"))
        again.writer.record([try entry(again)])
        await again.settle()
        let head = again.archive.ledger.head
        let last = try again.outbox.counts().lastSequence
        #expect(head.epoch == again.outbox.epoch && head.sequence == last)
        #expect(head.sequence > 0 && head.sequence < before)
        #expect(try again.outbox.ledgerMark() == LedgerMark(number: head.number, hash: head.hash))
        let report = try LedgerCheck.run(folder: again.evidence)
        #expect(report.isIntact && report.messages == Int(before + head.sequence) && report.notes == [])
    }
}

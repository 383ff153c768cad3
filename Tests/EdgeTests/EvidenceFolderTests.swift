import Analytics
import Domain
import Evidence
import Foundation
import Inference
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import Pipeline
@testable import Store

/// An evidence folder that goes away while the service runs.
@Suite struct EvidenceFolderTests {
    private struct Site {
        let outbox: Outbox
        let archive: EvidenceArchive
        let writer: IncidentWriter
        let follower: LedgerFollower
        let warnings = SiteWarnings()
        let camera: CameraIdentity
        let evidence: URL

        init(_ folder: TemporaryFolder) throws {
            let identity = try SiteIdentity.edge01()
            let place = identity.place
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            evidence = folder.file("evidence")
            outbox = try Outbox(file: folder.file("outbox.sqlite"))
            archive = EvidenceArchive(
                maker: EvidenceMaker(masking: MaskingModels(face: nil, plate: nil)),
                store: try EvidenceStore(folder: evidence), ledger: try Ledger(folder: evidence, site: "edge-01"))
            camera = CameraIdentity(id: "cam-01", name: "北门", place: place, timeZone: .gmt)
            writer = IncidentWriter(
                outbox: outbox, archive: archive, site: identity, topics: AlertTopics(),
                catalogue: try Catalogue.builtIn(), logger: logger
            ) {}
            follower = LedgerFollower(archive: archive, outbox: outbox, warnings: warnings, logger: logger) {}
        }

        func alert() async throws {
            let incident = Incident(
                id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "z", firstSeen: MediaTime(0),
                confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
                object: .init(
                    objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
            writer.record([
                IncidentWriter.Entry(
                    change: .init(incident: incident, views: []), camera: camera,
                    zone: ZoneIdentity(id: "z", name: "Lane", surface: .carriageway), clock: ClockReport(),
                    date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
            ])
            await writer.settlePictures()
            archive.followAll(outbox)
        }
    }

    @Test(arguments: [false, true])
    func `a folder that is deleted or moved is made anew, said, and what was recorded into nowhere is recorded again`(
        isMoved: Bool
    ) async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        for _ in 0..<2 { try await site.alert() }
        site.follower.inspect()
        #expect(site.warnings.texts == [] && site.archive.losses.load(ordering: .relaxed) == 0)
        if isMoved {
            try FileManager.default.moveItem(at: site.evidence, to: folder.file("moved"))
        } else {
            try FileManager.default.removeItem(at: site.evidence)
        }
        // Before anybody notices: its record waits, since nobody would find it.
        try await site.alert()
        site.follower.inspect()
        #expect(site.warnings.texts.first?.hasPrefix("the evidence folder was deleted or moved") == true)
        #expect(site.archive.losses.load(ordering: .relaxed) == 1)
        try await site.alert()
        let report = try LedgerCheck.run(folder: site.evidence)
        #expect(report.isIntact && report.messages == 2 && report.files == 2, "\(report)")
        #expect(site.archive.ledger.head.sequence == 4)
        // Noticed once.
        site.follower.inspect()
        #expect(site.archive.losses.load(ordering: .relaxed) == 1)
        if isMoved { #expect(try LedgerCheck.run(folder: folder.file("moved")).messages == 2) }
    }

    @Test func `a ledger that is deleted by itself is noticed too, and a start after it goes on`() async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        for _ in 0..<2 { try await site.alert() }
        site.follower.inspect()
        try FileManager.default.removeItem(at: site.evidence.appending(path: Ledger.fileName))
        site.follower.inspect()
        #expect(!site.warnings.texts.isEmpty)
        #expect(try Ledger(folder: site.evidence, site: "edge-01").head.sequence == 2)
        try await site.alert()
        #expect(site.archive.ledger.head.sequence == 3)
    }

    @Test(.waiting(minutes: 2))
    func `the ledger waits for the start, and follows by itself then`() async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        for _ in 0..<45 {
            let incident = Incident(
                id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "z", firstSeen: MediaTime(0),
                confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
                object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
            site.writer.record([
                IncidentWriter.Entry(
                    change: .init(incident: incident, views: []), camera: site.camera,
                    zone: ZoneIdentity(id: "z", name: "Lane", surface: .carriageway), clock: ClockReport(),
                    date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
            ])
        }
        await site.writer.settle()
        site.follower.notify()
        #expect(site.archive.ledger.head.sequence == 0)
        site.follower.start()
        site.follower.start()
        while site.archive.ledger.head.sequence < 45 { try await Task.sleep(for: .milliseconds(10)) }
        let report = try LedgerCheck.run(folder: site.evidence)
        #expect(report.isIntact && report.messages == 45)
    }
}

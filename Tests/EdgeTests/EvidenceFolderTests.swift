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
        let parts: WriterSite
        let follower: LedgerFollower
        let warnings = SiteWarnings()

        init(_ folder: TemporaryFolder) throws {
            parts = try WriterSite(folder)
            follower = LedgerFollower(
                archive: parts.archive, outbox: parts.outbox, warnings: warnings, logger: WriterSite.noLogger
            ) {}
        }

        var archive: EvidenceArchive { parts.archive }
        var evidence: URL { parts.evidence }

        func alert() async {
            parts.writer.record([parts.entry()])
            await parts.settle()
        }
    }

    @Test(arguments: [false, true])
    func `a folder that is deleted or moved is made anew, said, and what was recorded into nowhere is recorded again`(
        isMoved: Bool
    ) async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        for _ in 0..<2 { await site.alert() }
        site.follower.inspect()
        #expect(site.warnings.texts == [] && site.archive.losses.load(ordering: .relaxed) == 0)
        if isMoved {
            try FileManager.default.moveItem(at: site.evidence, to: folder.file("moved"))
        } else {
            try FileManager.default.removeItem(at: site.evidence)
        }
        // Before anybody notices: its record waits, since nobody would find it.
        await site.alert()
        site.follower.inspect()
        #expect(site.warnings.texts.first?.hasPrefix("the evidence folder was deleted or moved") == true)
        #expect(site.archive.losses.load(ordering: .relaxed) == 1)
        await site.alert()
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
        for _ in 0..<2 { await site.alert() }
        site.follower.inspect()
        try FileManager.default.removeItem(at: site.evidence.appending(path: Ledger.fileName))
        site.follower.inspect()
        #expect(!site.warnings.texts.isEmpty)
        #expect(try Ledger(folder: site.evidence, site: "edge-01").head.sequence == 2)
        await site.alert()
        #expect(site.archive.ledger.head.sequence == 3)
    }

    @Test(.waiting(minutes: 2))
    func `the ledger waits for the start, and follows by itself then`() async throws {
        let folder = try TemporaryFolder()
        let site = try Site(folder)
        for _ in 0..<45 { site.parts.writer.record([site.parts.entry()]) }
        await site.parts.writer.settle()
        site.follower.notify()
        #expect(site.archive.ledger.head.sequence == 0)
        site.follower.start()
        site.follower.start()
        while site.archive.ledger.head.sequence < 45 { try await Task.sleep(for: .milliseconds(10)) }
        let report = try LedgerCheck.run(folder: site.evidence)
        #expect(report.isIntact && report.messages == 45)
    }
}

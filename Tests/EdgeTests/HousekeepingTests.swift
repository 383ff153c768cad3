import Evidence
import Foundation
import Inference
import Logging
import TestSupport
import Testing

@testable import Edge
@testable import Store

@Suite(.waiting) struct HousekeepingTests {
    private static let day = 86_400.0
    private static let today = 1_795_480_205.0

    @Test func `a date that is put right deletes nothing, and nothing is kept for ever`() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let evidence = folder.url.appending(path: "evidence")
        let archive = EvidenceArchive(
            maker: EvidenceMaker(masking: MaskingModels(face: nil, plate: nil), quality: 85),
            store: try EvidenceStore(folder: evidence), ledger: try Ledger(folder: evidence, site: "s"))
        let housekeeping = Housekeeping(
            archive: archive, outbox: outbox, days: 30, auditDays: 365,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        /// Hours of running; the date is that of 1970 for the first of them.
        func tidy(_ hours: ClosedRange<Int>) throws {
            for hour in hours {
                let ran = Double(hour) * 3600
                let clocks = HostClocks(date: (hour < 2 ? 0 : Self.today) + ran, boot: "a", sinceBoot: ran)
                _ = try housekeeping.tidy(clocks)
            }
        }
        for date in [3600, Self.today, Self.today + 200 * Self.day] {
            _ = try archive.store.save([1], sequence: 1, incident: UUID(), date: Date(timeIntervalSince1970: date))
        }
        try tidy(0...100)
        #expect(archive.store.days.count == 3)
        // A month later all are gone, whatever date they bear.
        try tidy(101...(32 * 24 + 100))
        #expect(archive.store.days.isEmpty)
    }

    @Test func `days that a reload changes hold from the next hour on`() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let evidence = folder.url.appending(path: "evidence")
        let archive = EvidenceArchive(
            maker: EvidenceMaker(masking: MaskingModels(face: nil, plate: nil)),
            store: try EvidenceStore(folder: evidence), ledger: try Ledger(folder: evidence, site: "s"))
        let housekeeping = Housekeeping(
            archive: archive, outbox: outbox, days: 30, auditDays: 365,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        func tidy(_ hours: ClosedRange<Int>) throws {
            for hour in hours {
                let ran = Double(hour) * 3600
                _ = try housekeeping.tidy(HostClocks(date: Self.today + ran, boot: "a", sinceBoot: ran))
            }
        }
        _ = try archive.store.save([1], sequence: 1, incident: UUID(), date: Date(timeIntervalSince1970: Self.today))
        try tidy(0...(5 * 24))
        #expect(archive.store.days.count == 1)
        housekeeping.ages.value.evidence = 3
        try tidy((5 * 24 + 1)...(5 * 24 + 2))
        #expect(archive.store.days.isEmpty)
    }
}

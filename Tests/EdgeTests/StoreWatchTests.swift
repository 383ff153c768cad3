import Evidence
import Foundation
import Logging
import TestSupport
import Testing

@testable import Edge
@testable import Store

struct StoreWatchTests {
    private let folder: TemporaryFolder
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try TemporaryFolder() }

    private func mark(_ ledger: Ledger) -> LedgerMark { LedgerMark(number: ledger.head.number, hash: ledger.head.hash) }

    @Test func `a ledger that was emptied while the daemon was stopped is said in the audit log`() throws {
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        func shortened() throws -> Int { try outbox.auditEntries().count { $0.event == .ledgerShortened } }
        do {
            let ledger = try Ledger(folder: folder.url, site: "s1")
            for day in 1...3 { try ledger.expire(day: "2026-11-0\(day)") }
            StoreWatch.compare(mark(ledger), with: outbox, logger: logger)
            try outbox.save(mark(ledger))
            // Killed after one more record: longer than known is as it should be.
            try ledger.expire(day: "2026-11-04")
            StoreWatch.compare(mark(ledger), with: outbox, logger: logger)
            #expect(try shortened() == 0)
        }
        try Data().write(to: folder.file(Ledger.fileName))
        let ledger = try Ledger(folder: folder.url, site: "s1")
        StoreWatch.compare(mark(ledger), with: outbox, logger: logger)
        #expect(try shortened() == 1)
        // As many records as before, but others.
        for day in 1...3 { try ledger.expire(day: "2026-10-0\(day)") }
        StoreWatch.compare(mark(ledger), with: outbox, logger: logger)
        #expect(try shortened() == 2)
    }

    @Test(.waiting(minutes: 1)) func `the store knows how far the ledger has come`() async throws {
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let known = LedgerMark(number: 7, hash: "ab")
        let watch = StoreWatch(outbox: outbox, ledger: { known }, logger: logger)
        let running = Task { try await watch.run() }
        while try outbox.ledgerMark() != known { try await Task.sleep(for: .milliseconds(5)) }
        running.cancel()
        try await running.value
    }
}

import ArgumentParser
import Delivery
import Evidence
import Foundation

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks evidence and messages, or the audit log, and names the first broken link.",
        discussion: """
            Works offline on the evidence folder of a site or on a pack made by 'gridwarden export'. Exit code 0 where \
            the chain and all files are intact, 1 where they are not, 66 where there is no ledger to read. A ledger \
            whose newest records were cut off together with their files looks intact by itself: give --head a hash \
            that it had, from 'provenance.ledger' of a message or from an earlier check. With --audit the folder is the
            state directory, and the head comes from the site's retained state.
            """)

    private static let mostEvictions = 20

    @Argument(help: "The evidence folder, an exported pack, or with --audit the state directory.") var folder: String
    @Option(help: "A hash that the ledger or the log had at some time.") var head: String?
    @Flag(help: "Check the audit log of a state directory.") var audit = false
    @Flag(help: "Print the report as JSON.") var json = false

    func run() throws {
        if audit { return try checkAudit() }
        let report: LedgerReport
        do { report = try LedgerCheck.run(folder: URL(filePath: folder), head: head) } catch {
            Console.complain("\(error)")
            throw ExitCode(66)
        }
        if json { try JSONText.print(report) } else { show(report) }
        if !report.isIntact { throw ExitCode.failure }
    }

    private struct AuditReport: Encodable {
        var entries: Int?
        var head: String?
        var fault: String?
    }

    private func checkAudit() throws {
        let outbox: Outbox
        var report = AuditReport()
        do {
            outbox = try Outbox(reading: URL(filePath: folder).appending(path: "outbox.sqlite"))
            report.head = try outbox.auditHead().hash
        } catch {
            Console.complain("\(error)")
            throw ExitCode(66)
        }
        do { report.entries = try outbox.verifyAudit(head: head) } catch { report.fault = "\(error)" }
        if json {
            try JSONText.print(report)
        } else if let fault = report.fault {
            print("BROKEN: \(fault)")
        } else {
            print("\(report.entries ?? 0) entries\nhead \(report.head ?? "")\nintact")
        }
        if report.fault != nil { throw ExitCode.failure }
    }

    private func show(_ report: LedgerReport) {
        let evicted = report.evictions.reduce(0) { $0 + $1.files }
        let span = [report.from, report.until].compactMap { $0 }.joined(separator: " … ")
        print(
            """
            site \(report.site ?? "unknown"): \(report.records) good records (\(span)), \(report.messages) messages, \
            \(report.files) files as recorded, \(report.expired) expired, \
            \(evicted) evicted
            head \(report.head)
            """)
        if let first = report.faults.first {
            print("BROKEN at record \(first.record): \(first.file.map { "\($0): " } ?? "")\(first.what)")
        } else {
            print("intact")
        }
        for fault in report.faults.dropFirst() {
            print("also at record \(fault.record): \(fault.file.map { "\($0): " } ?? "")\(fault.what)")
        }
        for eviction in report.evictions.suffix(Self.mostEvictions) {
            print("evicted on \(eviction.at): incident \(eviction.incident), \(eviction.files) files")
        }
        if report.evictions.count > Self.mostEvictions {
            print("\(report.evictions.count - Self.mostEvictions) incidents were evicted before these: see --json")
        }
        for note in report.notes { print("note: \(note)") }
    }
}

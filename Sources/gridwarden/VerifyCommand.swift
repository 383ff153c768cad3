import ArgumentParser
import Evidence
import Foundation

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks evidence and messages against their ledger, and names the first broken link.",
        discussion: """
            Works offline on the evidence folder of a site or on a pack made by 'gridwarden export'. Exit code 0 where \
            the chain and all files are intact, 1 where they are not, 66 where there is no ledger to read. A ledger \
            whose newest records were cut off together with their files looks intact by itself: give --head a hash \
            that it had, from 'provenance.ledger' of a message or from an earlier check.
            """)

    @Argument(help: "The evidence folder, or an exported pack.") var folder: String
    @Option(help: "A hash that the ledger had at some time.") var head: String?
    @Flag(help: "Print the report as JSON.") var json = false

    func run() throws {
        let report: LedgerReport
        do { report = try LedgerCheck.run(folder: URL(filePath: folder), head: head) } catch {
            Console.complain("\(error)")
            throw ExitCode(66)
        }
        if json { try JSONText.print(report) } else { show(report) }
        if !report.isIntact { throw ExitCode.failure }
    }

    private func show(_ report: LedgerReport) {
        let span = [report.from, report.until].compactMap { $0 }.joined(separator: " … ")
        print(
            """
            site \(report.site ?? "unknown"): \(report.records) good records (\(span)), \(report.messages) messages, \
            \(report.files) files as recorded, \(report.expired) expired
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
        for note in report.notes { print("note: \(note)") }
    }
}

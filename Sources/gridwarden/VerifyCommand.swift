import ArgumentParser
import Evidence
import Foundation
import Store

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks evidence and messages, or the audit log, and names the first broken link.",
        discussion: """
            Works offline on the evidence folder of a site, on a copy of it, or with --pack on what 'gridwarden export' \
            made. Exit code 0 where the chain and all files are intact, 1 where they are not or something lies there that \
            no daemon leaves, 66 where there is no ledger or no key to read. Give --key the site's public key, from the \
            site's retained state or 'gridwarden status': without it anybody may have written the ledger. A ledger whose \
            newest records were cut off together with their files looks intact by itself: give --head a hash that it \
            had, from 'provenance.ledger' of a message or from an earlier check. With --audit the folder is the state \
            directory, and the head comes from the site's retained state.
            """)

    private static let mostEvictions = 20

    @Argument(help: "The evidence folder, an exported pack, or with --audit the state directory.") var folder: String
    @Option(help: "A hash that the ledger or the log had at some time.") var head: String?
    @Option(help: "A public key of the site, or a file with one a line; may be given several times.") var key:
        [String] = []
    @Option(help: "So many days the site should have kept its evidence.") var keepDays: Int?
    @Option(help: "The folder is a pack of this incident, and nothing else should be in it.") var pack: String?
    @Flag(help: "Check the audit log of a state directory.") var audit = false
    @Flag(help: "Print the report as JSON.") var json = false

    func validate() throws {
        if let head, head.count != 64 || !head.allSatisfy(\.isHexDigit) {
            throw ValidationError("\(head) is no hash: 64 hexadecimal digits are expected")
        }
        if let pack, UUID(uuidString: pack) == nil { throw ValidationError("\(pack) is no id of an incident") }
        if let keepDays, keepDays < 1 { throw ValidationError("--keep-days begins at 1") }
    }

    func run() throws {
        if audit { return try checkAudit() }
        let report: LedgerReport
        do {
            let terms = LedgerCheck.Terms(
                head: head, keys: try key.flatMap(LedgerKey.read), keepDays: keepDays,
                pack: pack.flatMap(UUID.init(uuidString:)))
            report = try LedgerCheck.run(folder: URL(filePath: folder), terms)
        } catch {
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
        if let pack = report.pack { print("pack of incident \(pack): no other file is looked for") }
        print(
            """
            site \(Self.printable(report.site ?? "unknown")): \(report.records) good records (\(span)), \(report.messages) messages, \
            \(report.files) files as recorded, \(report.expired) expired, \
            \(evicted) evicted, \(report.absent) gone before their record
            head \(report.head)
            """)
        showSigners(report)
        if let after = report.after { print("\(after) records after the head that was given") }
        for (index, fault) in report.faults.enumerated() {
            let place = fault.file.map { "\($0): " } ?? ""
            print(
                Self.printable(
                    "\(index == 0 ? "BROKEN" : "also") at record \(fault.record): \(place)\(fault.what)"))
        }
        if report.isIntact { print("intact") }
        for stray in report.strays { print(Self.printable("stray: \(stray.file): \(stray.what)")) }
        for eviction in report.evictions.suffix(Self.mostEvictions) {
            print(
                Self.printable("evicted on \(eviction.at): incident \(eviction.incident), \(eviction.files) files"))
        }
        if report.evictions.count > Self.mostEvictions {
            print("\(report.evictions.count - Self.mostEvictions) incidents were evicted before these: see --json")
        }
        for note in report.notes { print(Self.printable("note: \(note)")) }
    }

    private func showSigners(_ report: LedgerReport) {
        for section in report.sections {
            let records = "records \(section.first) to \(section.last)"
            switch (section.key, section.known) {
            case (nil, _): print("\(records): not signed")
            case (let key?, true?): print("\(records): signed by \(key), which was given")
            case (let key?, false?): print("\(records): signed by \(key), which is UNKNOWN")
            case (let key?, nil): print("\(records): signed by \(key), for which nobody vouches: give --key")
            }
        }
    }

    /// Names in a folder may be forged, and a terminal interprets some characters.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.isPrintable ? $0 : "?" }))
    }
}

extension Unicode.Scalar.Properties {
    /// Neither a control character nor one that changes the writing direction.
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
}

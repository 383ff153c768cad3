public import Foundation
internal import Video

/// Checks an evidence folder, or a pack exported from one, against its ledger. Needs nothing but the files.
public struct LedgerCheck {
    /// In a pack: the one incident whose files it holds.
    struct Pack: Codable {
        static let fileName = "pack.json"

        let incident: String
    }

    private struct Expected {
        let sha256: String
        /// The first one that names it: a review's message names the pictures of its incident again.
        let record: Int
        let incident: String?
        let isInside: Bool
    }

    /// A message beyond this many faults of one kind says no more.
    private static let mostFaults = 100

    private let folder: URL
    private let pack: Pack?
    private var report = LedgerReport()
    private var expected: [String: Expected] = [:]
    private var expiredDays = Set<String>()
    /// By incident.
    private var evictions: [String: LedgerReport.Eviction] = [:]
    /// The incidents of which a record names files.
    private var named = Set<String>()
    /// Evicted incidents with files that are still there.
    private var survivors = Set<String>()
    private var hashes = Set<String>()
    private var sequence: Int64?

    /// - Parameters:
    ///   - folder: the evidence folder or an exported pack.
    ///   - head: a hash that the ledger had at some time, from a message or from an earlier check.
    /// - Throws: where there is no ledger to read.
    public static func run(folder: URL, head: String? = nil) throws -> LedgerReport {
        var check = try LedgerCheck(folder: folder)
        try check.readChain()
        check.checkFiles()
        check.tellEvictions()
        check.lookForStrays()
        if let head, !check.hashes.contains(head.lowercased()) {
            check.report.faults.append(
                .init(
                    record: check.report.records + 1, file: nil,
                    what: "no good record has the hash \(head): the ledger was cut off before it, or replaced"))
        }
        check.report.faults.sort { $0.record < $1.record }
        return check.report
    }

    private init(folder: URL) throws {
        self.folder = folder
        let pack = folder.appending(path: Pack.fileName)
        self.pack = FileManager.default.contents(atPath: pack.path).flatMap {
            try? JSONDecoder().decode(Pack.self, from: $0)
        }
    }

    private mutating func readChain() throws {
        let lines = try LedgerLines(path: folder.appending(path: Ledger.fileName).path)
        report.head = LedgerRecord.first
        while let line = lines.next() {
            if let fault = follow(line) {
                report.faults.append(
                    .init(record: report.records + 1, file: nil, what: fault + whereabouts(line, lines)))
                return
            }
        }
        if report.records == 0 {
            report.faults.append(.init(record: 1, file: nil, what: "the ledger is empty: it was cut off"))
        }
    }

    /// Takes the next line into the chain, or says why it does not belong there.
    private mutating func follow(_ line: LedgerLines.Line) -> String? {
        let number = report.records + 1
        guard line.isWhole else {
            return "the last line is unfinished: it was cut off, or the power failed and the daemon has not run since"
        }
        guard let (record, hash) = LedgerRecord.parse(line.bytes) else {
            return "record \(number) was changed: its hash is not that of its content"
        }
        guard record.previous == report.head, record.number == number else {
            return record.number > number
                ? "record \(record.number) stands where record \(number) belongs"
                : "record \(record.number) does not follow on record \(number - 1): it was moved or inserted"
        }
        if record.kind == .message, let found = record.sequence {
            if let last = sequence, found != last + 1 {
                return "message \(found) follows on message \(last): the messages between have no record"
            }
            sequence = found
            report.messages += 1
        }
        report.records = number
        report.head = hash
        hashes.insert(hash)
        report.site = report.site ?? record.site
        report.from = report.from ?? record.at
        report.until = record.at
        if let day = record.day { expiredDays.insert(day) }
        if let incident = record.incident, record.files?.isEmpty == false { named.insert(incident) }
        if record.kind == .evicted, let incident = record.incident {
            evictions[incident] = .init(incident: incident, record: number, at: record.at)
        }
        for file in record.files ?? [] where pack == nil || record.incident == pack?.incident {
            expected[file.file] = Expected(
                sha256: file.sha256, record: expected[file.file]?.record ?? number, incident: record.incident,
                isInside: file.isInside)
        }
        return nil
    }

    /// Where the record that is missing at the break is found instead.
    private func whereabouts(_ line: LedgerLines.Line, _ rest: LedgerLines) -> String {
        let number = report.records + 1
        guard let found = LedgerRecord.parse(line.bytes)?.record.number, found > number else { return "" }
        while let later = rest.next() {
            if LedgerRecord.parse(later.bytes)?.record.number == number {
                return ": record \(number) was moved behind it"
            }
        }
        return found == number + 1
            ? ": record \(number) was removed" : ": records \(number) to \(found - 1) were removed"
    }

    private mutating func checkFiles() {
        for (name, expected) in expected.sorted(by: { ($0.value.record, $0.key) < ($1.value.record, $1.key) }) {
            guard expected.isInside,
                let data = FileManager.default.contents(atPath: folder.appending(path: name).path)
            else {
                if expected.isInside, expiredDays.contains(day(of: name)) {
                    report.expired += 1
                } else if expected.isInside, let incident = expected.incident,
                    let eviction = evictions[incident], eviction.record > expected.record
                {
                    evictions[incident]?.files += 1
                } else {
                    fault(expected, name, "the file is missing, and no record says that its time was over")
                }
                continue
            }
            if SHA256.hex(Array(data)) == expected.sha256 {
                report.files += 1
                if let incident = expected.incident, (evictions[incident]?.record ?? 0) > expected.record {
                    survivors.insert(incident)
                }
            } else {
                fault(expected, name, "the file was changed: its SHA-256 is not that of the record")
            }
        }
    }

    /// Of each incident that the ledger calls evicted, whether that is so.
    private mutating func tellEvictions() {
        report.evictions = evictions.values.filter { pack == nil || $0.incident == pack?.incident }
            .sorted { $0.record < $1.record }
        if !survivors.isEmpty {
            report.notes.append(
                "\(survivors.count) incidents were to be evicted and have files left: the daemon was killed meanwhile, "
                    + "could not delete them, or somebody put them back")
        }
        let unknown = report.evictions.count { !named.contains($0.incident) }
        if unknown > 0 {
            report.notes.append(
                "\(unknown) incidents were evicted of which no record names a file: left by a daemon that was killed "
                    + "while it wrote, or the record is not the daemon's")
        }
    }

    private mutating func fault(_ expected: Expected, _ file: String, _ what: String) {
        guard report.faults.count < Self.mostFaults else { return }
        report.faults.append(.init(record: expected.record, file: file, what: what))
    }

    /// Files that no record names: a message among them shows that the end of the ledger is missing.
    private mutating func lookForStrays() {
        guard pack == nil, report.faults.allSatisfy({ $0.file != nil }),
            let names = FileManager.default.enumerator(atPath: folder.path)
        else { return }
        var strays = 0
        var messages: [String] = []
        for case let name as String in names where EvidenceStore.isDay(day(of: name)) && expected[name] == nil {
            switch (name as NSString).pathExtension {
            case "json" where !expiredDays.contains(day(of: name)): messages.append(name)
            case "jpg": strays += 1
            default: break
            }
        }
        if let first = messages.min(by: { ($0 as NSString).lastPathComponent < ($1 as NSString).lastPathComponent }) {
            report.faults.append(
                .init(
                    record: report.records + 1, file: first,
                    what:
                        "no record names this message (\(messages.count) such): the end of the ledger was cut off, or "
                        + "the daemon was killed at that moment and has not run since"))
        }
        if strays > 0 {
            report.notes.append(
                "\(strays) pictures are in no record: added by somebody, or left by a daemon that was killed while it "
                    + "wrote")
        }
    }

    private func day(of name: String) -> String { String(name.prefix { $0 != "/" }) }
}

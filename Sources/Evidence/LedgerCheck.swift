public import Foundation

/// Checks an evidence folder, or a pack exported from one, against its ledger. Requires nothing but the files, whose
/// content does not affect the rules of the check.
public struct LedgerCheck {
    /// The parameters of the check, supplied by the person who checks.
    public struct Terms: Sendable {
        /// An earlier hash of the ledger, from a message or from an earlier check.
        public var head: String?
        /// Of the site: every record must be signed by one of them, except those before the first signed one.
        public var keys: [LedgerKey]
        /// The retention of evidence in days; nil accepts that of the records.
        public var keepDays: Int?
        /// For a pack: only the files of this incident are expected.
        public var pack: UUID?
        /// The date.
        public var now: Date

        public init(
            head: String? = nil, keys: [LedgerKey] = [], keepDays: Int? = nil, pack: UUID? = nil, now: Date = Date()
        ) {
            (self.head, self.keys, self.keepDays, self.pack, self.now) = (head, keys, keepDays, pack, now)
        }
    }

    struct Expected {
        let sha256: String
        /// The first record that mentions it: a review's message mentions the pictures of its incident again.
        let record: Int
        let incident: String?
        let isInside: Bool
        let isUnsigned: Bool
        /// Already missing when it was recorded.
        var isAbsent: Bool
    }

    /// The expiry of a day.
    private struct Expiry {
        let record: Int
        /// Why it does not justify missing files; nil where it does.
        let fault: String?
    }

    /// Most files in a ledger that is checked: more would take gigabytes of memory.
    private static let mostFiles = 5_000_000
    /// Larger than any picture or message, in bytes: a larger file is not read.
    static let largestFile = 256 << 20
    /// Most faults that are listed.
    private static let mostFaults = 1000
    /// Most attempts on a folder whose daemon keeps running.
    private static let mostTries = 3
    private static let day = 86_400.0

    let folder: URL
    let terms: Terms
    let pack: String?
    var report = LedgerReport()
    var chain: LedgerChain
    var expected: [String: Expected] = [:]
    /// Parts removed from a damaged ledger, by their file names.
    var asides: [String: String?] = [:]
    private var expiries: [String: [Expiry]] = [:]
    /// By incident.
    private var evictions: [String: LedgerReport.Eviction] = [:]
    /// The incidents whose files are in a record.
    private var named = Set<String>()
    /// Evicted incidents with remaining files.
    private var survivors = Set<String>()
    private var future = 0
    private var cutBefore: Int?
    private var untold = 0

    /// - Throws: where there is no readable ledger.
    public static func run(folder: URL, _ terms: Terms = Terms()) throws -> LedgerReport {
        for attempt in 1... {
            var check = LedgerCheck(folder: folder, terms: terms)
            let isStill = try check.run()
            if check.report.isIntact || isStill || attempt == mostTries { return check.report }
        }
        return LedgerReport()
    }

    private init(folder: URL, terms: Terms) {
        self.folder = folder
        self.terms = terms
        pack = terms.pack?.uuidString.lowercased()
        chain = LedgerChain(trusted: terms.keys)
        report.keys = terms.keys.map(\.description)
        report.pack = pack
    }

    /// False where the ledger has grown meanwhile.
    private mutating func run() throws -> Bool {
        let lines = try LedgerLines(path: folder.appending(path: Ledger.fileName).path)
        let size = lines.size
        try readChain(lines)
        checkSigners()
        checkFiles()
        tellEvictions()
        lookForStrays()
        checkHead()
        tell()
        report.faults.sort { $0.record < $1.record }
        return lines.size == size
    }

    private mutating func readChain(_ lines: LedgerLines) throws {
        while let line = try lines.next() {
            switch chain.take(line) {
            case .broken(let fault):
                report.faults.append(
                    .init(record: chain.count + 1, file: nil, what: fault + (try whereabouts(line, lines))))
                return
            case .record(let line): try take(line)
            }
        }
        if chain.count == 0 {
            report.faults.append(.init(record: 1, file: nil, what: "the ledger is empty: it was cut off"))
        }
    }

    private mutating func take(_ line: LedgerLine) throws {
        let record = line.record
        report.from = report.from ?? record.at
        report.until = record.at
        if let after = report.after { report.after = after + 1 }
        if line.hash == terms.head?.lowercased() { report.after = 0 }
        if Self.date(record.at).map({ $0 > terms.now.addingTimeInterval(Self.day) }) ?? true { future += 1 }
        if let found = record.found {
            report.notes.append("record \(record.number), \(record.at): \(found.what)")
            if let aside = found.aside { asides[aside] = found.sha256 }
            if found.hash == terms.head?.lowercased() { cutBefore = record.number }
        }
        if record.kind == .expired, let day = record.day {
            expiries[day, default: []].append(Expiry(record: record.number, fault: fault(ofExpiry: record, day: day)))
        }
        if let incident = record.incident, record.files?.isEmpty == false { named.insert(incident) }
        if record.kind == .evicted, let incident = record.incident, chain.isTrusted {
            evictions[incident] = .init(incident: incident, record: record.number, at: record.at)
        }
        guard pack == nil || record.incident == pack else { return }
        for file in record.files ?? [] { expect(file, of: record, isAbsent: false) }
        for file in record.absent ?? [] { expect(file, of: record, isAbsent: true) }
        guard expected.count <= Self.mostFiles else {
            throw Ledger.LedgerError(
                description: "could not check the ledger: it names more than \(Self.mostFiles) files, which no site has"
            )
        }
    }

    /// The first recorded hash of a file is binding: later ones must be equal.
    private mutating func expect(_ file: LedgerRecord.File, of record: LedgerRecord, isAbsent: Bool) {
        guard let first = expected[file.file] else {
            expected[file.file] = Expected(
                sha256: file.sha256, record: record.number, incident: record.incident, isInside: file.isInside,
                isUnsigned: chain.isUnsigned, isAbsent: isAbsent)
            return
        }
        if first.sha256 != file.sha256 {
            fault(
                record.number, file.file, "the record gives it another hash than record \(first.record): that one holds"
            )
        } else if first.isAbsent, !isAbsent {
            expected[file.file]?.isAbsent = false
        }
    }

    /// Why an expiry record does not justify missing files; nil where it is credible.
    private func fault(ofExpiry record: LedgerRecord, day: String) -> String? {
        guard chain.isTrusted else { return "is not by the site" }
        guard let at = Self.date(record.at), at < terms.now.addingTimeInterval(2 * Self.day) else {
            return "has a date to come"
        }
        // A clock that was years ahead created it; versions without keys did not record when its age started to count.
        if chain.isUnsigned, day > EvidenceStore.day(terms.now.addingTimeInterval(Self.day)) { return nil }
        let keep = terms.keepDays ?? record.keepDays ?? 1
        let begin = chain.isUnsigned ? day : record.since ?? day
        // As the store counts: whole days after the end of that day.
        let oldest = EvidenceStore.day(at.addingTimeInterval(-Double(keep + 1) * Self.day))
        return begin < oldest ? nil : "was written before \(keep) days had passed"
    }

    /// Where the record that is missing at the break was found instead.
    private func whereabouts(_ line: LedgerLines.Line, _ rest: LedgerLines) throws -> String {
        let number = chain.count + 1
        guard let found = LedgerLine.parse(line.bytes)?.record.number, found > number else { return "" }
        while let later = try rest.next() {
            if LedgerLine.parse(later.bytes)?.record.number == number {
                return ": record \(number) was moved behind it"
            }
        }
        return found == number + 1
            ? ": record \(number) was removed" : ": records \(number) to \(found - 1) were removed"
    }

    /// Every section must be signed by a given key.
    private mutating func checkSigners() {
        guard !terms.keys.isEmpty else { return }
        for section in chain.sections where section.known == false {
            fault(
                section.first, nil,
                "records \(section.first) to \(section.last) are signed by \(section.key ?? ""), which is none of the keys "
                    + "that were given")
        }
        if chain.count > 0, chain.sections.allSatisfy({ $0.key == nil }) {
            fault(1, nil, "no record is signed: nothing says that the site wrote them")
        }
    }

    private mutating func checkFiles() {
        for (name, file) in expected.sorted(by: { ($0.value.record, $0.key) < ($1.value.record, $1.key) }) {
            guard file.isInside else {
                fault(file.record, name, "the file is missing: the record names no place in the folder")
                continue
            }
            do {
                guard try BoundedFile.hash(name, in: folder, atMost: Self.largestFile) == file.sha256 else {
                    fault(file.record, name, "the file was changed: its SHA-256 is not that of the record")
                    continue
                }
                report.files += 1
                if let incident = file.incident, (evictions[incident]?.record ?? 0) > file.record {
                    survivors.insert(incident)
                }
            } catch let error as BoundedFile.Failed where error.isAbsent {
                excuse(name, file)
            } catch {
                fault(file.record, name, "\(error)")
            }
        }
    }

    /// Searches for a record that justifies the missing file.
    private mutating func excuse(_ name: String, _ file: Expected) {
        let expiries = (expiries[Self.day(of: name)] ?? []).filter { $0.record > file.record || file.isUnsigned }
        if expiries.contains(where: { $0.fault == nil }) {
            report.expired += 1
        } else if let incident = file.incident, let eviction = evictions[incident], eviction.record > file.record {
            evictions[incident]?.files += 1
        } else if file.isAbsent {
            report.absent += 1
        } else if let last = expiries.last, let reason = last.fault {
            fault(
                file.record, name,
                "the file is missing, and record \(last.record), which says that its time was over, \(reason)")
        } else {
            fault(file.record, name, "the file is missing, and no record says that its time was over")
        }
    }

    /// Checks each incident that the ledger records as evicted.
    private mutating func tellEvictions() {
        report.evictions = evictions.values.filter { pack == nil || $0.incident == pack }
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

    private mutating func checkHead() {
        guard let head = terms.head, report.after == nil else { return }
        let told = cutBefore.map { "; record \($0) says that the ledger had it, and lost it before" } ?? ""
        fault(
            chain.count + 1, nil,
            "no good record has the hash \(head): the ledger was cut off before it, or replaced\(told)")
    }

    private mutating func tell() {
        report.site = chain.site
        report.records = chain.count
        report.messages = chain.messages
        report.head = chain.head
        report.sections = chain.sections
        if let pack, named.contains(pack) == false {
            fault(chain.count + 1, nil, "the ledger names no file of incident \(pack)")
        }
        if report.absent > 0 {
            report.notes.append("\(report.absent) files were gone already when their record was written")
        }
        for gap in chain.gaps {
            report.notes.append(
                "record \(gap.record): messages \(gap.messages.lowerBound) to \(gap.messages.upperBound) have no record: they "
                    + "had gone from the store before, or with a ledger that was lost")
        }
        if future > 0 {
            report.notes.append(
                "\(future) records bear a date to come, or none: the clock of the site or of this computer was wrong")
        }
        if untold > 0 { report.notes.append("\(untold) more faults are not listed") }
    }

    mutating func fault(_ record: Int, _ file: String?, _ what: String) {
        guard report.faults.count < Self.mostFaults else {
            untold += 1
            return
        }
        report.faults.append(.init(record: record, file: file, what: what))
    }

    /// Whether a credible expiry record mentions this day.
    func isExpired(_ day: String) -> Bool { expiries[day]?.contains { $0.fault == nil } ?? false }

    func hash(_ name: String) -> String? { try? BoundedFile.hash(name, in: folder, atMost: Self.largestFile) }

    private static func date(_ text: String) -> Date? { try? Date(text, strategy: .iso8601) }

    private static func day(of name: String) -> String { String(name.prefix { $0 != "/" }) }
}

import Foundation
import TestSupport
import Testing

@testable import Evidence

/// One way to deceive whoever checks, by somebody who can change every file of the evidence folder and has no key of
/// the site.
struct Forgery: Sendable, CustomTestStringConvertible {
    let name: String
    /// Whether only a hash that was kept elsewhere shows it.
    var needsHead = false
    /// Whether it changes nothing that is vouched for, so that it is named and nothing more.
    var isStray = false
    let act: @Sendable (LedgerSite) throws -> Void

    var testDescription: String { name }

    init(
        _ name: String, needsHead: Bool = false, isStray: Bool = false,
        act: @escaping @Sendable (LedgerSite) throws -> Void
    ) {
        (self.name, self.needsHead, self.isStray, self.act) = (name, needsHead, isStray, act)
    }
}

@Suite struct ForgedEvidenceTests {
    @Test(arguments: Forgery.all)
    func `verify with the site's key finds each way to forge evidence`(forgery: Forgery) throws {
        let site = try LedgerSite()
        let key = try #require(site.key?.publicKey)
        let honest = try site.check(keys: [key])
        #expect(honest.isIntact && honest.strays == [] && honest.notes == [])
        try forgery.act(site)
        let report: LedgerReport
        do {
            report = try site.check(head: forgery.needsHead ? honest.head : nil, keys: [key])
        } catch {
            // Exit code 66: there is no ledger that could be believed.
            #expect(error is Ledger.LedgerError && "\(error)".contains("regular file"))
            return
        }
        if forgery.isStray {
            #expect(!report.strays.isEmpty)
        } else {
            #expect(!report.isIntact, "\(report)")
        }
        // Whoever looks may be told what a link points to, and waits for nothing; a head never makes it better.
        #expect(try forgery.isStray || !site.check(head: honest.head, keys: [key]).isIntact)
    }

    @Test func `there are at least forty ways, each of another name`() {
        #expect(Forgery.all.count >= 40 && Set(Forgery.all.map(\.name)).count == Forgery.all.count)
    }

    /// What is without keys cannot be proven; dates can still be compared.
    @Test func `in a ledger without signatures a forged record of expiry excuses nothing before its time`() throws {
        func check(_ expire: (Ledger) throws -> Void, keepDays: Int? = nil, now: Date) throws -> LedgerReport {
            let site = try LedgerSite(isSigned: false)
            try expire(try site.open())
            try site.store.delete(day: "2026-09-21")
            return try LedgerCheck.run(folder: site.folder.url, .init(keepDays: keepDays, now: now))
        }
        let now = LedgerSite.begin
        func later(_ days: Double) -> Date { now.addingTimeInterval(days * 86_400) }
        // Of today, and with a date to come.
        var report = try check({ try $0.expire(day: "2026-09-21", now: now) }, now: now)
        #expect(report.faults.count == 10 && report.faults[0].what.contains("before 1 days had passed"))
        report = try check({ try $0.expire(day: "2026-09-21", keeping: 30, now: later(40)) }, now: now)
        #expect(report.faults.count == 10 && report.faults[0].what.contains("has a date to come"))
        // After a week: so a site may be configured, and whoever asks for more is told.
        report = try check({ try $0.expire(day: "2026-09-21", now: later(8)) }, now: later(8))
        #expect(report.isIntact && report.expired == 10)
        report = try check({ try $0.expire(day: "2026-09-21", now: later(8)) }, keepDays: 30, now: later(8))
        #expect(report.faults.count == 10 && report.faults[0].what.contains("before 30 days had passed"))
        report = try check(
            { try $0.expire(day: "2026-09-21", keeping: 30, now: later(32)) }, keepDays: 30, now: later(32))
        #expect(report.isIntact)
        report = try check({ try $0.expire(day: "2026-09-21", keeping: 30, now: later(20)) }, now: later(20))
        #expect(report.faults.count == 10)
    }

    @Test func `in a ledger without signatures an earlier hash binds, and what follows the head is counted`() throws {
        let site = try LedgerSite(isSigned: false)
        let head = try site.check().head
        try Forgery.replace(site, key: nil)
        let report = try site.check(head: head)
        #expect(report.after == 1)
        #expect(
            report.faults.map(\.what) == [
                "the file was changed: its SHA-256 is not that of the record",
                "the record gives it another hash than record 4: that one holds",
            ])
    }

    @Test func `a record that is not written as the daemon writes it is found without keys too`() throws {
        let ways: [(String) -> String] = [
            { $0.replacing("{\"at\"", with: "{\"at\":\"2026-01-01T00:00:00Z\",\"at\"") },
            { $0.replacing(",", with: " , ") },
            { $0.replacing("\"kind\"", with: "\"k\\u0069nd\"") },
            { $0.replacing("\"sequence\":6", with: "\"sequence\":6.0") },
            { $0.replacing("\"sequence\":6", with: "\"sequence\":1e999") },
            { $0.replacing("\"sequence\":6", with: "\"sequence\":-1") },
            { $0.dropLast() + ",\"x\":" + String(repeating: "[", count: 20_000) + "}" },
            { $0.dropLast() + ",\"z\":1}" },
        ]
        for way in ways {
            let site = try LedgerSite(isSigned: false)
            try Forgery.appendText(site, way)
            #expect(try site.check().faults.map(\.record) == [7])
        }
        let site = try LedgerSite(isSigned: false)
        try Forgery.appendText(site) { $0 }
        #expect(try site.check().isIntact)
        // The largest number is none to count on from.
        let far = try LedgerSite(messages: 1, isSigned: false)
        try Forgery.rechain(far, from: 1, key: nil) { $0[1].sequence = .max }
        try Forgery.append(far, key: nil) { $0 = .of(.message, incident: UUID(), sequence: 1) }
        #expect(try far.check().faults.first?.record == 3)
    }

    @Test func `an old ledger goes on signed, and no unsigned record is taken behind that`() throws {
        let site = try LedgerSite(isSigned: false)
        let key = try SiteKey()
        let ledger = try site.open(key)
        #expect(ledger.notices == ["the ledger is signed from here on, by \(key.publicKey)"])
        try site.add(6, to: ledger)
        var report = try site.check(keys: [key.publicKey])
        #expect(report.isIntact)
        #expect(
            report.sections == [
                .init(key: nil, first: 1, last: 6, known: nil),
                .init(key: key.publicKey.description, first: 7, last: 8, known: true),
            ])
        // Its end is covered by the first signed record.
        let lines = try String(contentsOf: site.file, encoding: .utf8)
        try Forgery.rechain(site, from: 3, key: nil) { $0[3].payload = LedgerRecord.first }
        #expect(try !site.check(keys: [key.publicKey]).isIntact)
        try Data(lines.utf8).write(to: site.file)
        try site.edit { $0.removeLast(2) }
        report = try site.check(keys: [key.publicKey])
        #expect(report.faults.contains { $0.what.contains("no record is signed") })
        // A daemon that goes on over what somebody has appended says so, and does not hide it.
        try Data(lines.utf8).write(to: site.file)
        try Forgery.append(site, key: nil) { $0 = .of(.evicted, incident: site.incidents[0]) }
        #expect(try site.open(key).notices.contains { $0.contains("this site did not write it") })
        #expect(try site.check(keys: [key.publicKey]).faults.first?.what.contains("is not signed") == true)
    }

    @Test func `a new key begins a new section, and verify takes several keys`() throws {
        let site = try LedgerSite()
        let (old, new) = (try #require(site.key?.publicKey), try SiteKey())
        let ledger = try site.open(new)
        #expect(ledger.notices.first?.contains("signed by another key") == true)
        try site.add(6, to: ledger)
        #expect(try site.check(keys: [old, new.publicKey]).isIntact)
        #expect(try site.check().isIntact && site.check().sections.map(\.known) == [nil, nil])
        let report = try site.check(keys: [old])
        #expect(report.faults.map(\.record) == [7] && report.faults[0].what.contains("none of the keys"))
        #expect(report.sections.map(\.known) == [true, false])
        #expect(try site.check(keys: [new.publicKey]).faults.map(\.record) == [1])
    }
}

extension LedgerRecord {
    /// A record that somebody has made up; its place in the chain is filled in later.
    static func of(
        _ kind: Kind, incident: UUID? = nil, files: [File]? = nil, sequence: Int64? = 5
    ) -> LedgerRecord {
        var record = LedgerRecord(number: 0, kind: kind, at: "2026-09-21T15:00:00Z", previous: "")
        record.incident = incident?.uuidString.lowercased()
        record.files = files
        record.sequence = sequence
        return record
    }

    fileprivate func placed(_ number: Int, after previous: String) -> LedgerRecord {
        LedgerRecord(
            number: number, kind: kind, at: at, previous: previous, site: site, key: key, epoch: epoch, first: first,
            sequence: sequence, incident: incident, payload: payload, files: files, absent: absent, day: day,
            keepDays: keepDays, since: since, found: found)
    }
}

extension Forgery {
    private static func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

    /// Changes records and gives those from an index on right numbers and hashes, and signatures of a key.
    static func rechain(
        _ site: LedgerSite, from index: Int, key: SiteKey?, _ change: (inout [LedgerRecord]) throws -> Void
    ) throws {
        try site.edit { lines in
            let parsed = lines.compactMap { LedgerLine.parse(Array($0.utf8)) }
            var records = parsed.map(\.record)
            guard (try? change(&records)) != nil else { return }
            var previous = index == 0 ? LedgerRecord.first : parsed[index - 1].hash
            lines = Array(lines.prefix(index))
            for number in index..<records.count {
                guard
                    let line = try? LedgerLine.write(records[number].placed(number + 1, after: previous), key: key)
                else { return }
                lines.append(text(line.text))
                previous = line.hash
            }
        }
    }

    /// Appends a record; before it, where there is a key, one that lets that key take over.
    static func append(
        _ site: LedgerSite, key: SiteKey?, saying said: LedgerKey? = nil, _ fill: (inout LedgerRecord) -> Void
    ) throws {
        let count = try String(contentsOf: site.file, encoding: .utf8).split(separator: "\n").count
        try rechain(site, from: count, key: key) { records in
            if let key {
                var takeover = LedgerRecord.of(.key)
                takeover.key = (said ?? key.publicKey).description
                records.append(takeover)
            }
            var record = LedgerRecord.of(.message)
            fill(&record)
            records.append(record)
        }
    }

    /// Changes a picture and appends a record that gives it its new hash.
    static func replace(_ site: LedgerSite, key: SiteKey?) throws {
        try Data([6, 6, 6]).write(to: site.folder.file(site.pictures[2]))
        try append(site, key: key) {
            $0 = .of(
                .message, incident: site.incidents[2],
                files: [.init(file: site.pictures[2], sha256: sha256([6, 6, 6]))], sequence: 6)
            $0.payload = sha256([6])
        }
    }

    private static func expire(_ site: LedgerSite, key: SiteKey?) throws {
        try append(site, key: key) {
            $0 = .of(.expired)
            $0.day = "2026-09-21"
        }
        try site.store.delete(day: "2026-09-21")
    }

    private static func evict(_ site: LedgerSite, key: SiteKey?) throws {
        try append(site, key: key) { $0 = .of(.evicted, incident: site.incidents[1]) }
        try site.store.delete(incident: site.incidents[1])
    }

    /// Writes a line of one's own with a right hash at the end.
    static func appendText(_ site: LedgerSite, _ change: (String) -> String) throws {
        try site.edit { lines in
            guard let last = LedgerLine.parse(Array(lines[lines.count - 1].utf8)) else { return }
            var record = LedgerRecord.of(.message, incident: site.incidents[1], sequence: 6)
            record.payload = sha256([6])
            guard let body = try? record.placed(lines.count + 1, after: last.hash).body() else { return }
            let changed = change(text(body))
            let hash = sha256(Array(changed.utf8))
            lines.append("\(changed.dropLast()),\"hash\":\"\(hash)\"}")
        }
    }

    private static func flip(_ file: URL, at position: Int) throws {
        var bytes = try Data(contentsOf: file)
        bytes[position] ^= 1
        try bytes.write(to: file)
    }

    private static func move(_ site: LedgerSite, _ from: String, _ to: String) throws {
        try FileManager.default.createDirectory(
            at: site.folder.file(to).deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: site.folder.file(from), to: site.folder.file(to))
    }

    private static func folder(of path: String) -> String { (path as NSString).deletingLastPathComponent }

    /// Puts a link in the place of something, which then lies beside the evidence folder.
    private static func relink(_ site: LedgerSite, _ path: String) throws {
        let place = site.folder.file(path)
        let elsewhere = site.elsewhere.file(UUID().uuidString)
        try FileManager.default.moveItem(at: place, to: elsewhere)
        try FileManager.default.createSymbolicLink(at: place, withDestinationURL: elsewhere)
    }

    private static func cut(_ site: LedgerSite, _ count: Int, withFiles: Bool) throws {
        try site.edit { $0.removeLast(count) }
        for picture in site.pictures.suffix(count) where withFiles {
            try FileManager.default.removeItem(at: site.folder.file(folder(of: picture)))
        }
    }

    static let all: [Forgery] = files + lines + appended + rewritten + planted

    private static let files: [Forgery] = [
        Forgery("a byte of a picture") { try flip($0.folder.file($0.pictures[2]), at: 50) },
        Forgery("a byte of a message") { try flip($0.folder.file($0.messages[2]), at: 5) },
        Forgery("a picture cut short") { truncate($0.path($0.pictures[2]), 99) },
        Forgery("a picture emptied") { truncate($0.path($0.pictures[2]), 0) },
        Forgery("a picture with a byte more") { truncate($0.path($0.pictures[2]), 101) },
        Forgery("a picture of gigabytes") { truncate($0.path($0.pictures[2]), 1 << 33) },
        Forgery("a picture removed") { unlink($0.path($0.pictures[2])) },
        Forgery("a message removed") { unlink($0.path($0.messages[2])) },
        Forgery("an incident's folder removed") {
            try FileManager.default.removeItem(at: $0.folder.file(folder(of: $0.pictures[2])))
        },
        Forgery("a day removed") { try $0.store.delete(day: "2026-09-21") },
        Forgery("a picture renamed") {
            try move($0, $0.pictures[2], $0.pictures[2].replacing("close-up", with: "plate"))
        },
        Forgery("a picture's name in other case") {
            try move($0, $0.pictures[2], $0.pictures[2].replacing("close-up", with: "Close-Up"))
        },
        Forgery("a picture's name with a letter that looks alike") {
            try move($0, $0.pictures[2], $0.pictures[2].replacing("close", with: "cl\u{043e}se"))
        },
        Forgery("a picture moved to another incident") {
            try move(
                $0, $0.pictures[2], folder(of: $0.pictures[3]) + "/" + ($0.pictures[2] as NSString).lastPathComponent)
        },
        Forgery("a picture moved to another day") {
            try move($0, $0.pictures[2], $0.pictures[2].replacing("2026-09-21", with: "2026-09-22"))
        },
        Forgery("two pictures in each other's place") {
            try move($0, $0.pictures[2], "kept")
            try move($0, $0.pictures[3], $0.pictures[2])
            try move($0, "kept", $0.pictures[3])
        },
        Forgery("two incidents in each other's folder") {
            let (one, other) = (folder(of: $0.pictures[2]), folder(of: $0.pictures[3]))
            try move($0, one, "kept")
            try move($0, other, one)
            try move($0, "kept", other)
        },
        Forgery("a link in place of a picture, to the same bytes") { try relink($0, $0.pictures[2]) },
        Forgery("a link in place of an incident's folder") { try relink($0, folder(of: $0.pictures[2])) },
        Forgery("a link in place of a day") { try relink($0, "2026-09-21") },
        Forgery("a folder in place of a picture") {
            unlink($0.path($0.pictures[2]))
            mkdir($0.path($0.pictures[2]), 0o700)
        },
        Forgery("a pipe in place of a picture") {
            unlink($0.path($0.pictures[2]))
            mkfifo($0.path($0.pictures[2]), 0o600)
        },
    ]

    private static let lines: [Forgery] = [
        Forgery("a byte of a record") { try flip($0.file, at: 1200) },
        Forgery("a digit of a hash") { site in
            try site.edit { $0[3] = $0[3].replacing("\"hash\":\"", with: "\"hash\":\"0") }
        },
        Forgery("a digit of a signature") { site in
            try site.edit { lines in
                let last = lines[3].dropLast(2)
                lines[3] = String(last.dropLast()) + (last.last == "0" ? "1" : "0") + "\"}"
            }
        },
        Forgery("a signature taken off") { site in
            try site.edit { lines in
                guard let start = lines[6 - 1].range(of: ",\"signature\"") else { return }
                lines[5] = String(lines[5][..<start.lowerBound]) + "}"
            }
        },
        Forgery("the signature of another record") { site in
            try site.edit { lines in
                func signature(_ line: String) -> Substring { line.suffix(130) }
                lines[5] = String(lines[5].dropLast(130)) + signature(lines[4])
            }
        },
        Forgery("a signature in capital digits") { site in
            try site.edit { lines in lines[5] = String(lines[5].dropLast(130)) + lines[5].suffix(130).uppercased() }
        },
        Forgery("a signature in its second form") { site in
            // What libraries that do not compare with the order of the group take for the same.
            let order: [UInt8] =
                [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14]
                + [UInt8](repeating: 0, count: 15) + [0x10]
            try site.edit { lines in
                let digits = Array(lines[5].dropLast(2).suffix(64))
                var carry = 0
                let sum = (0..<32).map { index -> String in
                    let byte = Int(String(digits[2 * index...2 * index + 1]), radix: 16) ?? 0
                    carry += byte + Int(order[index])
                    defer { carry >>= 8 }
                    return String(format: "%02x", carry & 0xFF)
                }
                lines[5] = lines[5].dropLast(66) + sum.joined() + "\"}"
            }
        },
        Forgery("records swapped") { try $0.edit { $0.swapAt(2, 3) } },
        Forgery("a record dropped") { try $0.edit { $0.remove(at: 3) } },
        Forgery("the first record dropped") { try $0.edit { $0.removeFirst() } },
        Forgery("a record repeated at the end") { try $0.edit { $0.append($0[2]) } },
        Forgery("all records repeated") { try $0.edit { $0 += $0 } },
        Forgery("an empty line") { try $0.edit { $0.insert("", at: 2) } },
        Forgery("carriage returns") { try $0.edit { $0 = $0.map { $0 + "\r" } } },
        Forgery("a space at the end of a line") { try $0.edit { $0[5] += " " } },
        Forgery("a member behind the signature") { site in
            try site.edit { $0[5] = String($0[5].dropLast()) + ",\"day\":\"2026-09-21\"}" }
        },
        Forgery("the last line without its end") {
            truncate($0.file.path, off_t(try Data(contentsOf: $0.file).count - 1))
        },
        Forgery("an emptied ledger") { truncate($0.file.path, 0) },
        Forgery("a ledger that is a folder") {
            unlink($0.file.path)
            mkdir($0.file.path, 0o700)
        },
        Forgery("a ledger of zeros") { try Data(count: 5000).write(to: $0.file) },
        Forgery("a link in place of the ledger") { try relink($0, Ledger.fileName) },
        Forgery("a pipe in place of the ledger") {
            unlink($0.file.path)
            mkfifo($0.file.path, 0o600)
        },
        Forgery("two records cut off, their files left") { try cut($0, 2, withFiles: false) },
        Forgery("the last record cut off, its files left", needsHead: true) { try cut($0, 1, withFiles: false) },
        Forgery("two records cut off with their files", needsHead: true) { try cut($0, 2, withFiles: true) },
        Forgery("all but the first record cut off with all files", needsHead: true) { try cut($0, 5, withFiles: true) },
    ]

    private static let appended: [Forgery] = [
        Forgery("a new hash for a changed picture, unsigned") { try replace($0, key: nil) },
        Forgery("a new hash for a changed picture, by another key") { try replace($0, key: SiteKey()) },
        Forgery("a day called expired, unsigned") { try expire($0, key: nil) },
        Forgery("a day called expired, by another key") { try expire($0, key: SiteKey()) },
        Forgery("an incident called evicted, unsigned") { try evict($0, key: nil) },
        Forgery("an incident called evicted, by another key") { try evict($0, key: SiteKey()) },
        Forgery("a record of another key that calls itself the site's") { site in
            try append(site, key: SiteKey(), saying: site.key?.publicKey) {
                $0 = .of(.evicted, incident: site.incidents[1])
            }
        },
        Forgery("a picture on request that nobody took") { site in
            let stored = try site.store.save(
                EvidenceImage(role: .snapshot, jpeg: [7], taken: LedgerSite.begin), incident: site.incidents[0])
            try append(site, key: SiteKey()) {
                $0 = .of(
                    .snapshot, incident: site.incidents[0], files: [.init(file: stored.file, sha256: stored.sha256)])
            }
        },
        Forgery("messages called missing") { site in
            try append(site, key: nil) {
                $0 = .of(.gap, sequence: 9)
                $0.first = 6
            }
        },
        Forgery("a ledger called repaired") { site in
            try append(site, key: SiteKey()) {
                $0 = .of(.repaired)
                $0.found = .init(what: "all is well")
            }
        },
        Forgery("another beginning in the middle") { site in
            try append(site, key: SiteKey()) {
                $0 = .of(.begin)
                $0.site = "edge-02"
            }
        },
        Forgery("a message for the second time") { site in
            try append(site, key: SiteKey()) { $0 = .of(.message, incident: site.incidents[0], sequence: 5) }
        },
        Forgery("a message out of a far future") { site in
            try append(site, key: SiteKey()) { $0 = .of(.message, incident: site.incidents[0], sequence: .max) }
        },
        Forgery("a member twice") { site in
            try appendText(site) { $0.replacing("{\"at\"", with: "{\"at\":\"2026-01-01T00:00:00Z\",\"at\"") }
        },
        Forgery("white space between members") { try appendText($0) { $0.replacing(",", with: " , ") } },
        Forgery("a name with another spelling of its letters") {
            try appendText($0) { $0.replacing("\"kind\"", with: "\"k\\u0069nd\"") }
        },
        Forgery("a number beyond all numbers") {
            try appendText($0) { $0.replacing("\"sequence\":6", with: "\"sequence\":1e999") }
        },
        Forgery("a number with a fraction") {
            try appendText($0) { $0.replacing("\"sequence\":6", with: "\"sequence\":6.0") }
        },
        Forgery("a thousand arrays in one another") {
            try appendText($0) { $0.dropLast() + ",\"x\":" + String(repeating: "[", count: 20_000) + "}" }
        },
        Forgery("a line of megabytes") { try $0.edit { $0.append(String(repeating: "x", count: 3 << 20)) } },
        Forgery("a path out of the folder") { site in
            try append(site, key: SiteKey()) {
                $0 = .of(.snapshot, incident: UUID(), files: [.init(file: "2026-09-21/../../etc/passwd", sha256: "00")])
            }
        },
    ]

    private static let rewritten: [Forgery] = [
        Forgery("the whole ledger written anew, unsigned") { site in
            try rechain(site, from: 0, key: nil) { $0[0].key = nil }
        },
        Forgery("the whole ledger signed by another key") { site in
            let key = try SiteKey()
            try rechain(site, from: 0, key: key) { $0[0].key = key.publicKey.description }
        },
        Forgery("the whole ledger signed by another key under the site's name") { site in
            try rechain(site, from: 0, key: SiteKey()) { _ in }
        },
        Forgery("a record edited, the rest chained anew, unsigned") { site in
            try rechain(site, from: 3, key: nil) { $0[3].payload = LedgerRecord.first }
        },
        Forgery("a record left out, the rest numbered and signed anew by another key") { site in
            try rechain(site, from: 3, key: SiteKey()) { $0.remove(at: 3) }
        },
        Forgery("a record of another site in the middle") { site in
            let other = try LedgerSite()
            let line = try String(contentsOf: other.file, encoding: .utf8).split(separator: "\n")[3]
            try site.edit { $0[3] = String(line) }
        },
        Forgery("the end of another site's ledger behind the beginning of this one") { site in
            let other = try LedgerSite()
            let rest = try String(contentsOf: other.file, encoding: .utf8).split(separator: "\n").suffix(3)
            try site.edit { $0 = $0.prefix(3) + rest.map(String.init) }
        },
        Forgery("another site's ledger and files in place of all") { site in
            let other = try LedgerSite()
            try site.store.delete(day: "2026-09-21")
            for name in [Ledger.fileName, "2026-09-21"] {
                try? FileManager.default.removeItem(at: site.folder.file(name))
                try FileManager.default.copyItem(at: other.folder.file(name), to: site.folder.file(name))
            }
        },
        Forgery("one file with two hashes in one record") { site in
            try rechain(site, from: 3, key: nil) { records in
                guard let file = records[3].files?.first else { return }
                records[3].files?.append(.init(file: file.file, sha256: LedgerRecord.first))
            }
        },
        Forgery("the last record written anew, unsigned") { site in
            try rechain(site, from: 5, key: nil) { $0[5].incident = site.incidents[0].uuidString.lowercased() }
        },
    ]

    private static let planted: [Forgery] = [
        Forgery("a pack.json that says what to check") { site in
            try Data("{\"incident\":\"\(UUID().uuidString.lowercased())\"}".utf8).write(
                to: site.folder.file("pack.json"))
        },
        Forgery("a file beside the ledger") { try Data([1]).write(to: $0.folder.file("readme.txt")) },
        Forgery("a hidden file") { try Data([1]).write(to: $0.folder.file(".hidden")) },
        Forgery("a folder that is no day") { mkdir($0.path("2026-9-21"), 0o700) },
        Forgery("a day in other digits") { mkdir($0.path("٢٠٢٦-٠٩-٢١"), 0o700) },
        Forgery("a folder that is no incident") { mkdir($0.path("2026-09-21/incident"), 0o700) },
        Forgery("a folder in an incident") { mkdir($0.path(folder(of: $0.pictures[0]) + "/more"), 0o700) },
        Forgery("a link among the pictures") { symlink("/etc/passwd", $0.path(folder(of: $0.pictures[0]) + "/a.jpg")) },
        Forgery("a link beside the ledger") { symlink("/etc", $0.path("etc")) },
        Forgery("a second name for a picture") { link($0.path($0.pictures[0]), $0.path($0.pictures[0] + ".jpg")) },
        Forgery("a picture under no name of the daemon's") {
            try Data([1]).write(to: $0.folder.file(folder(of: $0.pictures[0]) + "/plate.jpg"))
        },
        Forgery("a picture under another one's hash") {
            try Data([1]).write(to: $0.folder.file($0.pictures[0].replacing("close-up", with: "plate")))
        },
        Forgery("a message of an incident that never was") { site in
            _ = try site.store.save([1], sequence: 77, incident: UUID(), date: LedgerSite.begin)
        },
        Forgery("another message of an old sequence") { site in
            _ = try site.store.save([1], sequence: 3, incident: UUID(), date: LedgerSite.begin)
        },
        Forgery("the next message, of two incidents") { site in
            for incident in site.incidents.prefix(2) {
                _ = try site.store.save([1], sequence: 6, incident: incident, date: LedgerSite.begin)
            }
        },
        Forgery("the first message of a lost store, many times") { site in
            for _ in 0..<9 {
                _ = try site.store.save([1], sequence: 1, incident: UUID(), date: LedgerSite.begin)
            }
        },
        Forgery("the next message", isStray: true) { site in
            _ = try site.store.save([1], sequence: 6, incident: site.incidents[0], date: LedgerSite.begin)
        },
        Forgery("a picture where a check of the file system would put it", isStray: true) { site in
            mkdir(site.path("lost+found"), 0o700)
            try Data([1]).write(to: site.folder.file("lost+found/plate.jpg"))
        },
        Forgery("a folder hidden from those who look for strays", isStray: true) { site in
            try FileManager.default.createDirectory(
                at: site.folder.file("lost+found/2026-09-21"), withIntermediateDirectories: true)
        },
        Forgery("a link that calls itself a check of the file system") { symlink("/etc", $0.path("lost+found")) },
        Forgery("somebody's words in the lock") {
            try Data("pid 1 since\nall is well".utf8).write(to: $0.folder.file("daemon.lock"))
        },
        Forgery("a ledger set aside that is a folder") {
            mkdir($0.path("ledger.jsonl.damaged-2026-09-21T000000Z"), 0o700)
        },
        Forgery("a picture as the daemon would name it", isStray: true) { site in
            _ = try site.store.save(
                EvidenceImage(role: .plate, jpeg: [1, 2, 3], taken: LedgerSite.begin), incident: site.incidents[0])
        },
        Forgery("something taken out of the ledger that never was", isStray: true) {
            try Data([1]).write(to: $0.folder.file("ledger.jsonl.damaged-2026-09-21T000000Z"))
        },
    ]
}

import Foundation
import TestSupport
import Testing

@testable import Evidence

/// What was done to a ledger while no daemon looked: it goes on, and says so in the log and in a record.
@Suite struct LedgerDamageTests {
    private static let now = LedgerSite.begin.addingTimeInterval(3600)

    /// Opens, records again what the store still has, and demands that the check finds nothing but what is told.
    private func goOn(_ site: LedgerSite, known: Ledger.Known?, says: String, note: String) throws -> LedgerReport {
        let ledger = try site.open(known: known, now: Self.now)
        #expect(ledger.notices.contains { $0.contains(says) }, "\(ledger.notices)")
        for index in Int(ledger.head.sequence)..<site.incidents.count {
            try site.record(Int64(index + 1), of: site.incidents[index], picture: site.picture(index), to: ledger)
        }
        let report = try site.check(keys: [try #require(site.key?.publicKey)])
        #expect(report.isIntact && report.strays == [] && report.files == 10, "\(report.faults) \(report.strays)")
        #expect(report.notes.contains { $0.contains(note) }, "\(report.notes)")
        // Said once.
        #expect(try site.open(known: ledger.head.known).notices == [])
        #expect(try site.check().records == report.records)
        return report
    }

    private func asides(_ site: LedgerSite) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: site.folder.url.path).filter { $0.contains(".damaged-") }
    }

    @Test func `a line that a power cut left unfinished is taken out, kept and told`() throws {
        let site = try LedgerSite()
        let head = try site.check().head
        try (try Data(contentsOf: site.file) + Data("{\"kind\":\"mess".utf8)).write(to: site.file)
        #expect(try site.check().faults.first?.what.contains("unfinished") == true)
        let report = try goOn(
            site, known: .init(number: 6, hash: head), says: "was unfinished: 13 bytes", note: "was unfinished")
        #expect(report.records == 7)
        let aside = try #require(try asides(site).first)
        #expect(aside == "ledger.jsonl.damaged-2026-09-21T151320Z")
        #expect(try Data(contentsOf: site.folder.file(aside)) == Data("{\"kind\":\"mess".utf8))
        #expect(try site.check(head: head).after == 1)
        // What was kept is not to be changed either.
        try Data("x".utf8).write(to: site.folder.file(aside))
        #expect(try site.check().strays.map(\.file) == [aside])
    }

    @Test func `any flipped byte of the last record is set aside, and the ledger goes on`() throws {
        let whole = try LedgerSite()
        let line = try String(contentsOf: whole.file, encoding: .utf8).split(separator: "\n")[5].utf8.count
        // The line feed too.
        for position in stride(from: 0, through: line, by: 37) {
            let site = try LedgerSite()
            var bytes = try Data(contentsOf: site.file)
            bytes[bytes.count - 1 - position] ^= 1
            try bytes.write(to: site.file)
            _ = try goOn(site, known: nil, says: "are kept as ledger.jsonl.damaged-", note: "record ")
            #expect(try asides(site).count == 1)
        }
    }

    @Test func `several records with signatures of others at the end are set aside together`() throws {
        let site = try LedgerSite()
        try site.edit { lines in
            let signature = lines[2].suffix(130)
            for index in 4...5 { lines[index] = String(lines[index].dropLast(130)) + signature }
        }
        _ = try goOn(site, known: nil, says: "damaged after record 4", note: "damaged after record 4")
    }

    @Test func `several damaged records at the end are set aside together`() throws {
        let site = try LedgerSite()
        let head = try site.check().head
        try site.edit { lines in for index in 3...5 { lines[index] = lines[index].replacing("2026", with: "2027") } }
        let report = try goOn(
            site, known: .init(number: 6, hash: head), says: "damaged after record 3", note: "damaged after record 3")
        #expect(report.records == 7)
    }

    @Test(arguments: ["", "garbage\n", String(repeating: "\0", count: 3 << 20)])
    func `an emptied or overwritten ledger begins anew and names what the store knows`(content: String) throws {
        let site = try LedgerSite()
        let head = try site.check().head
        try Data(content.utf8).write(to: site.file)
        _ = try goOn(
            site, known: .init(number: 6, hash: head), says: "the store knows its record 6, \(head)",
            note: content.isEmpty ? "the ledger was empty" : "the ledger was damaged")
        #expect(try asides(site).count == (content.isEmpty ? 0 : 1))
        let report = try site.check(head: head)
        #expect(report.faults.first?.what.contains("record 1 says that the ledger had it, and lost it") == true)
    }

    @Test func `a ledger that vanished is told with and without a store that knows it`() throws {
        for known in [nil, Ledger.Known(number: 6, hash: "aa")] {
            let site = try LedgerSite()
            try FileManager.default.removeItem(at: site.file)
            _ = try goOn(site, known: known, says: "the ledger was not there", note: "was not there")
        }
        let fresh = try TemporaryFolder()
        #expect(try Ledger(folder: fresh.url, site: "s", key: SiteKey()).notices == [])
    }

    @Test func `records that were cut off while it was stopped are told`() throws {
        let site = try LedgerSite()
        let head = try site.check().head
        try site.edit { $0.removeLast(2) }
        let report = try goOn(
            site, known: .init(number: 6, hash: head), says: "the store knows record 6, \(head)",
            note: "the ledger ends at record 4")
        #expect(report.records == 7)
        #expect(try site.check(head: head).faults.first?.what.contains("record 5 says") == true)
    }

    @Test func `a ledger in place of which another one lies is told`() throws {
        let (site, other) = (try LedgerSite(), try LedgerSite())
        let head = try site.check().head
        try FileManager.default.removeItem(at: site.file)
        try FileManager.default.copyItem(at: other.file, to: site.file)
        let ledger = try site.open(known: .init(number: 6, hash: head))
        #expect(ledger.notices.contains { $0.contains("record 6 of the ledger is another one") })
        #expect(ledger.notices.contains { $0.contains("signed by another key") })
        #expect(try !site.check(keys: [#require(site.key?.publicKey)]).isIntact)
    }

    @Test func `a link or a folder in place of the ledger is set aside`() throws {
        for isLink in [true, false] {
            let site = try LedgerSite()
            try FileManager.default.moveItem(at: site.file, to: site.folder.file("elsewhere"))
            if isLink {
                try FileManager.default.createSymbolicLink(
                    at: site.file, withDestinationURL: site.folder.file("elsewhere"))
            } else {
                try FileManager.default.createDirectory(at: site.file, withIntermediateDirectories: false)
            }
            let ledger = try site.open()
            #expect(ledger.notices.contains { $0.contains("no regular file") } && ledger.head.number == 1)
        }
    }

    @Test func `nothing is recorded in a ledger that was deleted, moved or written to meanwhile`() throws {
        let changes: [(LedgerSite) throws -> Void] = [
            { try FileManager.default.removeItem(at: $0.file) },
            { try FileManager.default.moveItem(at: $0.file, to: $0.folder.file("moved")) },
            { try FileManager.default.moveItem(at: $0.folder.url, to: $0.folder.url.appendingPathExtension("moved")) },
            { try (try Data(contentsOf: $0.file) + Data("x".utf8)).write(to: $0.file) },
            { try Data().write(to: $0.file) },
        ]
        for change in changes {
            let site = try LedgerSite()
            defer { try? FileManager.default.removeItem(at: site.folder.url.appendingPathExtension("moved")) }
            let ledger = try site.open()
            #expect(ledger.isInPlace)
            try change(site)
            #expect(!ledger.isInPlace)
            #expect { try ledger.expire(day: "2026-01-01") } throws: { "\($0)".contains("opened anew") }
        }
    }

    @Test func `a full disk leaves no half record, and the ledger goes on once there is room`() throws {
        let folder = try TemporaryFolder()
        guard let disk = try FullDisk(in: folder, megabytes: 1) else { return }
        let key = try SiteKey()
        let ledger = try Ledger(folder: disk.url, site: "edge-01", key: key)
        disk.fill()
        var refused = 0
        for _ in 0..<20 where (try? ledger.evict(incident: UUID())) == nil { refused += 1 }
        #expect(refused > 0)
        disk.free()
        try ledger.evict(incident: UUID())
        let report = try LedgerCheck.run(folder: disk.url, .init(keys: [key.publicKey]))
        #expect(report.isIntact && report.records == 22 - refused)
    }

    @Test func `a line without an end takes no memory`() throws {
        let site = try LedgerSite()
        let before = try site.check().head
        let handle = try FileHandle(forWritingTo: site.file)
        try handle.seekToEnd()
        for _ in 0..<4 { try handle.write(contentsOf: Data(repeating: UInt8(ascii: "["), count: 1 << 20)) }
        try handle.close()
        let lines = try LedgerLines(path: site.file.path)
        var longest = 0
        while let line = try lines.next() { longest = max(longest, line.bytes.count) }
        #expect(longest <= 2 * LedgerLine.longest)
        #expect(try site.check().faults.map(\.record) == [7])
        let ledger = try site.open(known: .init(number: 6, hash: before), now: Self.now)
        #expect(ledger.notices.contains { $0.contains("no record can be read at its end") })
    }

    @Test func `a message that the ledger has is refused, and messages that are left out are told`() throws {
        let site = try LedgerSite()
        let ledger = try site.open()
        #expect { try site.add(5, to: ledger) } throws: { "\($0)".contains("the ledger") }
        try FileManager.default.removeItem(at: site.folder.file(site.pictures[5]).deletingLastPathComponent())
        try site.add(9, to: ledger)
        let report = try site.check()
        #expect(report.isIntact && report.records == 8, "\(report.faults)")
        #expect(
            report.notes == [
                "record 7: messages 6 to 8 have no record: they had gone from the store before, or with a ledger that was lost"
            ])
    }

    @Test func `a store that begins again with another epoch goes on in the ledger`() throws {
        let site = try LedgerSite(isSigned: false)
        let key = try SiteKey()
        let ledger = try Ledger(folder: site.folder.url, site: "edge-01", key: key, now: LedgerSite.begin)
        func record(_ sequence: Int64, _ epoch: String?) throws {
            try ledger.record(sequence: sequence, epoch: epoch, incident: UUID(), payload: [1], files: [])
        }
        try record(6, "one")
        try record(7, "one")
        try record(1, "two")
        try record(2, "two")
        try record(3, "three")
        #expect(ledger.head.epoch == "three" && ledger.head.sequence == 3)
        #expect { try record(3, "three") } throws: { _ in true }
        #expect(try site.open(key).head == ledger.head)
        let report = try site.check(keys: [key.publicKey])
        #expect(report.isIntact && report.messages == 10, "\(report.faults)")
        #expect(report.notes.count == 1 && report.notes[0].contains("messages 1 to 2 have no record"))
        #expect(report.sections.map(\.known) == [nil, true] && report.sections.map(\.first) == [1, 7])
    }

    @Test func `a picture that was gone when its message was recorded is told and no fault`() throws {
        let site = try LedgerSite()
        let ledger = try site.open()
        let incident = UUID()
        let file = LedgerRecord.File(
            file: "2026-09-21/\(incident.uuidString.lowercased())/plate-0123456789ab.jpg", sha256: "00")
        try site.record(6, of: incident, picture: file, to: ledger)
        let report = try site.check()
        #expect(report.isIntact && report.absent == 1 && report.notes.count == 1)
    }

    @Test func `a message whose record a kill prevented keeps its place on the next day`() throws {
        let site = try LedgerSite()
        let (incident, payload) = (UUID(), LedgerSite.payload(6))
        let first = try site.store.save(payload, sequence: 6, incident: incident, date: LedgerSite.begin)
        #expect(try site.check().isIntact && site.check().strays.map(\.file) == [first])
        let later = LedgerSite.begin.addingTimeInterval(86_400)
        #expect(try site.store.save(payload, sequence: 6, incident: incident, date: later) == first)
        // Earlier versions wrote it again.
        let again = first.replacing("2026-09-21", with: "2026-09-22")
        try FileManager.default.createDirectory(
            at: site.folder.file(again).deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: site.folder.file(first), to: site.folder.file(again))
        try site.open().record(
            sequence: 6, incident: incident, payload: payload, files: [.init(file: again, sha256: sha256(payload))]
        )
        let report = try site.check()
        #expect(report.isIntact && report.strays.map(\.file) == [first])
    }
}

extension LedgerSite {
    func open(_ key: SiteKey) throws -> Ledger { try Ledger(folder: folder.url, site: "edge-01", key: key) }
}

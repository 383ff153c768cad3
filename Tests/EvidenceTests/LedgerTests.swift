import Foundation
import TestSupport
import Testing

@testable import Evidence

@Suite(.heavy) struct LedgerTests {
    private typealias Site = LedgerSite
    private static let begin = LedgerSite.begin

    @Test func `an untouched folder is intact`() throws {
        let report = try Site().check()
        #expect(report.isIntact && report.notes == [])
        #expect(report.site == "edge-01")
        #expect(report.records == 6 && report.messages == 5 && report.files == 10)
    }

    @Test func `a ledger goes on after a restart`() throws {
        let site = try Site()
        let before = try site.check().head
        let ledger = try site.open()
        #expect(ledger.head == .init(number: 6, hash: before, sequence: 5))
        try site.add(6, to: ledger)
        let report = try site.check(head: before)
        #expect(report.isIntact && report.records == 7)
    }

    @Test(arguments: 0..<100) func `a picture with a changed byte is named`(position: Int) throws {
        let site = try Site()
        let file = site.folder.file(site.pictures[2])
        var bytes = try Data(contentsOf: file)
        bytes[position] ^= 1
        try bytes.write(to: file)
        let fault = try #require(try site.check().faults.first)
        #expect(fault.record == 4 && fault.file == site.pictures[2] && fault.what.contains("was changed"))
    }

    @Test func `any changed byte of the ledger is found`() throws {
        let site = try Site(messages: 2)
        let whole = [UInt8](try Data(contentsOf: site.file))
        for position in whole.indices {
            var bytes = whole
            bytes[position] ^= 1
            try Data(bytes).write(to: site.file)
            let report = try site.check()
            let line = whole[..<position].count { $0 == UInt8(ascii: "\n") } + 1
            #expect(!report.isIntact && report.faults.first?.record == line, "byte \(position)")
        }
    }

    @Test func `a missing file is named`() throws {
        let site = try Site()
        try FileManager.default.removeItem(at: site.folder.file(site.pictures[3]))
        let report = try site.check()
        #expect(report.faults.count == 1)
        #expect(report.faults.first?.record == 5 && report.faults.first?.file == site.pictures[3])
        #expect(report.faults.first?.what.contains("missing") == true)
    }

    @Test func `records that were swapped are named`() throws {
        let site = try Site()
        try site.edit { $0.swapAt(2, 3) }
        let fault = try #require(try site.check().faults.first)
        #expect(fault.record == 3 && fault.file == nil)
        #expect(fault.what == "record 4 stands where record 3 belongs: record 3 was moved behind it")
    }

    @Test func `a record that was removed is named`() throws {
        let site = try Site()
        try site.edit { $0.remove(at: 3) }
        let fault = try #require(try site.check().faults.first)
        #expect(fault.record == 4)
        #expect(fault.what == "record 5 stands where record 4 belongs: record 4 was removed")
    }

    @Test func `a record that stands twice is named`() throws {
        let site = try Site()
        try site.edit { $0.insert($0[2], at: 4) }
        let fault = try #require(try site.check().faults.first)
        #expect(fault.record == 5 && fault.what.contains("was moved or inserted"))
    }

    @Test(arguments: [true, false])
    func `an edited record is found even with a hash of its own`(isSigned: Bool) throws {
        let site = try Site(isSigned: isSigned)
        try site.edit { lines in
            guard var record = LedgerLine.parse(Array(lines[2].utf8))?.record else { return }
            record.incident = site.incidents[0].uuidString.lowercased()
            guard let line = try? LedgerLine.write(record, key: nil) else { return }
            lines[2] = String(decoding: line.text, as: UTF8.self)
        }
        // Without signatures the record itself is sound; the next one does not follow on it.
        #expect(try site.check().faults.first?.record == (isSigned ? 3 : 4))
    }

    @Test func `a tail that was cut off shows by the messages that are left`() throws {
        let site = try Site()
        try site.edit { $0.removeLast(2) }
        let report = try site.check()
        #expect(report.records == 4)
        #expect(report.faults.first?.record == 5 && report.faults.first?.what.contains("was cut off") == true)
    }

    @Test func `a tail that was cut off with its files shows only by a hash kept elsewhere`() throws {
        let site = try Site()
        let head = try site.check().head
        try site.edit { $0.removeLast(2) }
        for picture in site.pictures.suffix(2) {
            try FileManager.default.removeItem(at: site.folder.file(picture).deletingLastPathComponent())
        }
        #expect(try site.check().isIntact)
        let report = try site.check(head: head)
        #expect(report.faults.first?.record == 5 && report.faults.first?.what.contains("cut off") == true)
    }

    @Test func `a picture on request is vouched for, and messages go on behind it`() throws {
        let site = try Site()
        var ledger = try site.open()
        let id = UUID()
        let stored = try site.store.save(
            EvidenceImage(role: .snapshot, jpeg: [1, 2, 3], taken: Self.begin), incident: id)
        try ledger.record(snapshot: id, file: .init(file: stored.file, sha256: stored.sha256))
        ledger = try site.open()
        #expect(ledger.head.sequence == 5)
        try site.add(6, to: ledger)
        let report = try site.check()
        #expect(report.isIntact && report.notes == [] && report.messages == 6 && report.files == 13)
        try Data([1, 2, 4]).write(to: site.folder.file(stored.file))
        #expect(try site.check().faults.map(\.file) == [stored.file])
    }

    @Test func `expired files are no tampering`() throws {
        let site = try Site()
        let ledger = try site.open()
        let later = Self.begin.addingTimeInterval(40 * 86_400)
        try site.add(6, to: ledger, date: later)
        let days = site.store.expired(keeping: 30, now: later)
        #expect(days.count == 1)
        for day in days {
            try ledger.expire(day: day, keeping: 30, now: later)
            try site.store.delete(day: day)
        }
        let report = try site.check()
        #expect(report.isIntact && report.expired == 10 && report.files == 2 && report.records == 8)
        #expect(ledger.head.sequence == 6)
        #expect(try site.open().head == ledger.head)
    }

    @Test func `an eviction is no tampering, and its time is named`() throws {
        let site = try Site()
        let ledger = try site.open()
        for index in [1, 3] {
            try ledger.evict(incident: site.incidents[index], now: Self.begin.addingTimeInterval(60))
            #expect(ledger.head.evicting == site.incidents[index])
            let before = site.store.bytes
            let freed = try site.store.delete(incident: site.incidents[index])
            #expect(freed == 114 && site.store.bytes == before - freed)
        }
        let report = try site.check()
        #expect(report.isIntact && report.notes == [] && report.files == 6 && report.expired == 0)
        #expect(
            report.evictions
                == [(1, 7), (3, 8)].map {
                    .init(
                        incident: site.incidents[$0].uuidString.lowercased(), record: $1, at: "2026-09-21T14:14:20Z",
                        files: 2)
                })
        // Only what was there before the record is excused.
        try site.edit { $0.swapAt(5, 6) }
        #expect(!(try site.check().isIntact))
        #expect(try EvidenceStore(folder: site.folder.url).bytes == site.store.bytes)
        // The ledger goes on.
        #expect(try site.open().head == ledger.head)
        try site.add(6, to: ledger)
        #expect(ledger.head.evicting == nil)
    }

    @Test func `a missing file that came after an eviction is named`() throws {
        let site = try Site()
        let ledger = try site.open()
        let incident = site.incidents[2]
        try ledger.evict(incident: incident)
        try site.store.delete(incident: incident)
        // A review's message: it names the pictures of its incident again.
        let payload = Array("{}".utf8)
        let file = try site.store.save(payload, sequence: 6, incident: incident, date: Self.begin)
        try ledger.record(
            sequence: 6, incident: incident, payload: payload,
            files: [
                .init(file: site.pictures[2], sha256: sha256([UInt8](repeating: 3, count: 100))),
                .init(file: file, sha256: sha256(payload)),
            ])
        var report = try site.check()
        #expect(report.isIntact && report.files == 9 && report.evictions.map(\.files) == [2])
        try FileManager.default.removeItem(at: site.folder.file(file))
        report = try site.check()
        #expect(report.faults.map(\.file) == [file] && report.faults.first?.record == 8)
    }

    @Test func `an eviction that was interrupted or never had a file is noted`() throws {
        let site = try Site()
        let ledger = try site.open()
        try ledger.evict(incident: site.incidents[0])
        #expect(try site.check().isIntact)
        #expect(try site.check().notes.first?.contains("have files left") == true)
        // What is there is still held to its hash.
        try Data([1]).write(to: site.folder.file(site.pictures[0]))
        #expect(try site.check().faults.map(\.file) == [site.pictures[0]])
        try site.store.delete(incident: site.incidents[0])
        #expect(try site.check().isIntact && site.check().notes == [])
        try ledger.evict(incident: UUID())
        let report = try site.check()
        #expect(report.isIntact && report.notes.count == 1)
        #expect(report.notes.first?.contains("of which no record names a file") == true)
    }

    @Test func `a day that was deleted without a record is tampering`() throws {
        let site = try Site()
        for day in site.store.expired(keeping: 1, now: Self.begin.addingTimeInterval(5 * 86_400)) {
            try site.store.delete(day: day)
        }
        #expect(try site.check().faults.count == 10)
    }

    @Test func `a picture as the daemon names it that no record names is named, and no fault`() throws {
        let site = try Site()
        let stored = try site.store.save(
            EvidenceImage(role: .plate, jpeg: [1, 2, 3], taken: Self.begin), incident: site.incidents[0])
        var report = try site.check()
        #expect(report.isIntact && report.strays.map(\.file) == [stored.file])
        // Other bytes than those that its name promises no daemon has written.
        try Data([1]).write(to: site.folder.file(stored.file))
        report = try site.check()
        #expect(report.faults.map(\.file) == [stored.file])
    }

    @Test func `a pack of one incident is checked by itself, and only where that is asked for`() throws {
        let site = try Site()
        let key = try #require(site.key?.publicKey)
        let target = site.folder.file("pack")
        let incident = site.incidents[1]
        let count = try LedgerPack.export(incident: incident, from: site.folder.url, to: target)
        #expect(count == .init(files: 2, gone: 0))
        func check(_ pack: UUID?) throws -> LedgerReport {
            try LedgerCheck.run(folder: target, .init(keys: [key], pack: pack))
        }
        let report = try check(incident)
        #expect(report.isIntact && report.files == 2 && report.records == 6 && report.strays == [])
        #expect(report.pack == incident.uuidString.lowercased() && report.sections.map(\.known) == [true])
        // Nothing in the folder says what is checked.
        try Data("{\"incident\":\"\(incident.uuidString.lowercased())\"}".utf8).write(
            to: target.appending(path: "pack.json"))
        #expect(try check(nil).faults.count { $0.what.contains("is missing") } == 8)
        #expect(try check(nil).faults.contains { $0.file == "pack.json" })
        #expect(try check(site.incidents[2]).faults.count { $0.what.contains("is missing") } == 2)
        #expect(try check(UUID()).faults.contains { $0.what.contains("names no file of incident") })
        try Data([0]).write(to: target.appending(path: site.pictures[1]))
        #expect(try check(incident).faults.first?.record == 3)
    }

    @Test func `an incident with a review, whose message names its pictures again, is exported`() throws {
        let site = try Site()
        try site.record(6, of: site.incidents[1], picture: site.picture(1), to: try site.open())
        let target = site.folder.file("pack")
        let count = try LedgerPack.export(incident: site.incidents[1], from: site.folder.url, to: target)
        #expect(count == .init(files: 3, gone: 0))
        let report = try LedgerCheck.run(folder: target, .init(pack: site.incidents[1]))
        #expect(report.isIntact && report.files == 3)
    }

    @Test func `an export that fails leaves nothing, and an old folder is left alone`() throws {
        let site = try Site()
        let place = try TemporaryFolder()
        func export(_ incident: UUID) throws {
            _ = try LedgerPack.export(incident: incident, from: site.folder.url, to: place.file("pack"))
        }
        #expect { try export(UUID()) } throws: { "\($0)".contains("does not name it") }
        try FileManager.default.removeItem(at: site.folder.file(site.pictures[1]))
        mkfifo(site.path(site.pictures[1]), 0o600)
        #expect { try export(site.incidents[1]) } throws: { "\($0)".contains("no regular file") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path).isEmpty)
        try export(site.incidents[0])
        #expect { try export(site.incidents[2]) } throws: { "\($0)".contains("it is there") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == ["pack"])
        // What is gone is said.
        try FileManager.default.removeItem(at: site.folder.file(site.pictures[3]))
        let count = try LedgerPack.export(
            incident: site.incidents[3], from: site.folder.url, to: place.file("second"))
        #expect(count == .init(files: 1, gone: 1))
    }

    @Test func `a record that points out of the folder reads nothing`() throws {
        let site = try Site()
        let ledger = try site.open()
        try ledger.record(
            sequence: 6, incident: UUID(), payload: [1], files: [.init(file: "../../etc/passwd", sha256: "00")])
        let fault = try #require(try site.check().faults.first)
        #expect(fault.record == 7 && fault.what.contains("names no place in the folder"))
    }

    @Test func `a folder without a ledger is an error that says so`() throws {
        let folder = try TemporaryFolder()
        #expect { _ = try LedgerCheck.run(folder: folder.url) } throws: { "\($0)".contains(Ledger.fileName) }
    }
}

import Contract
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

/// Real SQLite over files that were damaged as power cuts and failing cards damage them.
struct DamageTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        file = folder.file("outbox.sqlite")
    }

    private func write() throws {
        let outbox = try Outbox(file: file)
        for _ in 0..<200 { try fixtures.append(fixtures.incident(), to: outbox) }
        // All of it in the file, and nothing in the log.
        try outbox.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try outbox.pool.close()
    }

    private func overwrite(from offset: UInt64, _ bytes: Data) throws {
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: bytes)
    }

    @Test func `a database without its first page or its second half is known as damaged`() throws {
        try write()
        let good = try Data(contentsOf: file)
        for damage in ["zero", "half", "text"] {
            try good.write(to: file)
            switch damage {
            case "zero": try overwrite(from: 0, Data(count: 4096))
            case "half": try good.prefix(good.count / 8192 * 4096).write(to: file)
            default: try Data(repeating: 0x41, count: 8192).write(to: file)
            }
            let error = #expect(throws: OutboxError.self, "\(damage)") { try Outbox(file: file).check() }
            #expect(error?.isDamage == true, "\(damage): \(error.map { "\($0)" } ?? "")")
        }
    }

    @Test func `a page in the middle that was overwritten is found by the check, and a whole database is not`() throws {
        try write()
        let outbox = try Outbox(file: file)
        try outbox.check()
        try outbox.pool.close()
        let complaints = Outbox.complaints
        try overwrite(from: 4096 * 60, Data(repeating: 0xA5, count: 4096))
        let error = #expect(throws: OutboxError.self) { try Outbox(file: file).check() }
        #expect(error?.isDamage == true)
        #expect(Outbox.complaints > complaints)
    }

    @Test func `a damaged database is set aside with its log, and the new one has another epoch and names it`() throws {
        try write()
        let old = try Outbox(file: file)
        let epoch = old.epoch
        try fixtures.append(fixtures.incident(), to: old)
        let date = Date(timeIntervalSince1970: 1_795_480_000)
        let (name, _) = try Outbox.setAside(file, at: date)
        #expect(name == "outbox.sqlite.damaged-20261124T002640Z")
        #expect(!FileManager.default.fileExists(atPath: file.path))
        #expect(FileManager.default.fileExists(atPath: folder.file(name + "-wal").path))
        // A copy of what was set aside can be read, with what was in its log alone.
        #expect(try Outbox(reading: folder.file(name)).counts().lastSequence == 201)
        let new = try Outbox(file: file)
        #expect(new.isNew && new.epoch != epoch)
        #expect(try new.counts().lastSequence == 0)
        #expect(try new.facts().damaged == [name])
        #expect(try Outbox.setAside(file, at: date).name == name + "-2")
    }

    @Test func `a new database is new until the audit log has told of something, whatever ends the run before`() throws
    {
        #expect(try Outbox(file: file).isNew)
        let outbox = try Outbox(file: file)
        #expect(outbox.isNew)
        try outbox.audit(.storeReplaced)
        #expect(try !Outbox(file: file).isNew)
        // Nor is it new again once its entries are too old to be kept.
        try outbox.limit(auditEntries: 0, requests: 1)
        #expect(try outbox.auditEntries().isEmpty)
        #expect(try !Outbox(file: file).isNew)
    }

    @Test func `of the databases that were set aside the newest three stay, with their logs`() throws {
        var names: [String] = []
        for day in 0..<6 {
            try Data("\(day)".utf8).write(to: file)
            try Data("log".utf8).write(to: folder.file("outbox.sqlite-wal"))
            // The last one while the clock stood wrong.
            let date = Date(timeIntervalSince1970: 1_795_480_000 + 86_400 * (day < 5 ? Double(day) : -30))
            let (name, deleted) = try Outbox.setAside(file, at: date)
            names.append(name)
            #expect(deleted == (day < 3 ? [] : [names[day - 3]]))
        }
        let outbox = try Outbox(file: file)
        #expect(outbox.damaged == [names[5], names[3], names[4]])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(files.count { $0.contains(".damaged-") } == 6)
    }

    @Test func `a full or absent disk is no damage`() throws {
        let error = #expect(throws: OutboxError.self) { try Outbox(file: URL(filePath: "/proc/outbox.sqlite")) }
        #expect(error?.isDamage == false)
    }
}

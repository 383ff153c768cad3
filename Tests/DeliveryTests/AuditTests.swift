import Foundation
import GRDB
import TestSupport
import Testing

@testable import Hashing
@testable import Store

struct AuditTests {
    private let folder: TemporaryFolder
    private let file: URL
    private static let start = Date(timeIntervalSince1970: 1_795_480_000)

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("outbox.sqlite")
    }

    private func filled(_ count: Int) throws -> Outbox {
        let outbox = try Outbox(file: file)
        for number in 0..<count {
            try outbox.audit(
                .configurationLoaded, by: "n", facts: ["sha256": "\(number)", "名": "值/\"x\""],
                at: Self.start.addingTimeInterval(Double(number) * 60))
        }
        return outbox
    }

    /// Somebody with the file and without scruples.
    private func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: file.path)
        try queue.write { db in
            try db.execute(sql: "DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays")
            try db.execute(sql: sql)
        }
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `a digest is that of FIPS 180-4`(text: String, hash: String) throws {
        #expect(try SHA256.hex(Array(text.utf8)) == hash)
    }

    @Test func `a digest of a million letters crosses every block's edge`() throws {
        #expect(
            try SHA256.hex([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `a log that nobody touched is whole, across restarts`() throws {
        _ = try filled(5)
        let outbox = try filled(5)
        #expect(try outbox.verifyAudit() == 10)
        #expect(try outbox.auditEntries().map(\.number) == Array(1...10))
        #expect(throws: Never.self) { try AuditChain.verify(outbox.auditEntries()) }
    }

    @Test(arguments: [
        ("UPDATE audit SET by = 'somebody else' WHERE number = 4", 4),
        ("UPDATE audit SET facts = '{}' WHERE number = 1", 1),
        ("UPDATE audit SET at = '2026-01-01T00:00:00.000Z' WHERE number = 9", 9),
        ("UPDATE audit SET event = 'nothing' WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number = 5", 6),
        ("DELETE FROM audit WHERE number = 1", 2),
        ("DELETE FROM audit WHERE number > 7", 8),
        ("DELETE FROM audit WHERE number = 5; UPDATE audit SET number = number - 1 WHERE number > 5", 5),
    ])
    func `a change shows, and where`(sql: String, number: Int64) throws {
        let outbox = try filled(9)
        try tamper(sql)
        let fault = #expect(throws: AuditChain.Break.self) { try outbox.verifyAudit() }
        #expect(fault?.number == number)
    }

    @Test func `an entry cannot be changed or taken out by the program itself`() throws {
        let outbox = try filled(3)
        for sql in ["UPDATE audit SET by = ''", "DELETE FROM audit WHERE number = 3"] {
            #expect(throws: DatabaseError.self) { try outbox.pool.write { try $0.execute(sql: sql) } }
        }
        #expect(try outbox.verifyAudit() == 3)
    }

    @Test func `old entries go, the chain goes on from them, and the last one that goes is not forgotten`() throws {
        let outbox = try filled(10)
        #expect(try outbox.pruneAudit(before: Self.start.addingTimeInterval(4 * 60)) == 4)
        #expect(try outbox.verifyAudit() == 6)
        #expect(try outbox.auditEntries().first?.number == 5)
        #expect(try outbox.pruneAudit(before: .distantFuture) == 6)
        #expect(try outbox.verifyAudit() == 0)
        try outbox.audit(.configurationLoaded)
        #expect(try outbox.auditEntries().map(\.number) == [11])
        #expect(try outbox.verifyAudit() == 1)
    }

    @Test func `a clock that stepped back takes no younger entry away`() throws {
        let outbox = try filled(3)
        try outbox.audit(.configurationLoaded, at: Self.start.addingTimeInterval(-86_400))
        try outbox.audit(.configurationLoaded, at: Self.start.addingTimeInterval(86_400))
        #expect(try outbox.pruneAudit(before: Self.start.addingTimeInterval(-1)) == 0)
        #expect(try outbox.pruneAudit(before: Self.start.addingTimeInterval(30)) == 1)
        #expect(try outbox.verifyAudit() == 4)
    }
}

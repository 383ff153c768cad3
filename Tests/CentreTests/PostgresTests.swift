import Foundation
import Runtime
import Store
import Synchronization
import TestSupport
import Testing

@testable import Centre
@testable import Postgres

/// The driver of PostgreSQL, against a real server.
@Suite(
    .enabled(if: PostgresServer.isInstalled, "needs PostgreSQL, from 14 on: apt-get install postgresql"),
    .waiting(minutes: 3))
struct PostgresTests {
    private func database(_ address: String? = nil, most: Int = 3, patience: Double = 10) throws -> PostgresDatabase {
        var settings = try PostgresSettings(address: address ?? PostgresServer.shared.get().database())
        settings.patience = patience
        return PostgresDatabase(settings, most: most)
    }

    private func table(_ database: PostgresDatabase) throws {
        try database.write { try $0.run(script: "CREATE TABLE thing (name TEXT PRIMARY KEY NOT NULL, value BIGINT)") }
    }

    private func count(_ database: PostgresDatabase) throws -> Int {
        try database.read { try $0.row("SELECT COUNT(*) FROM thing")?.count(0) ?? 0 }
    }

    @Test func `question marks are numbered outside of quotes`() {
        #expect(
            PostgresText.numbered("SELECT '?', \"?\", 'it''s ?' WHERE a = ? AND b = ?")
                == "SELECT '?', \"?\", 'it''s ?' WHERE a = $1 AND b = $2")
        #expect(PostgresText.ordered("name TEXT NOT NULL, TEXTURE") == "name TEXT COLLATE \"C\" NOT NULL, TEXTURE")
    }

    @Test func `text is in the order of its bytes, whatever the server's is`() throws {
        let database = try database()
        try table(database)
        let names = ["a", "B", "3:", "33", "3", "机"]
        try database.write { db in
            for name in names { try db.post("INSERT INTO thing (name) VALUES (?)", [.text(name)]) }
        }
        let sorted = try database.read { try $0.rows("SELECT name FROM thing ORDER BY name").map { $0.name(0) } }
        #expect(sorted == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    }

    @Test func `what was put off fails with what is waited for, or with the end, and leaves nothing`() throws {
        let database = try database()
        try table(database)
        try database.write { try $0.post("INSERT INTO thing (name) VALUES ('x')", []) }
        for waits in [true, false] {
            let fault = #expect(throws: SQLFault.self) {
                try database.write { db in
                    try db.post("INSERT INTO thing (name) VALUES ('y')", [])
                    try db.post("INSERT INTO thing (name) VALUES ('x')", [])
                    if waits { _ = try db.rows("SELECT 1") }
                }
            }
            #expect(fault?.isAboutContent == true)
        }
        #expect(try count(database) == 1)
        // More than is put off at once, and more statements than stay prepared.
        try database.write { db in
            for number in 0..<500 {
                try db.post("INSERT INTO thing (name, value) VALUES (?, \(number))", [.text("\(number)")])
            }
        }
        #expect(try count(database) == 501)
    }

    @Test func `writers follow one another, so that what one has read stays true`() async throws {
        let first = try database()
        try table(first)
        try first.write { try $0.post("INSERT INTO thing VALUES ('sum', 0)", []) }
        let address = first.settings.address
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let database = try database(address)
                    for _ in 0..<30 {
                        try database.write { db in
                            let sum = try db.row("SELECT value FROM thing WHERE name = 'sum'")?.integer(0) ?? 0
                            try db.execute("UPDATE thing SET value = ? WHERE name = 'sum'", [.integer(sum + 1)])
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try first.read { try $0.row("SELECT value FROM thing")?.integer(0) } == 90)
    }

    @Test func `a commit whose answer is lost is not repeated, and one that never came is`() throws {
        let server = try PostgresServer(hasPort: true)
        let proxy = try FaultProxy(to: server.port)
        let database = try database(server.address(of: server.database(), port: proxy.port))
        try table(database)
        for (fault, runs) in [(FaultProxy.Fault.unanswered, 1), (.silent, 2)] {
            let before = try count(database)
            let bodies = Mutex(0)
            try database.write { db in
                let run = bodies.withLock { bodies in
                    bodies += 1
                    return bodies
                }
                try db.execute("INSERT INTO thing (name) VALUES (?)", [.text("\(before)")])
                guard run == 1 else { return }
                proxy.set(fault)
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: 0.5)
                    proxy.reset()
                    proxy.set(.none)
                }
            }
            #expect(try count(database) == before + 1 && bodies.withLock(\.self) == runs, "\(fault)")
        }
    }

    @Test func `a server that is away is named, with what to do, and never the password`() throws {
        var settings = try PostgresSettings(
            address: "postgresql://centre@127.0.0.1:1/kunshan", password: Secret("topsecret9"))
        settings.patience = 0.3
        let fault = #expect(throws: SQLFault.self) {
            try PostgresDatabase(settings).read { try $0.rows("SELECT 1") }
        }
        let text = "\(try #require(fault))"
        #expect(text.contains("kunshan on PostgreSQL at 127.0.0.1:1") && text.contains("check that the server runs"))
        #expect(!text.contains("topsecret9"))
        for address in [
            "postgresql://centre:topsecret9@db/kunshan", "postgresql://db/kunshan?password=topsecret9",
            "postgresql://[db/kunshan:topsecret9", "mysql://topsecret9", "postgresql://db/kunshan?topsecret9=1",
        ] {
            let invalid = #expect(throws: PostgresSettings.Invalid.self) { try PostgresSettings(address: address) }
            #expect(invalid.map { !"\($0)".contains("topsecret9") } ?? false)
        }
    }

    @Test func `a server that is killed again and again in the middle of ingest loses and doubles nothing`() throws {
        let server = try PostgresServer()
        let room = try Room(.postgres, sharing: RoomDatabase(server.database(), "a"))
        let streets = try (1...4).map { try Street($0) }
        let isOver = Mutex(false)
        let breaks = Thread {
            for _ in 0..<3 {
                Thread.sleep(forTimeInterval: 0.7)
                server.stop()
                Thread.sleep(forTimeInterval: 0.3)
                try? server.start()
            }
            isOver.withLock { $0 = true }
        }
        breaks.start()
        var sequence: Int64 = 0
        while !isOver.withLock(\.self) || sequence < 40 {
            sequence += 1
            room.take(try streets.map { try $0.alert($0.incident(at: room.time.now), sequence) })
        }
        room.pass(1)
        let expected = Int(sequence) * streets.count
        #expect(try room.count("message") == expected && room.count("casefile") == expected)
        #expect(room.figures.stored + room.figures.repeated == expected && room.figures.refused.isEmpty)
        #expect(try room.queries.sites().allSatisfy { $0.contiguous == sequence && $0.missing.isEmpty })
        #expect(try room.check() == [])
    }
}

import Domain
import Foundation
import MQTT
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Contract

@Suite struct CentreStoreTests {
    private func plan(_ room: Room, _ query: (sql: String, values: [SQLValue])) throws -> String {
        try room.store.read {
            try $0.rows("EXPLAIN QUERY PLAN \(query.sql)", query.values).map { $0.name(3) }.joined(separator: "; ")
        }
    }

    @Test func `lists by area, stage and date go by an index`() throws {
        let room = try Room()
        var filter = CentreQueries.Filter()
        filter.area = try AreaCode("320583102")
        filter.stages = [.found, .accepted]
        let open = try plan(room, CentreQueries.list(filter, limit: 50))
        #expect(open.contains("SEARCH casefile USING INDEX casefile_open (area12>? AND area12<?)"), "\(open)")
        filter.stages = [.closed]
        let closed = try plan(room, CentreQueries.list(filter, limit: 50))
        #expect(closed.contains("SEARCH casefile USING INDEX casefile_area (area12>? AND area12<?)"), "\(closed)")
        let found = try plan(room, CentreQueries.found(from: 0, to: 1, area: filter.area, limit: 50))
        #expect(found.contains("SEARCH casefile USING INDEX casefile_area"), "\(found)")
        let large = try plan(room, CentreQueries.found(from: 0, to: 1, area: try AreaCode("320583"), limit: 50))
        #expect(large.contains("SEARCH casefile USING INDEX casefile_found"), "\(large)")
    }

    /// What the centre does all the time, and by which index of SQLite.
    private static let queries: [(String, [SQLValue], String)] = [
        ("SELECT id FROM message WHERE incident = ? ORDER BY revision", [.text("x")], "message_incident"),
        (
            "SELECT sequence FROM message WHERE stream = ? AND sequence > ? ORDER BY sequence",
            [.integer(1), .integer(1)], "sqlite_autoindex_message_2"
        ),
        ("SELECT id FROM message WHERE received_at < ?", [.real(0)], "message_received"),
        ("SELECT id FROM incident WHERE case_id = ? ORDER BY confirmed, id", [.text("x")], "incident_case"),
        (
            "SELECT id FROM incident WHERE kind = ? AND site = ? AND camera = ? AND ended_at IS NULL",
            [.text("x"), .text("x"), .text("x")], "incident_open"
        ),
        (
            "SELECT id FROM incident WHERE area12 >= ? AND area12 < ? AND confirmed > ?",
            [.text("3"), .text("4"), .real(0)], "incident_area"
        ),
        (
            "SELECT id FROM casefile WHERE place = ? AND kind = ? AND found_at >= ? LIMIT 2",
            [.text("x"), .text("x"), .real(0)], "casefile_place"
        ),
        ("SELECT id FROM casefile WHERE auto_at <= ? ORDER BY auto_at LIMIT 10", [.real(0)], "casefile_auto"),
        ("SELECT id FROM request WHERE next_at <= ? ORDER BY next_at LIMIT 10", [.real(0)], "request_due"),
        (
            "SELECT id FROM delivery WHERE route = ? AND next_at <= ? ORDER BY id LIMIT 10",
            [.text("x"), .real(0)], "delivery_due"
        ),
        (
            "SELECT site FROM camera WHERE lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?",
            [.real(0), .real(1), .real(0), .real(1)], "camera_place"
        ),
        (
            "SELECT stage, SUM(cases) FROM standing WHERE area12 >= ? AND area12 < ? GROUP BY stage",
            [.text("3"), .text("4")], "sqlite_autoindex_standing_1"
        ),
        ("SELECT sha256 FROM evidence WHERE taken < ? LIMIT 10", [.real(0)], "evidence_taken"),
    ]

    @Test func `whatever the centre does all the time goes by an index`() throws {
        let room = try Room()
        for (sql, values, index) in Self.queries {
            let plan = try plan(room, (sql, values))
            #expect(plan.contains("USING") && plan.contains(index) && !plan.contains("SCAN"), "\(sql): \(plan)")
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "needs PostgreSQL: apt-get install postgresql"), .waiting)
    func `PostgreSQL has an index for the same`() throws {
        let room = try Room(.postgres)
        var filter = CentreQueries.Filter()
        filter.area = try AreaCode("320583102")
        filter.stages = [.found]
        let lists = [
            (CentreQueries.list(filter, limit: 50), "casefile_open"),
            (CentreQueries.found(from: 0, to: 1, area: filter.area, limit: 50), "casefile_area"),
            (CentreQueries.found(from: 0, to: 1, area: nil, limit: 50), "casefile_found"),
        ].map { ($0.0.sql, $0.0.values, $0.1) }
        let names = [
            "sqlite_autoindex_message_2": "message_stream_sequence_key", "sqlite_autoindex_standing_1": "standing_pkey",
        ]
        for (sql, values, index) in Self.queries + lists {
            // Tables without rows are read as a whole otherwise.
            let plan = try room.store.read { db in
                try db.execute("SET LOCAL enable_seqscan = off")
                return try db.rows("EXPLAIN \(sql)", values).map { $0.name(0) }.joined(separator: "; ")
            }
            #expect(plan.contains(names[index] ?? index) && !plan.contains("Seq Scan"), "\(sql): \(plan)")
        }
    }

    @Test(.waiting, arguments: StoreKind.here) func `areas are ranges`(on kind: StoreKind) throws {
        for (area, low, high) in [
            ("32", "32", "33"), ("320583102201", "320583102201", "320583102202"), ("39", "39", "3:"),
        ] {
            let range = CentreQueries.range(of: try AreaCode(area))
            #expect(range.low == low && range.high == high)
        }
        let room = try Room(kind, area: "32")
        for (number, village) in ["320583102201", "320583199299", "320584102201", "329999999999"].enumerated() {
            let street = try Street(number, village: village)
            room.take(try street.alert(street.incident(at: room.time.now), 1))
        }
        func count(_ area: String?) throws -> Int {
            var filter = CentreQueries.Filter()
            filter.area = try area.map { try AreaCode($0) }
            filter.stages = [.found]
            return try room.queries.cases(filter, limit: 10).count
        }
        #expect(
            try count(nil) == 4 && count("32") == 4 && count("320583") == 2 && count("320583102") == 1
                && count("33") == 0)
        #expect(try room.queries.standing(area: try AreaCode("320583")) == [.found: 2])
    }

    @Test(.waiting, arguments: StoreKind.here)
    func `a database is brought up to date once, and one of a later version is left alone`(on kind: StoreKind) throws {
        let room = try Room(kind)
        try CentreSchema.migrate(room.store)
        #expect(try CentreSchema.names(room.store) == CentreSchema.migrations.map(\.name))
        _ = try room.store.write { try $0.execute("INSERT INTO migration (name) VALUES ('later')") }
        #expect(throws: SQLFault.self) { try CentreSchema.migrate(room.store) }
    }

    @Test func `the schema keeps to what PostgreSQL has too`() {
        let text = CentreSchema.migrations.map(\.script).joined().uppercased()
        for word in [
            "AUTOINCREMENT", "WITHOUT ROWID", " STRICT", "JSON", "DATETIME", "INTEGER PRIMARY KEY", " BLOB", "IFNULL",
            "PRAGMA",
        ] {
            #expect(!text.contains(word), "\(word)")
        }
    }

    @Test func `a transaction that fails leaves nothing`() throws {
        struct Stopped: Error {}
        let room = try Room()
        #expect(throws: Stopped.self) {
            try room.store.write { db in
                try db.execute("INSERT INTO counter (name, value) VALUES ('x', 1)")
                throw Stopped()
            }
        }
        #expect(try room.count("counter") == 0)
        #expect(throws: SQLFault.self) { try room.store.write { try $0.execute("INSERT INTO nothing VALUES (1)") } }
        let reader = try SQLiteDatabase(file: room.folder.file("centre.sqlite"), isReadOnly: true)
        #expect(throws: SQLFault.self) { try reader.write { try $0.execute("DELETE FROM counter") } }
        #expect(throws: SQLFault.self) {
            try SQLiteDatabase(file: room.folder.file("none"), isReadOnly: true).read { try $0.rows("SELECT 1") }
        }
    }

    @Test(.waiting, arguments: StoreKind.here) func `values come back as they were written`(on kind: StoreKind) throws {
        let room = try Room(kind)
        try room.store.write {
            try $0.run(script: "CREATE TABLE thing (i BIGINT, s SMALLINT, r DOUBLE PRECISION, t TEXT, b BYTEA)")
        }
        let values: [(String, SQLValue)] = [
            ("i", .null), ("i", .integer(.max)), ("i", .integer(.min)), ("s", .integer(-1)), ("r", .real(0.1)),
            ("r", .real(1_795_485_600.123456)), ("r", .real(-1e300)), ("r", .null), ("t", .text("")), ("t", .null),
            ("t", .text("机动车 'x' \\ ?\n")), ("b", .bytes([])), ("b", .bytes([0, 255, 0])), ("b", .null),
        ]
        for (column, value) in values {
            let read = try room.store.write { db in
                try db.execute("DELETE FROM thing")
                try db.execute("INSERT INTO thing (\(column)) VALUES (?)", [value])
                return try db.row("SELECT \(column), COUNT(*) FROM thing WHERE \(column) = ? GROUP BY 1", [value])
            }
            #expect(read?.values.first == (value == .null ? nil : value), "\(column)")
        }
        // A zero in a text is one of SQLite alone.
        let zero = try room.store.write { db in
            try db.execute("INSERT INTO thing (t) VALUES (?)", [.text("机\u{0}x")])
            return try db.row("SELECT t FROM thing WHERE t LIKE '机%'")?.text(0)
        }
        #expect(zero == (kind == .sqlite ? "机\u{0}x" : "机\u{FFFD}x"))
    }

    @Test(.waiting) func `messages are kept word for word, and other programs can read them`() throws {
        let (room, street) = (try Room(), try Street())
        let incident = street.incident(at: room.time.now)
        let messages = [
            try street.alert(incident, 1), try street.alert(incident.updated(at: room.time.now + 1), 2),
        ]
        room.take(messages)
        let kept = try room.store.read { try MessagePacker.messages(about: incident.id.text, $0) }
        #expect(kept == messages.map(\.payload))
        let bytes = try room.store.read { try $0.row("SELECT SUM(LENGTH(payload)) FROM message")?.count(0) ?? 0 }
        #expect(bytes < messages.reduce(0) { $0 + $1.payload.count } / 3)
        let script = """
            import sqlite3, sys, zlib
            db = sqlite3.connect(sys.argv[1])
            words = dict(db.execute("SELECT packing, bytes FROM dictionary"))
            for packing, payload in db.execute("SELECT packing, payload FROM message ORDER BY sequence"):
                sys.stdout.buffer.write(zlib.decompressobj(zdict=words[packing]).decompress(payload) + b"\\n")
            """
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script, room.folder.file("centre.sqlite").path]
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(text == Data(messages.map { $0.payload + [0x0A] }.joined()))
    }
}

import Contract
import Domain
import Foundation
import GRDB

/// The tables of the outbox.
enum OutboxSchema {
    private static let columns = "sequence, id, subject, topic, open_topic, is_open, payload"

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE incidents (
                        id TEXT PRIMARY KEY NOT NULL,
                        kind TEXT NOT NULL,
                        camera TEXT NOT NULL,
                        zone TEXT NOT NULL,
                        state BLOB NOT NULL,
                        open INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX incidents_open ON incidents(camera) WHERE open;
                    CREATE TABLE messages (
                        sequence INTEGER PRIMARY KEY NOT NULL,
                        id TEXT NOT NULL UNIQUE,
                        subject TEXT NOT NULL REFERENCES incidents(id),
                        topic TEXT NOT NULL,
                        open_topic TEXT NOT NULL,
                        is_open INTEGER NOT NULL,
                        payload BLOB NOT NULL,
                        created REAL NOT NULL,
                        delivered_at REAL
                    );
                    CREATE INDEX messages_undelivered ON messages(sequence) WHERE delivered_at IS NULL;
                    CREATE INDEX messages_subject ON messages(subject);
                    CREATE TABLE sequence (last INTEGER NOT NULL);
                    INSERT INTO sequence VALUES (0);
                    """)
        }
        migrator.registerMigration("2") { db in
            try db.execute(
                sql: "CREATE TABLE stays (camera TEXT PRIMARY KEY NOT NULL, state BLOB NOT NULL) WITHOUT ROWID")
        }
        migrator.registerMigration("requests, audit and budget") { try $0.execute(sql: requests + audit + budget) }
        migrator.registerMigration("grounds") { db in
            try db.execute(
                sql: "CREATE TABLE grounds (camera TEXT PRIMARY KEY NOT NULL, time REAL NOT NULL, data BLOB NOT NULL)")
        }
        migrator.registerMigration("watches") { db in
            try db.execute(
                sql: """
                    DROP TABLE stays;
                    CREATE TABLE watches (camera TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("evictions of evidence") { db in
            try db.execute(
                sql: """
                    CREATE TABLE evictions (
                        incidents INTEGER NOT NULL, bytes INTEGER NOT NULL, record TEXT NOT NULL, audited INTEGER NOT NULL
                    );
                    INSERT INTO evictions VALUES (0, 0, '', 0);
                    """)
        }
        migrator.registerMigration("moments") { db in
            try db.execute(
                sql: "CREATE TABLE moments (camera TEXT PRIMARY KEY NOT NULL, state BLOB NOT NULL) WITHOUT ROWID")
        }
        migrator.registerMigration("retention") { db in
            try db.execute(sql: "CREATE TABLE retention (state BLOB NOT NULL); INSERT INTO retention VALUES (x'')")
        }
        migrator.registerMigration("retained") { db in
            try db.execute(sql: "CREATE TABLE retained (topic TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID")
        }
        // Without it each eviction reads all payloads where nothing has been delivered, just while the broker is
        // unreachable.
        migrator.registerMigration("delivered messages") { db in
            try db.execute(
                sql: "CREATE INDEX messages_delivered ON messages(sequence) WHERE delivered_at IS NOT NULL")
        }
        migrator.registerMigration("store") { db in
            try db.execute(
                sql: """
                    CREATE TABLE store (epoch TEXT NOT NULL, ledger TEXT NOT NULL)
                    """)
            try db.execute(sql: "INSERT INTO store VALUES (?, '')", arguments: [UUIDv7.make().text])
        }
        migrator.registerMigration("evidence due") { db in
            try db.execute(
                sql: """
                    CREATE TABLE evidence_due (
                        sequence INTEGER PRIMARY KEY NOT NULL, incident TEXT NOT NULL, revision INTEGER NOT NULL
                    );
                    CREATE TRIGGER messages_changed AFTER UPDATE OF payload ON messages BEGIN
                        UPDATE totals SET bytes = bytes + LENGTH(NEW.payload) - LENGTH(OLD.payload);
                    END;
                    """)
        }
        migrator.registerMigration("views") { db in
            try db.execute(
                sql: "CREATE TABLE views (camera TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL) WITHOUT ROWID")
        }
        // Sinks beside the broker, each with its own cursor, and dead letters.
        migrator.registerMigration("sinks") { db in
            try db.execute(
                sql: """
                    CREATE TABLE sinks (name TEXT PRIMARY KEY NOT NULL, cursor INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE sink_gaps (
                        sink TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (sink, first)
                    ) WITHOUT ROWID;
                    CREATE TABLE dead_letters (
                        sink TEXT NOT NULL, sequence INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
                        at REAL NOT NULL, PRIMARY KEY (sink, sequence)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("console") { try $0.execute(sql: ConsoleSchema.tables) }
        migrator.registerMigration("coverage") { try $0.execute(sql: ConsoleSchema.coverage) }
        // What each dialect has told, and what it has had retained.
        migrator.registerMigration("dialects") { db in
            try db.execute(
                sql: """
                    CREATE TABLE dialect_incidents (
                        dialect TEXT NOT NULL, incident TEXT NOT NULL, payload BLOB NOT NULL,
                        PRIMARY KEY (dialect, incident)
                    ) WITHOUT ROWID;
                    CREATE TABLE dialect_totals (
                        dialect TEXT NOT NULL, camera TEXT NOT NULL, zone TEXT NOT NULL, kind TEXT NOT NULL,
                        opened INTEGER NOT NULL, changed TEXT NOT NULL, PRIMARY KEY (dialect, camera, zone, kind)
                    ) WITHOUT ROWID;
                    CREATE TABLE dialect_topics (
                        number INTEGER PRIMARY KEY AUTOINCREMENT, dialect TEXT NOT NULL, topic TEXT NOT NULL UNIQUE,
                        file TEXT, sha256 TEXT
                    );
                    """)
        }
        return migrator
    }

    static func save(view data: Data, camera: String, _ db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO views (camera, data) VALUES (?, ?)", arguments: [camera, data])
    }

    static func save(watch data: Data, camera: String, _ db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO watches (camera, data) VALUES (?, ?)", arguments: [camera, data])
    }

    static func save(ground data: Data, at time: Double, camera: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO grounds (camera, time, data) VALUES (?, ?, ?)",
            arguments: [camera, time, data])
    }

    /// Requests, replies, and messages and pictures that have to be sent again or separately.
    private static let requests = """
        ALTER TABLE incidents ADD COLUMN suppressed INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX incidents_suppressed ON incidents(camera) WHERE suppressed;
        CREATE TABLE requests (
            class TEXT NOT NULL,
            id TEXT NOT NULL,
            digest TEXT NOT NULL,
            topic TEXT NOT NULL,
            received REAL NOT NULL,
            answered INTEGER NOT NULL,
            PRIMARY KEY (class, id)
        ) WITHOUT ROWID;
        CREATE TABLE replies (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload BLOB NOT NULL);
        CREATE TABLE reviews (
            incident TEXT PRIMARY KEY NOT NULL,
            camera TEXT NOT NULL,
            kind TEXT NOT NULL,
            verdict TEXT NOT NULL,
            by TEXT NOT NULL,
            at TEXT,
            note TEXT,
            received REAL NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE replays (
            number INTEGER PRIMARY KEY AUTOINCREMENT, next INTEGER NOT NULL, last INTEGER NOT NULL
        );
        CREATE TABLE pictures (
            topic TEXT PRIMARY KEY NOT NULL,
            sequence INTEGER NOT NULL REFERENCES messages(sequence) ON DELETE CASCADE,
            file TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            done REAL
        ) WITHOUT ROWID;
        CREATE INDEX pictures_waiting ON pictures(sequence) WHERE done IS NULL;
        CREATE INDEX pictures_sequence ON pictures(sequence);

        """

    private static let audit = """
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY NOT NULL,
            written REAL NOT NULL,
            at TEXT NOT NULL,
            event TEXT NOT NULL,
            by TEXT NOT NULL,
            facts TEXT NOT NULL,
            previous TEXT NOT NULL,
            hash TEXT NOT NULL
        );
        CREATE TABLE audit_ends (oldest INTEGER NOT NULL, hash TEXT NOT NULL, newest INTEGER NOT NULL);
        INSERT INTO audit_ends VALUES (0, '\(AuditChain.origin)', 0);
        CREATE TRIGGER audit_counts AFTER INSERT ON audit BEGIN
            UPDATE audit_ends SET newest = NEW.number;
        END;
        CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN
            SELECT RAISE(ABORT, 'the audit log is append-only');
        END;
        CREATE TRIGGER audit_stays BEFORE DELETE ON audit WHEN OLD.number > (SELECT oldest FROM audit_ends) BEGIN
            SELECT RAISE(ABORT, 'the audit log is append-only');
        END;

        """

    /// The size of the messages, and which of them were dropped before any broker had them.
    private static let budget = """
        CREATE TABLE totals (messages INTEGER NOT NULL, bytes INTEGER NOT NULL);
        INSERT INTO totals SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0) FROM messages;
        CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
            UPDATE totals SET messages = messages + 1, bytes = bytes + LENGTH(NEW.payload);
        END;
        CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
            UPDATE totals SET messages = messages - 1, bytes = bytes - LENGTH(OLD.payload);
        END;
        CREATE TABLE drops (first INTEGER PRIMARY KEY NOT NULL, last INTEGER NOT NULL, audited INTEGER NOT NULL);
        """

    static func save(_ moment: MomentOfRecord, camera: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO moments (camera, state) VALUES (?, ?)",
            arguments: [camera, try JSONEncoder().encode(moment)])
    }

    static func save(_ incident: Incident, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO incidents (id, kind, camera, zone, state, open) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open
                """,
            arguments: [
                incident.id.text, incident.kind.rawValue, incident.camera, incident.zone,
                try JSONEncoder().encode(incident), incident.isOpen,
            ])
    }

    static func incident(_ id: UUID, _ db: Database) throws -> Incident? {
        try Data.fetchOne(db, sql: "SELECT state FROM incidents WHERE id = ?", arguments: [id.text])
            .map { try JSONDecoder().decode(Incident.self, from: $0) }
    }

    static func insert(_ message: AlertMessage, at date: Date, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO messages (\(columns), created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                message.sequence, message.id.text, message.subject.text, message.topic, message.openTopic,
                message.isOpen, Data(message.payload), date.timeIntervalSince1970,
            ])
    }

    static func messages(_ db: Database, where condition: String, arguments: StatementArguments) throws
        -> [AlertMessage]
    {
        try Row.fetchAll(db, sql: "SELECT \(columns) FROM messages WHERE \(condition)", arguments: arguments)
            .map(message)
    }

    /// The newest message about an incident.
    static func newestMessage(of incident: UUID, _ db: Database) throws -> AlertMessage? {
        try messages(db, where: "subject = ? ORDER BY sequence DESC LIMIT 1", arguments: [incident.text]).first
    }

    private static func message(_ row: Row) throws -> AlertMessage {
        guard let id = UUID(uuidString: row["id"]), let subject = UUID(uuidString: row["subject"]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a message without an id")
        }
        let payload: Data = row["payload"]
        return AlertMessage(
            sequence: row["sequence"], id: id, subject: subject, topic: row["topic"], openTopic: row["open_topic"],
            isOpen: row["is_open"], payload: Array(payload))
    }
}

extension OutboxError {
    init(operation: String, _ error: any Error) {
        let remedy =
            switch (error as? DatabaseError)?.resultCode {
            case .SQLITE_NOTADB?, .SQLITE_CORRUPT?:
                "move the file away and keep it for an inspection; a new one is made at the next start"
            case .SQLITE_FULL?, .SQLITE_IOERR?: "make room on the disk, and check it for faults"
            case .SQLITE_BUSY?, .SQLITE_LOCKED?: "check that no other process uses the file"
            case nil where error is MessageTooLong: "the incident was not written"
            case nil where error is EncodingError: "this is a fault of the software"
            default: "check that the folder exists, belongs to the service's user and can be written"
            }
        let code = (error as? DatabaseError)?.resultCode
        // The statements are constant: one that SQLite does not accept means other tables.
        let isDamage =
            error is DecodingError || code == .SQLITE_CORRUPT || code == .SQLITE_NOTADB || code == .SQLITE_ERROR
        if isDamage { Outbox.noteComplaint() }
        let cause = (error as? DatabaseError)?.message ?? (error as? MessageTooLong)?.description
        self.init(
            operation: operation, cause: cause ?? "\(error.localizedDescription)", remedy: remedy,
            isFinal: error is MessageTooLong || error is EncodingError, isDamage: isDamage)
    }
}

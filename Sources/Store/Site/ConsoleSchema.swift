/// What the console reads: an index of the incidents, made of their messages, and its accounts.
///
/// Triggers make the index in the transaction of the message, whoever writes it, so that it can neither lag behind nor
/// get ahead.
enum ConsoleSchema {
    static let tables =
        """
        CREATE TABLE incident_changes (last INTEGER NOT NULL);
        INSERT INTO incident_changes VALUES (0);
        CREATE TABLE incident_index (
            incident TEXT PRIMARY KEY NOT NULL REFERENCES incidents(id) ON DELETE CASCADE,
            change INTEGER NOT NULL UNIQUE,
            sequence INTEGER NOT NULL,
            kind TEXT NOT NULL,
            severity INTEGER NOT NULL,
            camera TEXT NOT NULL,
            area TEXT NOT NULL,
            state TEXT NOT NULL,
            review TEXT NOT NULL,
            opened REAL NOT NULL,
            words TEXT NOT NULL
        );
        CREATE INDEX incident_index_opened ON incident_index(opened, incident);
        CREATE INDEX incident_index_sequence ON incident_index(sequence);
        CREATE TRIGGER messages_unindexed AFTER DELETE ON messages BEGIN
            DELETE FROM incident_index WHERE sequence = OLD.sequence;
        END;
        CREATE TABLE evidence_index (
            sha256 TEXT PRIMARY KEY NOT NULL,
            incident TEXT NOT NULL REFERENCES incidents(id) ON DELETE CASCADE,
            file TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            role TEXT NOT NULL,
            taken TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX evidence_index_incident ON evidence_index(incident);
        CREATE TRIGGER messages_indexed AFTER INSERT ON messages WHEN \(isIncident) BEGIN \(index) END;
        CREATE TRIGGER messages_indexed_again AFTER UPDATE OF payload ON messages WHEN \(isIncident) BEGIN \(index) END;
        UPDATE messages SET payload = payload WHERE sequence IN (SELECT MAX(sequence) FROM messages GROUP BY subject);

        """ + accounts

    private static let payload = "CAST(NEW.payload AS TEXT)"

    /// `json_type` fails for what is no JSON, and a message must not fail for its index.
    private static let isIncident = """
        CASE WHEN json_valid(\(payload)) THEN json_type(\(payload), '$.data.incident.state') = 'text' ELSE 0 END
        """

    private static func text(_ path: String) -> String { "COALESCE(json_extract(p, '$.data.\(path)'), '')" }

    private static let index = """
        UPDATE incident_changes SET last = last + 1;
        INSERT INTO incident_index
        SELECT NEW.subject, (SELECT last FROM incident_changes), NEW.sequence, \(text("kind")),
            COALESCE(json_extract(p, '$.data.severity'), 4), \(text("camera.id")), \(text("area.code")),
            \(text("incident.state")), \(text("incident.review")),
            COALESCE(CAST(strftime('%s', json_extract(p, '$.data.observed.confirmed')) AS REAL), NEW.created),
            lower(\(text("name.zh")) || ' ' || \(text("name.en")) || ' ' || \(text("camera.id")) || ' '
                || \(text("camera.name")) || ' ' || \(text("zone.name")) || ' ' || \(text("kind")))
        FROM (SELECT \(payload) AS p) WHERE true
        ON CONFLICT (incident) DO UPDATE SET change = excluded.change, sequence = excluded.sequence,
            severity = excluded.severity, state = excluded.state, review = excluded.review, words = excluded.words
        WHERE excluded.sequence >= incident_index.sequence;
        INSERT OR REPLACE INTO evidence_index
        SELECT json_extract(value, '$.sha256'), NEW.subject, json_extract(value, '$.file'),
            COALESCE(json_extract(value, '$.bytes'), 0), COALESCE(json_extract(value, '$.role'), ''),
            COALESCE(json_extract(value, '$.taken'), '')
        FROM json_each(\(payload), '$.data.evidence')
        WHERE json_extract(value, '$.masked') AND json_extract(value, '$.sha256') IS NOT NULL
            AND json_extract(value, '$.file') IS NOT NULL;
        """

    /// By quarter of an hour since 1970, in seconds.
    static let coverage = """
        CREATE TABLE coverage (
            camera TEXT NOT NULL,
            quarter INTEGER NOT NULL,
            saw REAL NOT NULL,
            blind REAL NOT NULL,
            offline REAL NOT NULL,
            PRIMARY KEY (camera, quarter)
        ) WITHOUT ROWID;
        CREATE TABLE backlog (quarter INTEGER PRIMARY KEY NOT NULL, most INTEGER NOT NULL, seconds REAL NOT NULL);
        """

    /// Passwords as scrypt keys; sessions, tokens and one-time codes as SHA-256.
    private static let accounts = """
        CREATE TABLE console_users (
            name TEXT PRIMARY KEY NOT NULL,
            role TEXT NOT NULL,
            area TEXT,
            salt BLOB,
            key BLOB,
            cost INTEGER,
            created REAL NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE console_sessions (
            hash TEXT PRIMARY KEY NOT NULL,
            user TEXT NOT NULL REFERENCES console_users(name) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            created REAL NOT NULL,
            seen REAL NOT NULL,
            expires REAL NOT NULL,
            address TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX console_sessions_user ON console_sessions(user);
        CREATE TABLE console_codes (
            hash TEXT PRIMARY KEY NOT NULL,
            user TEXT REFERENCES console_users(name) ON DELETE CASCADE,
            expires REAL NOT NULL,
            tries INTEGER NOT NULL
        ) WITHOUT ROWID;
        """
}

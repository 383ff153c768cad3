/// The tables of accounts and of the audit log, in SQL that SQLite and PostgreSQL share; those of a site have the same columns
/// (`ConsoleSchema`, `OutboxSchema`).
///
/// Passwords as scrypt keys; sessions, tokens and one-time codes as SHA-256. `user` is quoted everywhere: unquoted it is
/// PostgreSQL's own word for who is connected.
package enum AccountTables {
    package static let script = """
        CREATE TABLE console_users (
            name TEXT PRIMARY KEY NOT NULL,
            role TEXT NOT NULL,
            area TEXT,
            grid TEXT,
            department TEXT,
            salt BYTEA,
            key BYTEA,
            cost BIGINT,
            created DOUBLE PRECISION NOT NULL
        );
        CREATE TABLE console_sessions (
            hash TEXT PRIMARY KEY NOT NULL,
            "user" TEXT NOT NULL REFERENCES console_users(name) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            created DOUBLE PRECISION NOT NULL,
            seen DOUBLE PRECISION NOT NULL,
            expires DOUBLE PRECISION NOT NULL,
            address TEXT NOT NULL
        );
        CREATE INDEX console_sessions_user ON console_sessions("user");
        CREATE TABLE console_codes (
            hash TEXT PRIMARY KEY NOT NULL,
            "user" TEXT REFERENCES console_users(name) ON DELETE CASCADE,
            expires DOUBLE PRECISION NOT NULL,
            tries BIGINT NOT NULL
        );
        CREATE TABLE audit (
            number BIGINT PRIMARY KEY NOT NULL,
            written DOUBLE PRECISION NOT NULL,
            at TEXT NOT NULL,
            event TEXT NOT NULL,
            by TEXT NOT NULL,
            facts TEXT NOT NULL,
            previous TEXT NOT NULL,
            hash TEXT NOT NULL
        );
        CREATE TABLE audit_ends (oldest BIGINT NOT NULL, hash TEXT NOT NULL, newest BIGINT NOT NULL);
        INSERT INTO audit_ends VALUES (0, '\(AuditChain.origin)', 0);

        """
}

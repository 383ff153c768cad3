import Store

/// The tables of a centre, in SQL that SQLite and PostgreSQL share.
///
/// Dates are seconds since 1970 (`_at`, `time`, `seen`), flags 0 or 1. An area is its 12 digits, so that everything below
/// a level is a range of an index.
enum CentreSchema {
    /// Each in its own transaction, by its name, once, in this order. What has been released is never changed.
    static let migrations: [(name: String, script: String)] = [
        ("1", CentreTables.messages + CentreTables.cases + CentreTables.sums),
        ("2", CentreTables.lists + PageTables.script + AccountTables.script),
    ]

    /// Brings a database up to date. Throws where a later version has written it.
    static func migrate(_ database: any SQLDatabase) throws {
        try database.write { db in
            try db.run(script: "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY NOT NULL)")
        }
        let done = Set(try names(database))
        let unknown = done.subtracting(migrations.map(\.name))
        guard unknown.isEmpty else {
            throw SQLFault(
                operation: "use the database", cause: "a later version of gridwarden has written it",
                remedy: "install that version again, or give this one another store")
        }
        for migration in migrations where !done.contains(migration.name) {
            try database.write { db in
                // Another process may have been faster.
                guard
                    try db.execute(
                        "INSERT INTO migration (name) VALUES (?) ON CONFLICT DO NOTHING", [.text(migration.name)]) == 1
                else { return }
                try db.run(script: migration.script)
            }
        }
    }

    /// Of the migrations that a database has.
    static func names(_ database: any SQLDatabase) throws -> [String] {
        try database.read { try $0.rows("SELECT name FROM migration").compactMap { $0.text(0) } }
    }
}

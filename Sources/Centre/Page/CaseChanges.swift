import Store

/// Which case has changed, in the order in which the transactions were written: by it pages hear of changes, of whichever process
/// they are.
enum CaseChanges {
    /// To be called in the transaction that changes the cases. From then on other transactions that change cases wait for it: a
    /// number that is read has no smaller one to come.
    static func write(_ ids: Set<String>, _ db: any SQLConnection) throws {
        guard !ids.isEmpty else { return }
        let row = try db.row(
            """
            INSERT INTO counter (name, value) VALUES ('case changes', ?) \
            ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value
            """, [.count(ids.count)])
        var change = (row?.integer(0) ?? 0) - Int64(ids.count)
        for id in ids.sorted() {
            change += 1
            try db.execute(
                """
                INSERT INTO case_change (case_id, change) VALUES (?, ?) \
                ON CONFLICT (case_id) DO UPDATE SET change = excluded.change
                """, [.text(id), .integer(change)])
        }
    }

    /// The newest number; 0 where nothing has changed yet.
    static func newest(_ db: any SQLConnection) throws -> Int64 {
        try db.row("SELECT value FROM counter WHERE name = 'case changes'")?.integer(0) ?? 0
    }

    /// What has changed after `change`, oldest first.
    static func after(
        _ change: Int64, limit: Int, _ db: any SQLConnection
    ) throws -> [(id: String, change: Int64)] {
        try db.rows(
            "SELECT case_id, change FROM case_change WHERE change > ? ORDER BY change LIMIT ?",
            [.integer(change), .count(limit)]
        ).map { ($0.name(0), $0.integer(1) ?? 0) }
    }

    /// Names this database, so that a number of another one is not taken for its own. Makes the name where there is none.
    static func epoch(_ store: any SQLDatabase) throws -> String {
        try store.write { db in
            try db.execute(
                "INSERT INTO counter (name, value) VALUES ('page epoch', ?) ON CONFLICT DO NOTHING",
                [.integer(Int64.random(in: 1...Int64.max))])
            let value = try db.row("SELECT value FROM counter WHERE name = 'page epoch'")?.integer(0)
            return String(value ?? 0, radix: 36)
        }
    }
}

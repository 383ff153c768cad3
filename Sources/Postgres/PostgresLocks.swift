package import Store

/// Locks by number that belong to a session of a database, beside its transactions, until it gives them back or ends. They are
/// shared out evenly among all sessions that take part.
package struct PostgresLocks: Sendable {
    /// Of all these locks, beside which an application may have others.
    private static let space = 0x4757_3032
    /// Held by everybody who takes part.
    private static let presence = 0

    private let database: PostgresDatabase

    /// - Parameter database: of one connection, whose session holds the locks.
    package init(_ database: PostgresDatabase) { self.database = database }

    /// Who holds what after a sharing.
    package struct Standing: Sendable, Hashable {
        /// Ours.
        package let session: Int
        package let held: Set<Int>
        /// All who take part, by name.
        package let holders: [Holder]
    }

    package struct Holder: Sendable, Hashable {
        package let name: String
        package let isOurs: Bool
        package let held: Set<Int>
    }

    /// Takes part: gives back what is more than our share of these numbers, and takes of those that are free.
    ///
    /// - Parameter numbers: from 1 on, the same for everybody.
    package func share(_ numbers: ClosedRange<Int>) throws -> Standing {
        try database.read { db in
            var standing = try Self.standing(db)
            if standing.holders.first(where: \.isOurs) == nil {
                try db.rows("SELECT pg_advisory_lock_shared(\(Self.space), \(Self.presence))")
                standing = try Self.standing(db)
            }
            let most = (numbers.count + standing.holders.count - 1) / max(1, standing.holders.count)
            var held = standing.held
            if held.count > most {
                let surplus = held.sorted().suffix(held.count - most)
                try db.rows("SELECT pg_advisory_unlock(\(Self.space), n) FROM \(Self.list)", [Self.text(surplus)])
                held.subtract(surplus)
            } else if held.count < most {
                let taken = standing.holders.reduce(into: Set<Int>()) { $0.formUnion($1.held) }
                let free = numbers.filter { !taken.contains($0) }.shuffled().prefix(most - held.count)
                for row in try db.rows(
                    "SELECT n, pg_try_advisory_lock(\(Self.space), n) FROM \(Self.list)", [Self.text(free)])
                where row.flag(1) { held.insert(row.count(0)) }
            }
            guard held != standing.held else { return standing }
            return try Self.standing(db)
        }
    }

    /// Gives everything back.
    package func release() throws {
        try database.read { db in
            for holder in try Self.standing(db).holders where holder.isOurs {
                try db.rows(
                    "SELECT pg_advisory_unlock(\(Self.space), n) FROM \(Self.list)", [Self.text(holder.held.sorted())])
                try db.rows("SELECT pg_advisory_unlock_shared(\(Self.space), \(Self.presence))")
            }
        }
    }

    /// Who holds what now.
    package static func holders(_ database: any SQLDatabase) throws -> [Holder] {
        try database.read { try standing($0).holders }
    }

    private static let list = "unnest(string_to_array(?, ',')::int[]) AS n"

    private static func text(_ numbers: some Sequence<Int>) -> SQLValue {
        .text(numbers.map(String.init).joined(separator: ","))
    }

    /// By the server's own list.
    private static func standing(_ db: any SQLConnection) throws -> Standing {
        let rows = try db.rows(
            """
            SELECT l.objid, l.pid, COALESCE(a.application_name, ''), l.pid = pg_backend_pid() FROM pg_locks l \
            LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.classid = \(space) \
            AND l.objsubid = 2 AND l.granted \
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY l.pid, l.objid
            """)
        var (pids, holders): ([Int], [Holder]) = ([], [])
        for row in rows where row.count(0) == presence && !pids.contains(row.count(1)) {
            pids.append(row.count(1))
            let held = Set(
                rows.lazy.filter { $0.count(1) == row.count(1) && $0.count(0) != presence }.map { $0.count(0) })
            holders.append(Holder(name: row.name(2), isOurs: row.flag(3), held: held))
        }
        return Standing(session: db.session, held: holders.first(where: \.isOurs)?.held ?? [], holders: holders)
    }
}

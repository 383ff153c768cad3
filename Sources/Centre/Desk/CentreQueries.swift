package import Domain
package import Store

/// What screens and commands ask of a centre's database. All of it goes by an index: a centre holds millions of cases.
package struct CentreQueries: Sendable {
    private let store: any SQLDatabase
    /// Which may name departments as the platform of the city does.
    private let routes: [CaseRules.Route]

    package init(_ store: any SQLDatabase, routes: [CaseRules.Route] = []) {
        self.store = store
        self.routes = routes.filter(\.hasRecord)
    }

    // MARK: Cases

    /// Which cases; nil and empty are all.
    package struct Filter: Sendable, Hashable {
        package var area: AreaCode?
        package var stages: Set<CaseStage> = []
        package var kind: String?
        package var department: String?
        /// Only those that should have left their stage before this date.
        package var dueBefore: Double?

        package init() {}
    }

    /// Cases of an area, what is due first coming first; at most `limit`.
    package func cases(_ filter: Filter, limit: Int) throws -> [CaseItem] {
        let (sql, values) = Self.list(filter, limit: limit)
        return try store.read { try $0.rows(sql, values).map { CaseItem(CaseRow($0)) } }
    }

    static func list(_ filter: Filter, limit: Int) -> (sql: String, values: [SQLValue]) {
        var (conditions, values): ([String], [SQLValue]) = ([], [])
        let (low, high) = range(of: filter.area)
        conditions.append("area12 >= ? AND area12 < ?")
        values += [.text(low), .text(high)]
        // Of those that are open there are few, and they have an index of their own.
        if !filter.stages.isEmpty, filter.stages.allSatisfy(\.isOpen) { conditions.append("closed_at IS NULL") }
        if !filter.stages.isEmpty {
            conditions.append("stage IN (\(filter.stages.map { _ in "?" }.joined(separator: ", ")))")
            values += filter.stages.map(\.rawValue).sorted().map { .text($0) }
        }
        if let kind = filter.kind {
            conditions.append("kind = ?")
            values.append(.text(kind))
        }
        if let department = filter.department {
            conditions.append("department = ?")
            values.append(.text(department))
        }
        if let date = filter.dueBefore {
            conditions.append("due_at < ?")
            values.append(.real(date))
        }
        let sql =
            "SELECT \(CaseRow.columns) FROM casefile WHERE \(conditions.joined(separator: " AND ")) "
            + "ORDER BY due_at IS NULL, due_at, number LIMIT ?"
        return (sql, values + [.count(limit)])
    }

    /// The areas of a level: everything from `low` on and below `high`.
    static func range(of area: AreaCode?) -> (low: String, high: String) {
        guard let area else { return ("", ":") }
        let low = area.segment(area.level)
        // After the digit 9 comes the colon.
        let last = low.utf8.last.map { Character(Unicode.Scalar($0 + 1)) } ?? ":"
        return (low, low.dropLast() + String(last))
    }

    /// Cases that were found between two dates, oldest first.
    package func cases(foundFrom start: Double, to end: Double, area: AreaCode?, limit: Int) throws -> [CaseItem] {
        let (sql, values) = Self.found(from: start, to: end, area: area, limit: limit)
        return try store.read { try $0.rows(sql, values).map { CaseItem(CaseRow($0)) } }
    }

    static func found(
        from start: Double, to end: Double, area: AreaCode?, limit: Int
    ) -> (sql: String, values: [SQLValue]) {
        let (low, high) = range(of: area)
        // A town and what is smaller goes by the index of its area, what is larger by that of the date: with a plus a column is
        // looked for by no index.
        let date = (area.map { $0.segment($0.level).utf8.count } ?? 0) >= 9 ? "+found_at" : "found_at"
        return (
            "SELECT \(CaseRow.columns) FROM casefile WHERE \(date) >= ? AND \(date) < ? AND area12 >= ? AND area12 < ? "
                + "ORDER BY found_at LIMIT ?", [.real(start), .real(end), .text(low), .text(high), .count(limit)]
        )
    }

    /// One case, by its id or number; nil where there is none.
    package func find(_ id: String) throws -> CaseFile? {
        try store.read { db in
            guard let row = try CaseRow.find(id, db) ?? CaseRow.find(number: id, db) else { return nil }
            return CaseFile(
                item: CaseItem(row),
                record: try StandardRecord(row, route: routes.first { $0.department == row.department }, db),
                incidents: try IncidentRow.of(case: row.id, db).map(CaseFile.Incident.init),
                history: try CaseEventRow.of(case: row.id, db).map(CaseFile.Event.init),
                suggestions: try Merging.suggestions(for: row, db).map {
                    CaseFile.Suggestion(number: $0.number, metres: $0.metres.rounded())
                },
                requests: try db.rows(
                    "SELECT id, class, site, attempts, outcome FROM request WHERE case_id = ? ORDER BY created_at",
                    [.text(row.id)]
                ).map(CaseFile.Request.init),
                deliveries: try db.rows(
                    "SELECT id, route, attempts, done_at, dead_at, error FROM delivery WHERE case_id = ? ORDER BY id",
                    [.text(row.id)]
                ).map(CaseFile.Delivery.init))
        }
    }

    // MARK: Numbers

    /// How many cases stand where, by stage; sums that are kept, nothing is counted.
    package func standing(area: AreaCode?) throws -> [CaseStage: Int] {
        let (low, high) = Self.range(of: area)
        return try store.read { db in
            try db.rows(
                "SELECT stage, SUM(cases) FROM standing WHERE area12 >= ? AND area12 < ? GROUP BY stage",
                [.text(low), .text(high)]
            ).reduce(into: [:]) { sums, row in
                if let stage = CaseStage(rawValue: row.name(0)) { sums[stage] = row.count(1) }
            }
        }
    }

    // MARK: Sites

    /// The sites as they were last heard of, and what is missing of each.
    package func sites() throws -> [SiteStanding] {
        try store.read { db in
            let gaps = try db.rows("SELECT stream, first, last, outcome FROM gap ORDER BY stream, first")
            return try SiteRow.all(db).map { row in
                func spans(_ outcome: String) -> [[Int64]] {
                    gaps.filter { $0.integer(0) == row.stream && $0.name(3) == outcome }
                        .compactMap { gap in gap.integer(1).flatMap { first in gap.integer(2).map { [first, $0] } } }
                }
                return SiteStanding(row, missing: spans("open"), lost: spans("lost"), filled: spans("filled"))
            }
        }
    }

    /// What was refused, newest first.
    package func refusals() throws -> [RefusalItem] {
        try store.read {
            try $0.rows("SELECT at, topic, reason, text, bytes, head FROM refusal ORDER BY id DESC").map(
                RefusalItem.init)
        }
    }

    /// Notices that were given up, newest first.
    package func deadDeliveries(limit: Int = 100) throws -> [CaseFile.Delivery] {
        try store.read {
            try $0.rows(
                "SELECT id, route, attempts, done_at, dead_at, error FROM delivery WHERE dead_at IS NOT NULL "
                    + "ORDER BY dead_at DESC LIMIT ?", [.count(limit)]
            ).map(CaseFile.Delivery.init)
        }
    }
}

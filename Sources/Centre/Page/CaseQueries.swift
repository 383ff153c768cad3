import Domain
import Foundation
import Store

/// What the page asks of the cases. Everything takes the scope of who asks.
struct CaseQueries: Sendable {
    let store: any SQLDatabase

    /// Which cases of a scope.
    struct Filter: Sendable {
        /// Those that are not over, or those that are.
        var isOpen = true
        var stages: Set<CaseStage> = []
        /// A kind, or a family such as `parking.*`.
        var kinds: String?
        var department: String?
        /// Only those that should have left their stage before this date.
        var dueBefore: Double?
        /// A part of the number or the place.
        var words: String?
        /// Found from this date on, and before that one.
        var from: Double?
        var to: Double?
    }

    /// Where a list goes on: after this value of its order, and this id.
    struct Cursor: Sendable, Hashable {
        var value: Double
        var id: String

        var text: String { "\(value)_\(id)" }

        init(value: Double, id: String) { (self.value, self.id) = (value, id) }

        init?(_ text: String) {
            let parts = text.split(separator: "_", maxSplits: 1)
            guard parts.count == 2, let value = Double(parts[0]), UUID(uuidString: String(parts[1])) != nil else {
                return nil
            }
            self.init(value: value, id: String(parts[1]))
        }
    }

    /// A case with what a list shows of its first incident.
    struct Summary: Sendable {
        let item: CaseItem
        var camera: String?
        var microgrid = ""
        /// The hash of a picture that has come.
        var picture: String?
    }

    /// Nobody has to hurry: after everything that is due.
    private static let never = 9e18

    // MARK: Lists

    /// How many cases that are over are looked through for one answer, where no index finds what is asked for: some 50 ms. The next
    /// one goes on behind them, whether something was found or not.
    static let mostLooked = 10_000

    /// What is open by when it is due; what is over by when it was found, newest first.
    ///
    /// - Returns: where it goes on; nil at the end. Of what is over there may be fewer items than `limit` before the end, and none.
    func list(
        _ filter: Filter, _ scope: CaseScope, after cursor: Cursor?, limit: Int, looked most: Int = mostLooked
    ) throws -> (items: [Summary], next: Cursor?) {
        let (sql, values) = Self.list(filter, scope, after: cursor, limit: limit + 1, looked: most)
        return try store.read { db in
            let rows = try db.rows(sql, values).map { CaseItem(CaseRow($0)) }
            let items = Array(rows.prefix(limit))
            let next =
                if let last = items.last, rows.count > limit {
                    Cursor(value: filter.isOpen ? last.due ?? Self.never : last.found, id: last.id)
                } else { try Self.lastLooked(filter, scope, after: cursor, most, db) }
            return (try Self.summaries(items, db), next)
        }
    }

    static func list(
        _ filter: Filter, _ scope: CaseScope, after cursor: Cursor?, limit: Int, looked most: Int = mostLooked
    ) -> (sql: String, values: [SQLValue]) {
        guard filter.isOpen else { return listEnded(filter, scope, after: cursor, limit: limit, looked: most) }
        var conditions = scope.cases()
        apply(filter, to: &conditions)
        applyPeriod(filter, to: &conditions)
        conditions.add("closed_at IS NULL")
        if let cursor {
            conditions.add("(COALESCE(due_at, \(never)), id) > (?, ?)", .real(cursor.value), .text(cursor.id))
        }
        return (
            "SELECT \(CaseRow.columns) FROM casefile WHERE \(conditions.sql) ORDER BY COALESCE(due_at, \(never)), id LIMIT ?",
            conditions.values + [.count(limit)]
        )
    }

    private static let newestFirst = "ORDER BY found_at DESC, id DESC"

    private static func listEnded(
        _ filter: Filter, _ scope: CaseScope, after cursor: Cursor?, limit: Int, looked most: Int
    ) -> (sql: String, values: [SQLValue]) {
        let (looked, wanted) = (looked(filter, scope, after: cursor), wanted(filter, scope))
        guard !wanted.isEmpty else {
            return (
                "SELECT \(CaseRow.columns) FROM casefile WHERE \(looked.sql) \(newestFirst) LIMIT ?",
                looked.values + [.count(limit)]
            )
        }
        return (
            """
            SELECT \(CaseRow.columns) FROM \
            (SELECT \(CaseRow.columns) FROM casefile WHERE \(looked.sql) \(newestFirst) LIMIT ?) AS looked \
            WHERE \(wanted.sql) \(newestFirst) LIMIT ?
            """, looked.values + [.count(most)] + wanted.values + [.count(limit)]
        )
    }

    /// Of what is over, that which an index finds in its order.
    private static func looked(_ filter: Filter, _ scope: CaseScope, after cursor: Cursor?) -> Conditions {
        var conditions = Conditions()
        if let village = scope.village { conditions.add("area12 = ?", .text(village)) }
        applyPeriod(filter, to: &conditions)
        conditions.add("closed_at IS NOT NULL")
        if let cursor { conditions.add("(found_at, id) < (?, ?)", .real(cursor.value), .text(cursor.id)) }
        return conditions
    }

    /// What else is asked of it.
    private static func wanted(_ filter: Filter, _ scope: CaseScope) -> Conditions {
        var conditions = scope.isVillage ? Conditions() : scope.cases(isNeeded: false)
        apply(filter, to: &conditions)
        return conditions
    }

    /// The last one that was looked through; nil where that were all.
    private static func lastLooked(
        _ filter: Filter, _ scope: CaseScope, after cursor: Cursor?, _ most: Int, _ db: any SQLConnection
    ) throws -> Cursor? {
        guard !filter.isOpen, !wanted(filter, scope).isEmpty else { return nil }
        let looked = looked(filter, scope, after: cursor)
        return try db.row(
            "SELECT found_at, id FROM casefile WHERE \(looked.sql) \(newestFirst) LIMIT 1 OFFSET ?",
            looked.values + [.count(most - 1)]
        ).map { Cursor(value: $0.real(0) ?? 0, id: $0.name(1)) }
    }

    /// By when they were found.
    private static func applyPeriod(_ filter: Filter, to conditions: inout Conditions) {
        if let date = filter.from { conditions.add("found_at >= ?", .real(date)) }
        if let date = filter.to { conditions.add("found_at < ?", .real(date)) }
    }

    private static func apply(_ filter: Filter, to conditions: inout Conditions) {
        if !filter.stages.isEmpty { conditions.add("stage", in: filter.stages.map(\.rawValue).sorted()) }
        if let kinds = filter.kinds {
            if kinds.hasSuffix("*") {
                conditions.add("kind LIKE ? ESCAPE '\\'", .text(pattern(kinds.dropLast()) + "%"))
            } else {
                conditions.add("kind = ?", .text(kinds))
            }
        }
        if let department = filter.department { conditions.add("department = ?", .text(department)) }
        if let date = filter.dueBefore { conditions.add("due_at < ?", .real(date)) }
        if let words = filter.words {
            let text = SQLValue.text("%\(pattern(words.lowercased()))%")
            conditions.add("(lower(number) LIKE ? ESCAPE '\\' OR lower(place) LIKE ? ESCAPE '\\')", text, text)
        }
    }

    /// For LIKE, whose own signs mean themselves.
    private static func pattern(_ text: some StringProtocol) -> String {
        text.map { "\\%_".contains($0) ? "\\\($0)" : "\($0)" }.joined()
    }

    /// Those of a scope among these, in this order.
    func summaries(_ ids: [String], _ scope: CaseScope?) throws -> [Summary] {
        guard !ids.isEmpty else { return [] }
        var conditions = scope?.cases() ?? Conditions()
        conditions.add("id", in: ids)
        return try store.read { db in
            let rows = try db.rows(
                "SELECT \(CaseRow.columns) FROM casefile WHERE \(conditions.sql)", conditions.values)
            let items = Dictionary(rows.map { CaseItem(CaseRow($0)) }.map { ($0.id, $0) }) { first, _ in first }
            return try Self.summaries(ids.compactMap { items[$0] }, db)
        }
    }

    private static func summaries(_ items: [CaseItem], _ db: any SQLConnection) throws -> [Summary] {
        guard !items.isEmpty else { return [] }
        var ids = Conditions()
        ids.add("f.id", in: items.map(\.id))
        var summaries = Dictionary(items.map { ($0.id, Summary(item: $0)) }) { first, _ in first }
        let leads = try db.rows(
            """
            SELECT f.id, c.name, i.microgrid FROM casefile f JOIN incident i ON i.id = f.lead \
            LEFT JOIN camera c ON c.site = i.site AND c.id = i.camera WHERE \(ids.sql)
            """, ids.values)
        for row in leads {
            summaries[row.name(0)]?.camera = row.text(1)
            summaries[row.name(0)]?.microgrid = row.name(2)
        }
        // The close-up tells most in little room.
        let pictures = try db.rows(
            """
            SELECT f.id, e.sha256, e.role FROM casefile f JOIN evidence e ON e.incident = f.lead \
            WHERE e.fetched_at IS NOT NULL AND \(ids.sql) ORDER BY e.taken
            """, ids.values)
        for row in pictures where summaries[row.name(0)]?.picture == nil || row.name(2).hasPrefix("close") {
            summaries[row.name(0)]?.picture = row.text(1)
        }
        return items.compactMap { summaries[$0.id] }
    }

    // MARK: One case

    /// A picture that messages name.
    struct Picture: Sendable {
        let incident: String
        let sha256: String
        let role: String
        let taken: Double
        let bytes: Int
        /// Nil until the site has sent it.
        let came: Double?
    }

    /// One case of the scope, by its id or number, with its pictures; nil where there is none.
    func find(_ id: String, _ scope: CaseScope) throws -> (file: CaseFile, summary: Summary, pictures: [Picture])? {
        guard let file = try CentreQueries(store).find(id), scope.covers(file.item) else { return nil }
        return try store.read { db in
            let pictures = try db.rows(
                """
                SELECT e.incident, e.sha256, e.role, e.taken, e.bytes, e.fetched_at FROM evidence e \
                JOIN incident i ON i.id = e.incident WHERE i.case_id = ? ORDER BY e.taken, e.sha256
                """, [.text(file.item.id)]
            ).map {
                Picture(
                    incident: $0.name(0), sha256: $0.name(1), role: $0.name(2), taken: $0.real(3) ?? 0,
                    bytes: $0.count(4), came: $0.real(5))
            }
            let summary = try Self.summaries([file.item], db).first ?? Summary(item: file.item)
            return (file, summary, pictures)
        }
    }

    /// The case of the scope that holds a picture, and whether that has come; nil where there is none.
    func picture(_ sha256: String, _ scope: CaseScope) throws -> (caseID: String, hasCome: Bool)? {
        var conditions = scope.cases("f.")
        conditions.add("e.sha256 = ?", .text(sha256))
        return try store.read { db in
            try db.row(
                """
                SELECT f.id, e.fetched_at FROM evidence e JOIN incident i ON i.id = e.incident \
                JOIN casefile f ON f.id = i.case_id WHERE \(conditions.sql) LIMIT 1
                """, conditions.values
            ).map { ($0.name(0), $0.real(1) != nil) }
        }
    }

    // MARK: Sites and deliveries

    /// The sites of a scope; none for who sees one department only.
    func sites(_ scope: CaseScope) throws -> [(standing: SiteStanding, cameras: Int, seeing: Int)] {
        guard scope.hasPlaces else { return [] }
        let conditions = scope.places()
        let cameras: [String: (Int, Int)] = try store.read { db in
            try db.rows("SELECT site, state FROM camera WHERE \(conditions.sql)", conditions.values)
                .reduce(into: [:]) { sums, row in
                    let (all, seeing) = sums[row.name(0)] ?? (0, 0)
                    sums[row.name(0)] = (all + 1, seeing + (row.text(1) ?? "online" == "online" ? 1 : 0))
                }
        }
        let places: [String: String] = try store.read { db in
            try db.rows("SELECT id, place FROM site").reduce(into: [:]) { $0[$1.name(0)] = $1.name(1) }
        }
        return try CentreQueries(store).sites().filter { site in
            // The last level of a place is its grid.
            scope.covers(
                area: site.area, grid: places[site.id]?.split(separator: "/").last.map(String.init) ?? "",
                department: "")
        }.map { ($0, cameras[$0.id]?.0 ?? 0, cameras[$0.id]?.1 ?? 0) }
    }

    /// A notice to a department.
    struct Delivery: Sendable {
        let id: String
        let caseID: String
        let number: String
        let route: String
        let created: Double
        let attempts: Int
        let next: Double?
        let done: Double?
        let dead: Double?
        let error: String?
    }

    /// Notices that were given up, or those that wait; newest first.
    func deliveries(dead isDead: Bool, _ scope: CaseScope, limit: Int) throws -> [Delivery] {
        var conditions = scope.cases("f.", isNeeded: false)
        conditions.add(isDead ? "d.dead_at IS NOT NULL" : "d.next_at IS NOT NULL")
        return try store.read { db in
            try db.rows(
                """
                SELECT d.id, d.case_id, f.number, d.route, d.created_at, d.attempts, d.next_at, d.done_at, d.dead_at, \
                d.error FROM delivery d JOIN casefile f ON f.id = d.case_id WHERE \(conditions.sql) \
                ORDER BY d.created_at DESC, d.id DESC LIMIT ?
                """, conditions.values + [.count(limit)]
            ).map {
                Delivery(
                    id: $0.name(0), caseID: $0.name(1), number: $0.name(2), route: $0.name(3), created: $0.real(4) ?? 0,
                    attempts: $0.count(5), next: $0.real(6), done: $0.real(7), dead: $0.real(8), error: $0.text(9))
            }
        }
    }

    // MARK: The table

    /// A line of the table: a case, when it came to each stage, and its incidents, the first one first.
    struct Line: Sendable {
        let row: CaseRow
        var reached: [CaseStage: Double] = [:]
        var incidents: [IncidentRow] = []
        var camera: String?
    }

    /// Cases whatever their stage, by when they were found, oldest first; where it goes on is the last one.
    func lines(
        _ filter: Filter, _ scope: CaseScope, after cursor: Cursor?, limit: Int
    ) throws -> (lines: [Line], next: Cursor?) {
        var conditions = scope.cases(isNeeded: false)
        Self.apply(filter, to: &conditions)
        Self.applyPeriod(filter, to: &conditions)
        if let cursor { conditions.add("(found_at, id) > (?, ?)", .real(cursor.value), .text(cursor.id)) }
        return try store.read { db in
            let rows = try db.rows(
                "SELECT \(CaseRow.columns) FROM casefile WHERE \(conditions.sql) ORDER BY found_at, id LIMIT ?",
                conditions.values + [.count(limit)]
            ).map(CaseRow.init)
            guard !rows.isEmpty else { return ([], nil) }
            var lines = Dictionary(rows.map { ($0.id, Line(row: $0)) }) { first, _ in first }
            var these = Conditions()
            these.add("case_id", in: rows.map(\.id))
            let steps = try db.rows(
                "SELECT case_id, stage_after, MAX(at) FROM case_event WHERE \(these.sql) "
                    + "AND (stage_before IS NULL OR stage_before <> stage_after) GROUP BY case_id, stage_after",
                these.values)
            for row in steps {
                if let stage = CaseStage(rawValue: row.name(1)) { lines[row.name(0)]?.reached[stage] = row.real(2) }
            }
            let incidents = try db.rows(
                "SELECT \(IncidentRow.columns) FROM incident WHERE \(these.sql) ORDER BY confirmed, id", these.values
            ).map(IncidentRow.init)
            for incident in incidents { lines[incident.caseID ?? ""]?.incidents.append(incident) }
            for summary in try Self.summaries(rows.map { CaseItem($0) }, db) {
                lines[summary.item.id]?.camera = summary.camera
            }
            let last = rows.count == limit ? rows.last : nil
            return (rows.compactMap { lines[$0.id] }, last.map { Cursor(value: $0.found, id: $0.id) })
        }
    }
}

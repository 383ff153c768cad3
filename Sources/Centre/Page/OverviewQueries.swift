import Domain
import Foundation
import Store

/// The sums of one screen: of `standing` and `hourly`, which are kept with each step, and of cameras and sites. Cases are
/// counted only where they are late, along the index of the open ones.
struct OverviewQueries: Sendable {
    let store: any SQLDatabase
    let timeZone: TimeZone

    /// A part of the area, a grid of a village, or a micro-grid of a grid.
    struct Child: Encodable, Hashable, Sendable {
        let code: String
        var grid: String?
        var microgrid: String?
        var open = 0
        var overdue = 0
        var cameras = 0
        /// Cameras that cannot see.
        var blind = 0
    }

    struct Kind: Encodable, Sendable {
        let kind: String
        var open = 0
        /// Nil where sums by hour would show more than the account may see.
        var found: Int?
        /// Found in each hour of today.
        var hours: [Int]?
    }

    struct Figures: Encodable, Sendable {
        var open = 0
        /// Nobody has looked at them.
        var waiting = 0
        var overdue = 0
        var found: Int?
        /// Yesterday up to this hour.
        var before: Int?
        var closed: Int?
        /// Of those closed today.
        var punctual: Int?
        var merged: Int?
    }

    struct Stage: Encodable, Sendable {
        let stage: CaseStage
        let cases: Int
    }

    /// Sites and how complete what they send is.
    struct Sites: Encodable, Sendable {
        struct Gap: Encodable, Sendable {
            let site: String
            let missing: Int
            let lost: Int
        }

        var sites = 0
        var online = 0
        var cameras = 0
        var seeing = 0
        var missing = 0
        var lost = 0
        /// The largest ones.
        var gaps: [Gap] = []
    }

    struct Overview: Sendable {
        var figures = Figures()
        var children: [Child] = []
        var kinds: [Kind] = []
        var stages: [Stage] = []
        /// Nil for who sees one department only.
        var sites: Sites?
    }

    /// Digits of the level below, and whether grids are told apart.
    private static func below(_ area: String) -> (digits: Int, hasGrids: Bool) {
        switch area.utf8.count {
        case 2: (4, false)
        case 4: (6, false)
        case 6: (9, false)
        // A township shows villages with their grids, a village its grids.
        default: (12, true)
        }
    }

    func overview(_ scope: CaseScope, at now: Double) throws -> Overview {
        try store.read { db in
            var overview = Overview()
            var (children, kinds): ([String: Child], [String: Kind]) = ([:], [:])
            try stand(scope, &overview, &children, &kinds, db)
            try late(scope, &overview, &children, now, db)
            if scope.hasPlaces {
                try hours(scope, &overview, &kinds, now, db)
                overview.sites = try sites(scope, &children, db)
            }
            overview.children = children.values.sorted { ($0.code, $0.grid ?? "") < ($1.code, $1.grid ?? "") }
            // Of one grid there are few open cases: these are counted.
            if let grid = scope.grid { overview.children = try microgrids(of: grid, scope, now, db) }
            overview.kinds = kinds.values.sorted { one, other in
                (other.open, other.found ?? 0, one.kind) < (one.open, one.found ?? 0, other.kind)
            }
            return overview
        }
    }

    /// The columns that name a child, and how a row is read into it.
    private static func child(_ scope: CaseScope) -> (columns: String, digits: Int, hasGrids: Bool) {
        let (digits, hasGrids) = below(scope.area)
        return ("substr(area12, 1, \(digits))" + (hasGrids ? ", grid" : ""), digits, hasGrids)
    }

    private static func change(
        _ children: inout [String: Child], _ row: SQLRow, hasGrids: Bool, _ body: (inout Child) -> Void
    ) {
        let (code, grid) = (row.name(0), hasGrids ? row.name(1) : nil)
        body(&children["\(code)/\(grid ?? "")", default: Child(code: code, grid: grid)])
    }

    private func stand(
        _ scope: CaseScope, _ overview: inout Overview, _ children: inout [String: Child],
        _ kinds: inout [String: Kind], _ db: any SQLConnection
    ) throws {
        let (columns, _, hasGrids) = Self.child(scope)
        let conditions = scope.cases()
        let next = hasGrids ? 2 : 1
        var stages: [CaseStage: Int] = [:]
        let rows = try db.rows(
            """
            SELECT \(columns), kind, stage, CAST(SUM(cases) AS BIGINT) FROM standing WHERE cases > 0 AND \
            \(conditions.sql) GROUP BY \(columns), kind, stage
            """, conditions.values)
        for row in rows {
            let (kind, count) = (row.name(next), row.count(next + 2))
            Self.change(&children, row, hasGrids: hasGrids) { $0.open += count }
            kinds[kind, default: Kind(kind: kind)].open += count
            if let stage = CaseStage(rawValue: row.name(next + 1)) { stages[stage, default: 0] += count }
        }
        overview.figures.open = stages.values.reduce(0, +)
        overview.figures.waiting = stages[.found] ?? 0
        overview.stages = CaseStage.allCases.filter(\.isOpen).map { Stage(stage: $0, cases: stages[$0] ?? 0) }
    }

    private func late(
        _ scope: CaseScope, _ overview: inout Overview, _ children: inout [String: Child], _ now: Double,
        _ db: any SQLConnection
    ) throws {
        let (columns, _, hasGrids) = Self.child(scope)
        var conditions = scope.cases()
        conditions.add("closed_at IS NULL AND due_at < ?", .real(now))
        let rows = try db.rows(
            "SELECT \(columns), COUNT(*) FROM casefile WHERE \(conditions.sql) GROUP BY \(columns)", conditions.values)
        for row in rows {
            let count = row.count(hasGrids ? 2 : 1)
            overview.figures.overdue += count
            Self.change(&children, row, hasGrids: hasGrids) { $0.overdue += count }
        }
    }

    private func microgrids(
        of grid: String, _ scope: CaseScope, _ now: Double, _ db: any SQLConnection
    ) throws -> [Child] {
        var children: [String: Child] = [:]
        func child(_ name: String) -> Child { Child(code: scope.area, grid: grid, microgrid: name) }
        let cases = scope.cases("f.")
        let rows = try db.rows(
            """
            SELECT i.microgrid, COUNT(*), CAST(SUM(CASE WHEN f.due_at < ? THEN 1 ELSE 0 END) AS BIGINT) FROM casefile f \
            JOIN incident i ON i.id = f.lead WHERE f.closed_at IS NULL AND \(cases.sql) GROUP BY i.microgrid
            """, [.real(now)] + cases.values)
        for row in rows {
            children[row.name(0), default: child(row.name(0))].open = row.count(1)
            children[row.name(0)]?.overdue = row.count(2)
        }
        guard scope.hasPlaces else { return children.values.sorted { $0.microgrid ?? "" < $1.microgrid ?? "" } }
        let places = scope.places()
        let cameras = try db.rows(
            """
            SELECT microgrid, COUNT(*), CAST(SUM(CASE WHEN state IS NULL OR state = 'online' THEN 0 ELSE 1 END) AS BIGINT) \
            FROM camera WHERE \(places.sql) GROUP BY microgrid
            """, places.values)
        for row in cameras {
            children[row.name(0), default: child(row.name(0))].cameras = row.count(1)
            children[row.name(0)]?.blind = row.count(2)
        }
        return children.values.sorted { $0.microgrid ?? "" < $1.microgrid ?? "" }
    }

    private func hours(
        _ scope: CaseScope, _ overview: inout Overview, _ kinds: inout [String: Kind], _ now: Double,
        _ db: any SQLConnection
    ) throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = timeZone
        let midnight = calendar.startOfDay(for: Date(timeIntervalSince1970: now)).timeIntervalSince1970
        let (start, current) = (Int64((midnight / 3600).rounded(.down)), Int64((now / 3600).rounded(.down)))
        var conditions = scope.places()
        conditions.add("hour >= ? AND hour <= ?", .integer(start - 24), .integer(current))
        let rows = try db.rows(
            """
            SELECT kind, hour, CAST(SUM(found) AS BIGINT), CAST(SUM(closed) AS BIGINT), CAST(SUM(in_time) AS BIGINT), \
            CAST(SUM(merged) AS BIGINT) FROM hourly WHERE \(conditions.sql) GROUP BY kind, hour
            """, conditions.values)
        var figures = overview.figures
        (figures.found, figures.before, figures.closed, figures.punctual, figures.merged) = (0, 0, 0, 0, 0)
        for row in rows {
            let (kind, hour, found) = (row.name(0), row.integer(1) ?? 0, row.count(2))
            guard hour >= start else {
                if hour <= current - 24 { figures.before? += found }
                continue
            }
            figures.found? += found
            figures.closed? += row.count(3)
            figures.punctual? += row.count(4)
            figures.merged? += row.count(5)
            let index = Int(hour - start)
            guard found > 0, (0..<24).contains(index) else { continue }
            var item = kinds[kind] ?? Kind(kind: kind)
            var hours = item.hours ?? Array(repeating: 0, count: 24)
            hours[index] += found
            (item.hours, item.found) = (hours, (item.found ?? 0) + found)
            kinds[kind] = item
        }
        for kind in kinds.keys where kinds[kind]?.hours == nil {
            kinds[kind]?.hours = Array(repeating: 0, count: 24)
            kinds[kind]?.found = 0
        }
        overview.figures = figures
    }

    private func sites(
        _ scope: CaseScope, _ children: inout [String: Child], _ db: any SQLConnection
    ) throws -> Sites {
        var sites = Sites()
        let (columns, _, hasGrids) = Self.child(scope)
        let (places, areas) = (scope.places(), scope.areas())
        let cameras = try db.rows(
            """
            SELECT \(columns), CASE WHEN state IS NULL OR state = 'online' THEN 1 ELSE 0 END AS sees, COUNT(*) FROM camera \
            WHERE \(places.sql) GROUP BY \(columns), sees
            """, places.values)
        for row in cameras {
            let (sees, count) = (row.flag(hasGrids ? 2 : 1), row.count(hasGrids ? 3 : 2))
            sites.cameras += count
            sites.seeing += sees ? count : 0
            Self.change(&children, row, hasGrids: hasGrids) {
                $0.cameras += count
                $0.blind += sees ? 0 : count
            }
        }
        // In one epoch after the other: the one that was heard of last counts.
        var (states, seen): ([String: String], [String: Double]) = ([:], [:])
        var streams: [Int64: String] = [:]
        for row in try db.rows(
            "SELECT stream, id, place, state, seen_at FROM site WHERE \(areas.sql)", areas.values)
        {
            let (id, grid) = (row.name(1), row.name(2).split(separator: "/").last.map(String.init))
            guard scope.grid == nil || grid == scope.grid else { continue }
            streams[row.integer(0) ?? 0] = id
            guard seen[id].map({ $0 <= row.real(4) ?? 0 }) ?? true else { continue }
            (seen[id], states[id]) = (row.real(4) ?? 0, row.name(3))
        }
        sites.sites = states.count
        sites.online = states.values.count { $0 == "online" }
        var gaps: [String: (missing: Int, lost: Int)] = [:]
        for row in try db.rows(
            """
            SELECT stream, outcome, CAST(SUM(last - first + 1) AS BIGINT) FROM gap WHERE outcome IN ('open', 'lost') \
            GROUP BY stream, outcome
            """)
        {
            guard let site = streams[row.integer(0) ?? 0] else { continue }
            let count = row.count(2)
            if row.name(1) == "open" {
                gaps[site, default: (0, 0)].missing += count
                sites.missing += count
            } else {
                gaps[site, default: (0, 0)].lost += count
                sites.lost += count
            }
        }
        let largest = gaps.sorted { one, other in
            (other.value.missing, other.value.lost, one.key) < (one.value.missing, one.value.lost, other.key)
        }
        sites.gaps = largest.prefix(5).map { .init(site: $0.key, missing: $0.value.missing, lost: $0.value.lost) }
        return sites
    }
}

import Store

/// What a transaction adds to the sums that screens show, and the numbers that it gives out: many changes of one place become
/// one row.
struct Tally {
    /// A column of `hourly`.
    enum Count: Int, CaseIterable {
        case found, accepted, declined, handled, closed, inTime, selfResolved, withdrawn, merged

        var column: String {
            switch self {
            case .inTime: "in_time"
            case .selfResolved: "self_resolved"
            default: "\(self)"
            }
        }
    }

    private struct HourKey: Hashable {
        let area: String
        let grid: String
        let kind: String
        let hour: Int64
    }

    private struct StandingKey: Hashable {
        let area: String
        let grid: String
        let kind: String
        let stage: CaseStage
        let department: String
    }

    private var hours: [HourKey: [Int64]] = [:]
    private var standing: [StandingKey: Int64] = [:]
    private var counters: [String: Int64] = [:]
    /// Cases of which a page shows something else now.
    private var touched: Set<String> = []

    mutating func count(_ what: Count, _ item: CaseRow, at now: Double) {
        let key = HourKey(
            area: item.area, grid: item.grid, kind: item.kind, hour: Int64((now / 3600).rounded(.down)))
        hours[key, default: Array(repeating: 0, count: Count.allCases.count)][what.rawValue] += 1
    }

    /// A case is at a new place or stage; nil where there was, or is, none.
    mutating func move(from before: CaseRow?, to after: CaseRow?) {
        if let after { touch(after.id) }
        for (item, change) in [(before, Int64(-1)), (after, 1)] {
            guard let item, item.stage.isOpen else { continue }
            let key = StandingKey(
                area: item.area, grid: item.grid, kind: item.kind, stage: item.stage, department: item.department)
            standing[key, default: 0] += change
        }
    }

    /// A page shows something else of this case.
    mutating func touch(_ id: String) { touched.insert(id) }

    /// The next value of a counter, from 1.
    mutating func next(_ name: String, _ db: any SQLConnection) throws -> Int64 {
        let last = try counters[name] ?? db.row("SELECT value FROM counter WHERE name = ?", [.text(name)])?.integer(0)
        let next = (last ?? 0) + 1
        counters[name] = next
        return next
    }

    /// Writes all of it; to be called once, at the end of the transaction.
    func write(_ db: any SQLConnection) throws {
        try CaseChanges.write(touched, db)
        for (key, values) in hours { try Self.write(key, values, db) }
        for (key, change) in standing where change != 0 {
            try db.post(
                """
                INSERT INTO standing (area12, grid, kind, stage, department, cases) VALUES (?, ?, ?, ?, ?, ?) \
                ON CONFLICT (area12, grid, kind, stage, department) DO UPDATE SET cases = standing.cases + excluded.cases
                """,
                [
                    .text(key.area), .text(key.grid), .text(key.kind), .text(key.stage.rawValue), .text(key.department),
                    .integer(change),
                ])
        }
        for (name, value) in counters {
            try db.post(
                "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [.text(name), .integer(value)])
        }
    }

    private static let insertion: String = {
        let columns = Count.allCases.map(\.column)
        let marks = Array(repeating: "?", count: columns.count + 4).joined(separator: ", ")
        let sums = columns.map { "\($0) = hourly.\($0) + excluded.\($0)" }.joined(separator: ", ")
        return "INSERT INTO hourly (area12, grid, kind, hour, \(columns.joined(separator: ", "))) VALUES (\(marks)) "
            + "ON CONFLICT (area12, grid, kind, hour) DO UPDATE SET \(sums)"
    }()

    private static func write(_ key: HourKey, _ values: [Int64], _ db: any SQLConnection) throws {
        try db.post(
            insertion,
            [.text(key.area), .text(key.grid), .text(key.kind), .integer(key.hour)] + values.map { .integer($0) })
    }
}

import Console
import Domain
import Store

/// What an account sees. This is the one place where the limits of accounts become conditions: every query of the page takes a
/// scope, and asks it for its condition.
struct CaseScope: Sendable, Hashable {
    /// Digits that areas begin with.
    let area: String
    let grid: String?
    let department: String?
    /// Whether it is all that the centre has.
    let isWhole: Bool

    init(_ account: Account, centre: AreaCode) {
        let (all, own) = (centre.segment(centre.level), account.area.map { $0.segment($0.level) } ?? "")
        // A larger area than the centre's is the centre's; another one holds nothing of it.
        self.init(
            area: all.hasPrefix(own) ? all : own, grid: account.grid, department: account.department, all: all)
    }

    private init(area: String, grid: String?, department: String?, all: String) {
        (self.area, self.grid, self.department) = (area, grid, department)
        isWhole = area == all && grid == nil && department == nil
    }

    /// A part of it. Throws `Fault.area` for what lies elsewhere, `Fault.malformed` for what is no area.
    func narrowed(area text: String?, grid other: String?) throws(Fault) -> CaseScope {
        let digits = text ?? area
        guard (try? AreaCode(digits)) != nil, other.map({ (1...64).contains($0.utf8.count) }) ?? true else {
            throw .malformed
        }
        guard digits.hasPrefix(area), grid == nil || other == nil || grid == other else { throw .area }
        let isSame = digits == area && other == nil
        return CaseScope(
            area: digits, grid: grid ?? other, department: department, all: isWhole && isSame ? digits : "")
    }

    func covers(area: String, grid: String, department: String) -> Bool {
        area.hasPrefix(self.area) && (self.grid ?? grid) == grid && (self.department ?? department) == department
    }

    func covers(_ item: CaseItem) -> Bool { covers(area: item.area, grid: item.grid, department: item.department) }

    /// For tables with `area12`, `grid` and `department`.
    ///
    /// - Parameters:
    ///   - table: by which the columns are named, with its dot.
    ///   - isNeeded: false where the whole needs no condition, since nothing else is in the table.
    func cases(_ table: String = "", isNeeded: Bool = true) -> Conditions {
        guard !isWhole || isNeeded else { return Conditions() }
        var conditions = places(table)
        if let department { conditions.add("\(table)department = ?", .text(department)) }
        return conditions
    }

    /// Its area where that is one village's, which cases are stored by.
    var village: String? { area.count == 12 ? area : nil }

    /// Whether it is a village and nothing less.
    var isVillage: Bool { village != nil && grid == nil && department == nil }

    /// Whether it takes in what belongs to no department, such as sites and sums by hour: who sees one department only, sees
    /// none of it.
    var hasPlaces: Bool { department == nil }

    /// For tables with `area12` and `grid`, which are asked where `hasPlaces`.
    func places(_ table: String = "") -> Conditions {
        var conditions = areas(table)
        if let grid { conditions.add("\(table)grid = ?", .text(grid)) }
        return conditions
    }

    /// For tables with `area12`.
    func areas(_ table: String = "") -> Conditions {
        var conditions = Conditions()
        let last = area.unicodeScalars.last.map { Character(Unicode.Scalar(UInt8($0.value) + 1)) } ?? ":"
        conditions.add("\(table)area12 >= ?", .text(area))
        conditions.add("\(table)area12 < ?", .text(area.dropLast() + String(last)))
        return conditions
    }
}

/// Conditions of a query, and their values in the same order.
struct Conditions {
    private var parts: [String] = []
    private(set) var values: [SQLValue] = []

    mutating func add(_ part: String, _ values: SQLValue...) {
        parts.append(part)
        self.values += values
    }

    /// `column IN (…)`.
    mutating func add(_ column: String, in list: [String]) {
        parts.append("\(column) IN (\(list.map { _ in "?" }.joined(separator: ", ")))")
        values += list.map { .text($0) }
    }

    var isEmpty: Bool { parts.isEmpty }

    /// True where there is none.
    var sql: String { parts.isEmpty ? "1 = 1" : parts.joined(separator: " AND ") }
}

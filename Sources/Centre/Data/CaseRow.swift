import Store

/// A case: one matter, from its finding to its end.
struct CaseRow: Sendable, Hashable {
    var id: String
    /// For people, e.g. `QX-261127-0143`.
    var number: String
    /// Its first confirmed incident, of which kind, code and place are.
    var lead: String
    var kind: String
    var codeSystem: String?
    var code: String?
    var severity: Int
    /// 12 digits.
    var area: String
    var grid: String
    /// A declared place, or the zone: `site/camera/zone`.
    var place: String
    var stage: CaseStage
    /// Since when.
    var stageAt: Double
    /// Until when its stage should be over; nil where nobody has to hurry.
    var due: Double?
    /// When the centre goes on by itself; nil where it does not.
    var auto: Double?
    /// To which it is or was sent; before that the one that the site names.
    var department: String
    /// How it ended: `in_time`, `late`, or the verdict by which it was declined.
    var result: String?
    /// A stage took longer than it should.
    var isLate: Bool
    /// The third of its kind at this place in thirty days, or more.
    var isRecurring: Bool
    /// Incidents besides the first.
    var merged: Int
    var reworks: Int
    /// In its history.
    var events: Int
    /// The number of the case that it takes up again.
    var follows: String?
    var found: Double
    var closed: Double?
}

extension CaseRow {
    static let columns = """
        id, number, lead, kind, code_system, code, severity, area12, grid, place, stage, stage_at, due_at, auto_at, \
        department, result, late, recurring, merged, reworks, events, follows, found_at, closed_at
        """

    init(_ row: SQLRow) {
        (id, number, lead, kind) = (row.name(0), row.name(1), row.name(2), row.name(3))
        (codeSystem, code, severity) = (row.text(4), row.text(5), row.count(6))
        (area, grid, place) = (row.name(7), row.name(8), row.name(9))
        stage = CaseStage(rawValue: row.name(10)) ?? .found
        (stageAt, due, auto) = (row.real(11) ?? 0, row.real(12), row.real(13))
        (department, result) = (row.name(14), row.text(15))
        (isLate, isRecurring) = (row.flag(16), row.flag(17))
        (merged, reworks, events) = (row.count(18), row.count(19), row.count(20))
        (follows, found, closed) = (row.text(21), row.real(22) ?? 0, row.real(23))
    }

    private static let insertion =
        "INSERT INTO casefile (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    func insert(_ db: any SQLConnection) throws {
        try db.post(
            Self.insertion,
            [
                .text(id), .text(number), .text(lead), .text(kind), .maybe(codeSystem), .maybe(code), .count(severity),
                .text(area), .text(grid), .text(place), .text(stage.rawValue), .real(stageAt), .maybe(due),
                .maybe(auto), .text(department), .maybe(result), .flag(isLate), .flag(isRecurring), .count(merged),
                .count(reworks), .count(events), .maybe(follows), .real(found), .maybe(closed),
            ])
    }

    func update(_ db: any SQLConnection) throws {
        try db.post(
            """
            UPDATE casefile SET lead = ?, code_system = ?, code = ?, severity = ?, area12 = ?, grid = ?, place = ?, \
            stage = ?, stage_at = ?, due_at = ?, auto_at = ?, department = ?, result = ?, late = ?, merged = ?, \
            reworks = ?, events = ?, closed_at = ? WHERE id = ?
            """,
            [
                .text(lead), .maybe(codeSystem), .maybe(code), .count(severity), .text(area), .text(grid),
                .text(place), .text(stage.rawValue), .real(stageAt), .maybe(due), .maybe(auto), .text(department),
                .maybe(result), .flag(isLate), .count(merged), .count(reworks), .count(events), .maybe(closed),
                .text(id),
            ])
    }

    /// Only when the centre goes on by itself: the indexes of all else stay as they are.
    func updateAuto(_ db: any SQLConnection) throws {
        try db.post("UPDATE casefile SET auto_at = ? WHERE id = ?", [.maybe(auto), .text(id)])
    }

    static func find(_ id: String, _ db: any SQLConnection) throws -> CaseRow? {
        try db.row("SELECT \(columns) FROM casefile WHERE id = ?", [.text(id)]).map(CaseRow.init)
    }

    static func find(number: String, _ db: any SQLConnection) throws -> CaseRow? {
        try db.row("SELECT \(columns) FROM casefile WHERE number = ?", [.text(number)]).map(CaseRow.init)
    }
}

/// One step in the history of a case.
struct CaseEventRow: Sendable, Hashable {
    var caseID: String
    /// From 1.
    var ordinal: Int
    var at: Double
    var actor: String
    var role: String
    var action: String
    /// Nil for the first one.
    var before: CaseStage?
    var after: CaseStage
    var note: String?
    /// By which a repetition is known.
    var request: String?

    static let columns =
        "case_id, ordinal, at, actor, role, action, stage_before, stage_after, note, request_id"

    func insert(_ db: any SQLConnection) throws {
        try db.post(
            "INSERT INTO case_event (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text(caseID), .count(ordinal), .real(at), .text(actor), .text(role), .text(action),
                .maybe(before?.rawValue), .text(after.rawValue), .maybe(note), .maybe(request),
            ])
    }

    init(
        case id: String, ordinal: Int, at: Double, actor: String, role: String, action: String, before: CaseStage?,
        after: CaseStage, note: String?, request: String?
    ) {
        (caseID, self.ordinal, self.at, self.actor, self.role) = (id, ordinal, at, actor, role)
        (self.action, self.before, self.after, self.request) = (action, before, after, request)
        self.note = note.flatMap { $0.isEmpty ? nil : $0 }
    }

    init(_ row: SQLRow) {
        (caseID, ordinal, at) = (row.name(0), row.count(1), row.real(2) ?? 0)
        (actor, role, action) = (row.name(3), row.name(4), row.name(5))
        before = row.text(6).flatMap(CaseStage.init)
        after = CaseStage(rawValue: row.name(7)) ?? .found
        (note, request) = (row.text(8), row.text(9))
    }

    static func of(case id: String, _ db: any SQLConnection) throws -> [CaseEventRow] {
        try db.rows("SELECT \(columns) FROM case_event WHERE case_id = ? ORDER BY ordinal", [.text(id)])
            .map(CaseEventRow.init)
    }

    static func find(request: String, _ db: any SQLConnection) throws -> CaseEventRow? {
        try db.row("SELECT \(columns) FROM case_event WHERE request_id = ?", [.text(request)]).map(CaseEventRow.init)
    }
}

import Domain
import Store

/// An incident as the centre knows it: its newest revision.
struct IncidentRow: Sendable, Hashable {
    var id: String
    var site: String
    var camera: String
    var zone: String
    /// The levels of its place, by which its site takes reviews.
    var topic: String
    var kind: String
    var severity: Int
    var state: Incident.State
    var reason: String?
    var review: String
    var revision: Int64
    var area: String
    var grid: String
    var microgrid: String
    var firstSeen: Double
    var confirmed: Double
    var lastSeen: Double
    var closed: Double?
    var dwell: Double
    var allowed: Double
    var department: String
    /// How many pictures it names.
    var pictures: Int
    /// When the centre heard that it is over.
    var ended: Double?
    var caseID: String?

    var isOpen: Bool { state == .opened || state == .updated }
    var zonePath: String { "\(site)/\(camera)/\(zone)" }

    init(_ record: AlertRecord, topic: String, at now: Double) {
        id = record.incident
        (site, camera, zone) = (record.site, record.camera, record.zone)
        self.topic = topic
        (kind, severity) = (record.kind, record.severity)
        (state, reason, review, revision) = (record.state, record.reason, record.review, record.revision)
        (area, grid, microgrid) = (record.area, record.grid, record.microgrid)
        (firstSeen, confirmed, lastSeen) = (record.firstSeen, record.confirmed, record.lastSeen)
        (closed, dwell, allowed) = (record.closed, record.dwell, record.allowed)
        department = record.department
        pictures = record.pictures.count
        ended = record.isOpen ? nil : now
    }
}

extension IncidentRow {
    static let columns = """
        id, site, camera, zone, topic, kind, severity, state, reason, review, revision, area12, grid, microgrid, \
        first_seen, confirmed, last_seen, closed_at, dwell, allowed, department, pictures, ended_at, case_id
        """

    init(_ row: SQLRow) {
        id = row.name(0)
        (site, camera, zone, topic) = (row.name(1), row.name(2), row.name(3), row.name(4))
        (kind, severity) = (row.name(5), row.count(6))
        state = Incident.State(rawValue: row.name(7)) ?? .opened
        (reason, review, revision) = (row.text(8), row.name(9), row.integer(10) ?? 0)
        (area, grid, microgrid) = (row.name(11), row.name(12), row.name(13))
        (firstSeen, confirmed, lastSeen) = (row.real(14) ?? 0, row.real(15) ?? 0, row.real(16) ?? 0)
        (closed, dwell, allowed) = (row.real(17), row.real(18) ?? 0, row.real(19) ?? 0)
        (department, pictures) = (row.name(20), row.count(21))
        (ended, caseID) = (row.real(22), row.text(23))
    }

    private var values: [SQLValue] {
        [
            .text(id), .text(site), .text(camera), .text(zone), .text(topic), .text(kind), .count(severity),
            .text(state.rawValue), .maybe(reason), .text(review), .integer(revision), .text(area), .text(grid),
            .text(microgrid), .real(firstSeen), .real(confirmed), .real(lastSeen), .maybe(closed), .real(dwell),
            .real(allowed), .text(department), .count(pictures), .maybe(ended), .maybe(caseID),
        ]
    }

    private static let insertion =
        "INSERT INTO incident (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    func insert(_ db: any SQLConnection) throws { try db.post(Self.insertion, values) }

    /// What a later revision may change.
    func update(_ db: any SQLConnection) throws {
        try db.post(
            """
            UPDATE incident SET severity = ?, state = ?, reason = ?, review = ?, revision = ?, last_seen = ?, \
            closed_at = ?, dwell = ?, department = ?, pictures = ?, ended_at = ? WHERE id = ?
            """,
            [
                .count(severity), .text(state.rawValue), .maybe(reason), .text(review), .integer(revision),
                .real(lastSeen), .maybe(closed), .real(dwell), .text(department), .count(pictures), .maybe(ended),
                .text(id),
            ])
    }

    static func find(_ id: String, _ db: any SQLConnection) throws -> IncidentRow? {
        try db.row("SELECT \(columns) FROM incident WHERE id = ?", [.text(id)]).map(IncidentRow.init)
    }

    /// Those of a case, the first confirmed one first.
    static func of(case id: String, _ db: any SQLConnection) throws -> [IncidentRow] {
        try db.rows(
            "SELECT \(columns) FROM incident WHERE case_id = ? ORDER BY confirmed, id", [.text(id)]
        ).map(IncidentRow.init)
    }

    static func move(_ id: String, to caseID: String?, _ db: any SQLConnection) throws {
        try db.post("UPDATE incident SET case_id = ? WHERE id = ?", [.maybe(caseID), .text(id)])
    }
}

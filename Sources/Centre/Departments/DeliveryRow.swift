import Contract
import Store

/// A notice on its way to a department, by one of the ways to it. It is tried again for three days, and is then dead until
/// somebody sends it again.
struct DeliveryRow: Sendable, Hashable {
    var id: String
    var caseID: String
    /// The route's name and the way: `name:topic` or `name:webhook`.
    var route: String
    var eventID: String
    var topic: String
    var payload: String
    var created: Double
    var attempts = 0
    var next: Double?
    var error: String?

    /// Seconds after each attempt until the next one; the last one goes on.
    static let waits = [5.0, 30.0, 120.0, 600.0, 3600.0]
    /// Seconds after which it is dead.
    static let lifetime = 72 * 3600.0

    static let columns =
        "id, case_id, route, event_id, topic, payload, created_at, attempts, next_at, error"

    /// When it is tried next after a failure; nil where it is dead.
    static func next(attempts: Int, created: Double, now: Double) -> Double? {
        let wait = waits[min(max(attempts, 1), waits.count) - 1]
        return now + wait - created > lifetime ? nil : now + wait
    }

    /// One for each way of a route.
    static func make(_ notice: CaseNotice, _ route: CaseRules.Route, _ topics: AlertTopics) -> [DeliveryRow] {
        let payload = String(decoding: WireJSON.bytes(notice), as: UTF8.self)
        let ways = [("topic", route.hasTopic), ("webhook", route.hasWebhook)].filter(\.1).map(\.0)
        return ways.map { way in
            DeliveryRow(
                id: UUIDv7.make().text, caseID: notice.subject, route: "\(route.name):\(way)", eventID: notice.id,
                topic: notice.topic(topics), payload: payload)
        }
    }

    private init(id: String, caseID: String, route: String, eventID: String, topic: String, payload: String) {
        (self.id, self.caseID, self.route, self.eventID) = (id, caseID, route, eventID)
        (self.topic, self.payload) = (topic, payload)
        (created, next) = (0, 0)
    }

    init(_ row: SQLRow) {
        (id, caseID, route, eventID) = (row.name(0), row.name(1), row.name(2), row.name(3))
        (topic, payload, created) = (row.name(4), row.name(5), row.real(6) ?? 0)
        (attempts, next, error) = (row.count(7), row.real(8), row.text(9))
    }

    func insert(_ db: any SQLConnection, at now: Double) throws {
        try db.post(
            "INSERT INTO delivery (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, NULL) ON CONFLICT DO NOTHING",
            [
                .text(id), .text(caseID), .text(route), .text(eventID), .text(topic), .text(payload), .real(now),
                .real(now),
            ])
    }

    /// The ways that something is due for, oldest first.
    static func dueRoutes(_ db: any SQLConnection, at now: Double) throws -> [String] {
        try db.rows(
            "SELECT route FROM delivery WHERE next_at <= ? GROUP BY route ORDER BY MIN(next_at)", [.real(now)]
        ).map { $0.name(0) }
    }

    /// Due for one way, in the order in which they were made: nothing overtakes an earlier notice of the same case.
    static func due(route: String, _ db: any SQLConnection, at now: Double, limit: Int) throws -> [DeliveryRow] {
        try db.rows(
            """
            SELECT \(columns) FROM delivery AS one WHERE route = ? AND next_at <= ? AND NOT EXISTS (\
            SELECT 1 FROM delivery AS earlier WHERE earlier.case_id = one.case_id AND earlier.route = one.route \
            AND earlier.id < one.id AND earlier.next_at > ?) ORDER BY id LIMIT ?
            """,
            [.text(route), .real(now), .real(now), .count(limit)]
        ).map(DeliveryRow.init)
    }

    func taken(_ db: any SQLConnection, at now: Double) throws {
        try db.post(
            "UPDATE delivery SET attempts = attempts + 1, next_at = NULL, done_at = ?, error = NULL WHERE id = ?",
            [.real(now), .text(id)])
    }

    /// - Parameter isFinal: another attempt would fare no better.
    func failed(_ reason: String, isFinal: Bool, _ db: any SQLConnection, at now: Double) throws {
        let next = isFinal ? nil : Self.next(attempts: attempts + 1, created: created, now: now)
        try db.post(
            "UPDATE delivery SET attempts = attempts + 1, next_at = ?, dead_at = ?, error = ? WHERE id = ?",
            [.maybe(next), next == nil ? .real(now) : .null, .text(reason), .text(id)])
    }

    /// Sends a dead one again, with a life of its own. Returns false where there is no such dead one.
    static func revive(_ id: String, _ db: any SQLConnection, at now: Double) throws -> Bool {
        try db.execute(
            """
            UPDATE delivery SET next_at = ?, created_at = ?, dead_at = NULL, attempts = 0 \
            WHERE id = ? AND dead_at IS NOT NULL
            """, [.real(now), .real(now), .text(id)]) == 1
    }
}

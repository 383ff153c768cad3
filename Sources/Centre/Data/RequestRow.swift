import Contract
import Domain
import Foundation
import Store

/// What a site is asked, until it has answered: the same again and again, since a site knows a repetition by its id.
struct RequestRow: Sendable, Hashable {
    var id: String
    var site: String
    /// `review` or `command`.
    var `class`: String
    var topic: String
    var payload: String
    var incident: String?
    var caseID: String?
    var created: Double
    var attempts = 0
    /// When it is sent next; nil once it is over.
    var next: Double?

    /// Seconds after each attempt until the next one; the last one goes on.
    private static let waits = [30.0, 120.0, 600.0, 3600.0]
    /// Seconds after which nobody is asked any more: a site remembers ids for longer than a day.
    static let lifetime = 86_400.0

    static let columns =
        "id, site, class, topic, payload, incident, case_id, created_at, attempts, next_at"

    /// A verdict for the site of an incident.
    static func review(
        _ verdict: Verdict, of incident: IncidentRow, case item: CaseRow, by actor: String, note: String?,
        topics: AlertTopics, _ rules: CaseRules, at now: Double
    ) -> RequestRow {
        let date = Date(timeIntervalSince1970: now)
        let id = UUIDv7.make(date: date).text
        let review = OutgoingReview(
            id: id, incident: incident.id, verdict: verdict, by: actor,
            at: RFC3339.string(from: date, in: rules.timeZone), note: note.flatMap { $0.isEmpty ? nil : $0 })
        return RequestRow(
            id: id, site: incident.site, class: "review",
            topic: "\(topics.root)/review/\(incident.topic)/_/\(incident.site)",
            payload: String(decoding: review.json, as: UTF8.self), incident: incident.id, caseID: item.id,
            created: now, next: now)
    }

    func insert(_ db: any SQLConnection) throws {
        try db.post(
            "INSERT INTO request (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                .text(id), .text(site), .text(`class`), .text(topic), .text(payload), .maybe(incident),
                .maybe(caseID), .real(created), .count(attempts), .maybe(next),
            ])
    }

    init(
        id: String, site: String, class: String, topic: String, payload: String, incident: String?, caseID: String?,
        created: Double, next: Double
    ) {
        (self.id, self.site, self.class, self.topic, self.payload) = (id, site, `class`, topic, payload)
        (self.incident, self.caseID, self.created, self.next) = (incident, caseID, created, next)
    }

    init(_ row: SQLRow) {
        (id, site, `class`, topic, payload) = (row.name(0), row.name(1), row.name(2), row.name(3), row.name(4))
        (incident, caseID, created) = (row.text(5), row.text(6), row.real(7) ?? 0)
        (attempts, next) = (row.count(8), row.real(9))
    }

    static func due(_ db: any SQLConnection, at now: Double, limit: Int) throws -> [RequestRow] {
        try db.rows(
            "SELECT \(columns) FROM request WHERE next_at <= ? ORDER BY next_at LIMIT ?", [.real(now), .count(limit)]
        ).map(RequestRow.init)
    }

    /// It was sent, or could not be.
    func attempted(_ db: any SQLConnection, at now: Double) throws {
        let isOver = now - created > Self.lifetime
        try db.post(
            """
            UPDATE request SET attempts = attempts + 1, next_at = ?, done_at = ?, outcome = ? \
            WHERE id = ? AND done_at IS NULL
            """,
            [
                isOver ? .null : .real(now + Self.waits[min(attempts, Self.waits.count - 1)]),
                isOver ? .real(now) : .null, isOver ? .text("no answer") : .null, .text(id),
            ])
    }

    /// The site has answered. Returns the request; nil where there is none, or it was answered before.
    static func answered(
        _ reply: Reply, _ db: any SQLConnection, at now: Double
    ) throws -> RequestRow? {
        guard let id = reply.request,
            let row = try db.row(
                "SELECT \(columns) FROM request WHERE id = ? AND site = ? AND done_at IS NULL",
                [.text(id), .text(reply.site)])
        else { return nil }
        let outcome = reply.status == .done ? "done" : reply.reason?.rawValue ?? "refused"
        // The site could not take it now: it is asked again.
        if let reason = reply.reason, [.tooMany, .busy, .unavailable].contains(reason) { return nil }
        try db.post(
            "UPDATE request SET done_at = ?, next_at = NULL, outcome = ? WHERE id = ?",
            [.real(now), .text(outcome), .text(id)])
        return RequestRow(row)
    }
}

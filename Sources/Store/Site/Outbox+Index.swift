package import Contract
package import Domain
package import Foundation
import GRDB

/// The incidents as the console lists them: by filter, newest first, each as its newest message has it.
extension Outbox {
    /// Which incidents are asked for. Nil asks for all.
    package struct IncidentFilter: Sendable {
        /// `pending`, or a verdict.
        package var review: String?
        /// Whether it is open.
        package var isOpen: Bool?
        package var camera: String?
        package var kind: String?
        package var from: Date?
        package var to: Date?
        /// A part of the names of kind, camera or zone.
        package var words: String?
        /// There and below.
        package var area: AreaCode?

        package init() {}
    }

    /// One incident.
    package struct IndexedIncident: Sendable {
        /// Counts up with each change of any incident of this store.
        package let change: Int64
        package let opened: Double
        package let sequence: Int64
        package let event: AlertEvent
        package let topic: String
        /// Where its newest message stands with the broker.
        package let isDelivered: Bool
        /// The masked ones of all its messages, oldest first: a message names those that came with it.
        package let pictures: [Picture]
    }

    package struct Picture: Sendable, Hashable, Codable {
        package let role: String
        package let sha256: String
        /// RFC 3339.
        package let taken: String
    }

    /// Where the next page begins.
    package struct IndexCursor: Sendable, Hashable {
        package let opened: Double
        package let incident: String

        package init(opened: Double, incident: String) {
            self.opened = opened
            self.incident = incident
        }
    }

    /// How many wait for a review, and how many are open.
    package struct IndexCounts: Sendable, Hashable {
        package let pending: Int
        package let open: Int
    }

    private static let rows = """
        SELECT i.incident, i.change, i.opened, m.sequence, m.payload, m.topic, m.delivered_at IS NOT NULL AS delivered
        FROM incident_index i JOIN messages m ON m.sequence = i.sequence
        """

    /// The incidents of a filter, newest first.
    ///
    /// - Parameter limit: at most so many; where there are more, the second value says where they begin.
    package func incidents(
        _ filter: IncidentFilter, after cursor: IndexCursor? = nil, limit: Int
    ) throws(OutboxError) -> (items: [IndexedIncident], next: IndexCursor?) {
        try Self.explaining("read the index of incidents") {
            try pool.read { db in
                var (condition, arguments) = Self.condition(filter)
                if let cursor {
                    condition += " AND (i.opened, i.incident) < (?, ?)"
                    arguments += [cursor.opened, cursor.incident]
                }
                let sql = "\(Self.rows) WHERE \(condition) ORDER BY i.opened DESC, i.incident DESC LIMIT ?"
                let found = try Self.incidents(db, sql, arguments + [limit + 1])
                let items = Array(found.prefix(limit))
                let next = found.count > limit ? items.last : nil
                return (items, next.map { IndexCursor(opened: $0.opened, incident: $0.event.subject) })
            }
        }
    }

    package func incidentCount(_ filter: IncidentFilter) throws(OutboxError) -> Int {
        try Self.explaining("count incidents") {
            try pool.read { db in
                let (condition, arguments) = Self.condition(filter)
                let sql = "SELECT COUNT(*) FROM incident_index i WHERE \(condition)"
                return try Int.fetchOne(db, sql: sql, arguments: arguments) ?? 0
            }
        }
    }

    /// What changed after a change, oldest first: each incident once, as it is now.
    package func incidentChanges(
        after change: Int64, area: AreaCode? = nil, limit: Int
    ) throws(OutboxError) -> [IndexedIncident] {
        try Self.explaining("read what has changed") {
            try pool.read { db in
                var filter = IncidentFilter()
                filter.area = area
                let (condition, arguments) = Self.condition(filter)
                return try Self.incidents(
                    db, "\(Self.rows) WHERE \(condition) AND i.change > ? ORDER BY i.change LIMIT ?",
                    arguments + [change, limit])
            }
        }
    }

    /// The newest change of any incident; 0 before the first.
    package func lastIncidentChange() throws(OutboxError) -> Int64 {
        try Self.explaining("read the index of incidents") {
            try pool.read { try Int64.fetchOne($0, sql: "SELECT last FROM incident_changes") ?? 0 }
        }
    }

    package func indexCounts(area: AreaCode? = nil) throws(OutboxError) -> IndexCounts {
        try Self.explaining("count incidents") {
            try pool.read { db in
                var filter = IncidentFilter()
                filter.area = area
                let (condition, arguments) = Self.condition(filter)
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT COALESCE(SUM(review = 'pending'), 0), COALESCE(SUM(state IN ('opened', 'updated')), 0) \
                        FROM incident_index i WHERE \(condition)
                        """, arguments: arguments)
                return IndexCounts(pending: row?[0] ?? 0, open: row?[1] ?? 0)
            }
        }
    }

    /// One incident; nil where this site holds none of that id.
    package func indexedIncident(_ id: UUID) throws(OutboxError) -> IndexedIncident? {
        try Self.explaining("read incident \(id.text)") {
            try pool.read { db in
                try Self.incidents(db, "\(Self.rows) WHERE i.incident = ?", [id.text]).first
            }
        }
    }

    /// The messages about an incident that are still held, oldest first.
    package func history(of incident: UUID, limit: Int = 100) throws(OutboxError) -> [AlertEvent] {
        try Self.explaining("read the messages of incident \(incident.text)") {
            try pool.read { db in
                try OutboxSchema.messages(
                    db, where: "subject = ? ORDER BY sequence DESC LIMIT ?", arguments: [incident.text, limit]
                ).reversed().map { try AlertEvent(json: Data($0.payload)) }
            }
        }
    }

    /// The picture with this hash; nil where no message of this site names it, or where it was not masked.
    package func indexedPicture(
        _ sha256: String
    ) throws(OutboxError) -> (incident: String, area: String, file: String, bytes: Int)? {
        try Self.explaining("look for a picture") {
            try pool.read { db in
                try Row.fetchOne(
                    db,
                    sql: """
                        SELECT e.incident, i.area, e.file, e.bytes FROM evidence_index e \
                        JOIN incident_index i ON i.incident = e.incident WHERE e.sha256 = ?
                        """, arguments: [sha256]
                ).map { ($0[0], $0[1], $0[2], $0[3]) }
            }
        }
    }

    /// Tells of each transaction that changed the index, until the result is released.
    ///
    /// - Parameter body: called on the database's thread after the commit. Must not wait.
    package func observeIncidents(_ body: @escaping @Sendable () -> Void) -> any Sendable {
        DatabaseRegionObservation(tracking: Table("incident_index")).start(
            in: pool, onError: { _ in }, onChange: { _ in body() })
    }

    private static func condition(_ filter: IncidentFilter) -> (String, StatementArguments) {
        var (parts, arguments) = (["1"], StatementArguments())
        func add(_ part: String, _ values: [(any DatabaseValueConvertible)?]) {
            parts.append(part)
            arguments += StatementArguments(values)
        }
        if let review = filter.review { add("i.review = ?", [review]) }
        if let isOpen = filter.isOpen { add("(i.state IN ('opened', 'updated')) = ?", [isOpen]) }
        if let camera = filter.camera { add("i.camera = ?", [camera]) }
        if let kind = filter.kind { add("i.kind = ?", [kind]) }
        if let from = filter.from { add("i.opened >= ?", [from.timeIntervalSince1970]) }
        if let to = filter.to { add("i.opened < ?", [to.timeIntervalSince1970]) }
        if let words = filter.words { add("instr(i.words, lower(?)) > 0", [words]) }
        if let area = filter.area {
            let prefix = String(area.digits.prefix(area.level.rawValue))
            add("substr(i.area, 1, ?) = ?", [prefix.count, prefix])
        }
        return (parts.joined(separator: " AND "), arguments)
    }

    private static func incidents(
        _ db: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> [IndexedIncident] {
        let rows = try Row.fetchAll(db, sql: sql, arguments: arguments)
        let ids: [String] = rows.map { $0["incident"] }
        let pictures = try Row.fetchAll(
            db,
            sql: """
                SELECT incident, role, sha256, taken FROM evidence_index \
                WHERE incident IN (\(databaseQuestionMarks(count: ids.count))) ORDER BY taken, role
                """, arguments: StatementArguments(ids))
        let byIncident = Dictionary(grouping: pictures) { $0["incident"] as String }
        return try rows.map { row in
            let pictures = byIncident[row["incident"]] ?? []
            return try incident(
                row, pictures.map { Picture(role: $0["role"], sha256: $0["sha256"], taken: $0["taken"]) })
        }
    }

    private static func incident(_ row: Row, _ pictures: [Picture]) throws -> IndexedIncident {
        let payload: Data = row["payload"]
        return IndexedIncident(
            change: row["change"], opened: row["opened"], sequence: row["sequence"],
            event: try AlertEvent(json: payload), topic: row["topic"],
            isDelivered: row["delivered"], pictures: pictures)
    }
}

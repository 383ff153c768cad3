import Domain
import Store

/// A whole case: its incidents, its history, and what has become of what was asked and told.
package struct CaseFile: Codable, Sendable {
    package struct Incident: Codable, Sendable {
        package var id: String
        package var site: String
        package var camera: String
        package var zone: String
        package var state: String
        package var reason: String?
        package var review: String
        package var firstSeen: Double
        package var confirmed: Double
        package var closed: Double?
        package var pictures: Int

        private enum CodingKeys: String, CodingKey {
            case id, site, camera, zone, state, reason, review, confirmed, pictures
            case firstSeen = "first_seen"
            case closed = "closed_at"
        }

        init(_ row: IncidentRow) {
            (id, site, camera, zone) = (row.id, row.site, row.camera, row.zone)
            (state, reason, review) = (row.state.rawValue, row.reason, row.review)
            (firstSeen, confirmed, closed, pictures) = (row.firstSeen, row.confirmed, row.closed, row.pictures)
        }
    }

    package struct Event: Codable, Sendable {
        package var at: Double
        package var actor: String
        package var role: String
        package var action: String
        package var before: CaseStage?
        package var after: CaseStage
        package var note: String?

        init(_ row: CaseEventRow) {
            (at, actor, role, action) = (row.at, row.actor, row.role, row.action)
            (before, after, note) = (row.before, row.after, row.note)
        }
    }

    /// Another case that may be the same.
    package struct Suggestion: Codable, Sendable {
        package var number: String
        /// Between the cameras.
        package var metres: Double
    }

    /// What a site was asked.
    package struct Request: Codable, Sendable {
        package var id: String
        package var `class`: String
        package var site: String
        package var attempts: Int
        /// `done`, or why not; nil while there is no answer.
        package var outcome: String?

        init(_ row: SQLRow) {
            (id, `class`, site) = (row.name(0), row.name(1), row.name(2))
            (attempts, outcome) = (row.count(3), row.text(4))
        }
    }

    /// What a department was told.
    package struct Delivery: Codable, Sendable {
        package var id: String
        package var route: String
        package var attempts: Int
        package var done: Double?
        package var dead: Double?
        package var error: String?

        private enum CodingKeys: String, CodingKey {
            case id, route, attempts, error
            case done = "done_at"
            case dead = "dead_at"
        }

        init(_ row: SQLRow) {
            (id, route, attempts) = (row.name(0), row.name(1), row.count(2))
            (done, dead, error) = (row.real(3), row.real(4), row.text(5))
        }
    }

    package var item: CaseItem
    /// In the fields of GB/T 47678.
    package var record: StandardRecord
    package var incidents: [Incident]
    package var history: [Event]
    package var suggestions: [Suggestion]
    package var requests: [Request]
    package var deliveries: [Delivery]
}

/// A site in one epoch, and what is missing of it.
package struct SiteStanding: Codable, Sendable {
    package var id: String
    package var epoch: String
    package var area: String
    package var state: String?
    package var seen: Double
    /// Up to here everything has come or is known to be lost.
    package var contiguous: Int64
    package var highest: Int64
    package var told: Int64
    /// Seconds by which its clock is ahead.
    package var clock: Double?
    /// First and last of each span.
    package var missing: [[Int64]]
    package var lost: [[Int64]]
    /// Was missing once.
    package var filled: [[Int64]]

    private enum CodingKeys: String, CodingKey {
        case id, epoch, area, state, clock, missing, lost, filled
        case seen = "seen_at"
        case contiguous = "contiguous_to"
        case highest = "highest_seen"
        case told = "highest_told"
    }

    init(_ row: SiteRow, missing: [[Int64]], lost: [[Int64]], filled: [[Int64]]) {
        (id, epoch, area, state, seen) = (row.id, row.epoch, row.area, row.state, row.seen)
        (contiguous, highest, told, clock) = (row.contiguous, row.highest, row.told, row.clock)
        (self.missing, self.lost, self.filled) = (missing, lost, filled)
    }
}

/// What was not taken, and why.
package struct RefusalItem: Codable, Sendable {
    package var at: Double
    package var topic: String
    package var reason: String
    package var text: String
    package var bytes: Int
    package var head: String

    init(_ row: SQLRow) {
        (at, topic, reason) = (row.real(0) ?? 0, row.name(1), row.name(2))
        (text, bytes, head) = (row.name(3), row.count(4), row.name(5))
    }
}

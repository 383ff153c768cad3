import Domain

/// A case as the page has it: times are RFC 3339 at the place.
struct CaseView: Encodable, Sendable {
    let id: String
    let number: String
    let kind: String
    let severity: Int
    let area: String
    let grid: String
    let microgrid: String
    /// A declared place, or the zone; and the name of the camera that saw it first.
    let place: String
    let camera: String?
    let stage: CaseStage
    let department: String
    let result: String?
    let late: Bool
    let recurring: Bool
    let merged: Int
    let reworks: Int
    let follows: String?
    let picture: String?
    let foundAt: String
    let stageAt: String
    let dueAt: String?
    let closedAt: String?

    private enum CodingKeys: String, CodingKey {
        case id, number, kind, severity, area, grid, microgrid, place, camera, stage, department, result, late
        case recurring, merged, reworks, follows, picture
        case foundAt = "found_at"
        case stageAt = "stage_at"
        case dueAt = "due_at"
        case closedAt = "closed_at"
    }

    init(_ summary: CaseQueries.Summary, _ parts: PageParts) {
        let item = summary.item
        (id, number, kind, severity) = (item.id, item.number, item.kind, item.severity)
        (area, grid, microgrid) = (item.area, item.grid, summary.microgrid)
        (place, camera, stage, department) = (item.place, summary.camera, item.stage, item.department)
        (result, late, recurring) = (item.result, item.isLate, item.isRecurring)
        (merged, reworks, follows, picture) = (item.merged, item.reworks, item.follows, summary.picture)
        (foundAt, stageAt) = (parts.text(item.found), parts.text(item.stageAt))
        (dueAt, closedAt) = (item.due.map(parts.text), item.closed.map(parts.text))
    }
}

/// A whole case, for its page and its printed file.
struct CaseFileView: Encodable, Sendable {
    struct Picture: Encodable, Sendable {
        let sha256: String
        let role: String
        let taken: String
        let bytes: Int
        /// Nil until the site has sent it.
        let came: String?
    }

    struct Incident: Encodable, Sendable {
        let id: String
        let site: String
        let camera: String
        let zone: String
        let state: String
        let reason: String?
        let review: String
        let firstSeen: String
        let confirmed: String
        let closed: String?
        let pictures: [Picture]

        private enum CodingKeys: String, CodingKey {
            case id, site, camera, zone, state, reason, review, confirmed, pictures
            case firstSeen = "first_seen"
            case closed = "closed_at"
        }
    }

    struct Event: Encodable, Sendable {
        let at: String
        let actor: String
        let role: String
        let action: String
        let before: CaseStage?
        let after: CaseStage
        let note: String?
    }

    struct Delivery: Encodable, Sendable {
        let id: String
        let route: String
        let attempts: Int
        let done: String?
        let dead: String?
        let error: String?
    }

    struct Request: Encodable, Sendable {
        let kind: String
        let site: String
        let attempts: Int
        let outcome: String?
    }

    let item: CaseView
    let incidents: [Incident]
    let history: [Event]
    let suggestions: [CaseFile.Suggestion]
    let requests: [Request]
    let deliveries: [Delivery]
    /// What the account may do with it now.
    let actions: [String]

    init(
        _ file: CaseFile, _ summary: CaseQueries.Summary, _ pictures: [CaseQueries.Picture], _ account: CaseActor,
        _ parts: PageParts
    ) {
        item = CaseView(summary, parts)
        let byIncident = Dictionary(grouping: pictures, by: \.incident)
        incidents = file.incidents.map { incident in
            Incident(
                id: incident.id, site: incident.site, camera: incident.camera, zone: incident.zone,
                state: incident.state, reason: incident.reason, review: incident.review,
                firstSeen: parts.text(incident.firstSeen), confirmed: parts.text(incident.confirmed),
                closed: incident.closed.map(parts.text),
                pictures: (byIncident[incident.id] ?? []).map {
                    Picture(
                        sha256: $0.sha256, role: $0.role, taken: parts.text($0.taken), bytes: $0.bytes,
                        came: $0.came.map(parts.text))
                })
        }
        history = file.history.map {
            Event(
                at: parts.text($0.at), actor: $0.actor, role: $0.role, action: $0.action, before: $0.before,
                after: $0.after, note: $0.note)
        }
        suggestions = file.suggestions
        requests = file.requests.map {
            Request(kind: $0.class, site: $0.site, attempts: $0.attempts, outcome: $0.outcome)
        }
        deliveries = file.deliveries.map {
            Delivery(
                id: $0.id, route: $0.route, attempts: $0.attempts, done: $0.done.map(parts.text),
                dead: $0.dead.map(parts.text), error: $0.error)
        }
        actions = account.actions(at: file.item.stage)
    }
}

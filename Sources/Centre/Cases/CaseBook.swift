import Contract
import Domain
import Foundation
import Store

/// What happens to cases within one transaction: by what sites say, and by what people do. It knows the rules and the tables,
/// no clock and no network; reviews and messages to departments are rows that are sent later.
struct CaseBook {
    let db: any SQLConnection
    let rules: CaseRules
    /// Seconds since 1970, by the centre's clock.
    let now: Double
    let topics: AlertTopics
    var tally = Tally()

    init(_ db: any SQLConnection, _ rules: CaseRules, topics: AlertTopics, at now: Double) {
        self.db = db
        self.rules = rules
        self.topics = topics
        self.now = now
    }

    /// An incident that nobody has heard of before becomes a case, or a part of one. Returns the case; nil where its kind makes
    /// none.
    ///
    /// - Parameter incident: not written yet.
    mutating func found(_ incident: IncidentRow, code: (system: String, code: String)?) throws -> String? {
        guard rules.makesCase(incident.kind) else { return nil }
        if let place = rules.places[incident.zonePath],
            var other = try Merging.candidate(for: incident, place: place, db)
        {
            try join(incident, to: &other, how: "place", by: rules.name)
            return other.id
        }
        return try open(incident, code: code, by: rules.name).id
    }

    /// Opens a case of this incident, whatever its kind.
    mutating func open(
        _ incident: IncidentRow, code: (system: String, code: String)?, by actor: String, role: CaseRole = .centre,
        request: String? = nil, follows: String? = nil
    ) throws -> CaseRow {
        let place = rules.places[incident.zonePath] ?? incident.zonePath
        let since = now - CaseRules.recurrenceDays * 86_400
        let earlier = try db.rows(
            "SELECT id FROM casefile WHERE place = ? AND kind = ? AND found_at >= ? LIMIT 2",
            [.text(place), .text(incident.kind), .real(since)])
        let day = rules.calendar.day(of: now)
        let item = CaseRow(
            id: UUIDv7.make(date: Date(timeIntervalSince1970: now)).text,
            number: rules.number(try tally.next("cases of day \(day)", db), on: now), lead: incident.id,
            kind: incident.kind, codeSystem: code?.system, code: code?.code, severity: incident.severity,
            area: incident.area, grid: incident.grid, place: place, stage: .found, stageAt: now,
            due: rules.due(.found, kind: incident.kind, from: now), auto: nil,
            department: rules.route(kind: incident.kind, area: incident.area)?.department ?? incident.department,
            isLate: false, isRecurring: earlier.count >= 2, merged: 0, reworks: 0, events: 1, follows: follows,
            found: now)
        try item.insert(db)
        try attach(incident.id, to: item.id, how: "first", by: actor)
        try CaseEventRow(
            case: item.id, ordinal: 1, at: now, actor: actor, role: role.rawValue, action: "found", before: nil,
            after: .found, note: follows.map { "takes up \($0)" }, request: request
        ).insert(db)
        tally.count(.found, item, at: now)
        tally.move(from: nil, to: item)
        return item
    }

    /// An incident has changed, and is written: its end may end the case, and a word from the site may accept it.
    mutating func changed(_ incident: IncidentRow, from before: IncidentRow?) throws {
        guard let id = incident.caseID, var item = try CaseRow.find(id, db) else { return }
        tally.touch(id)
        let hasEnded = !incident.isOpen && (before?.isOpen ?? true)
        let isTakenBack = incident.state == .withdrawn && before?.state != .withdrawn
        if hasEnded || isTakenBack { try settle(&item) }
        let isConfirmed = incident.review == Verdict.confirmed.rawValue && before?.review != incident.review
        if isConfirmed, rules.acceptsConfirmed, item.stage == .found {
            try advance(&item, .accept, by: rules.name, role: .centre, note: "confirmed at the site")
        }
    }

    /// What follows where all incidents of a case are over: it is taken back with them, or resolves itself after a while.
    mutating func settle(_ item: inout CaseRow) throws {
        guard item.stage.isOpen else { return }
        let incidents = try IncidentRow.of(case: item.id, db)
        let standing = incidents.filter { $0.state != .withdrawn }
        let isOver = incidents.allSatisfy { !$0.isOpen }
        if isOver, standing.isEmpty, !incidents.isEmpty {
            if CaseMachine.next(item.stage, .withdraw) != nil {
                try advance(&item, .withdraw, by: rules.name, role: .centre, note: incidents.first?.reason)
            }
            return
        }
        // `handled` was said at the site, and of a lost camera nobody knows anything: people decide.
        let hasGone = isOver && standing.allSatisfy { $0.reason == Incident.CloseReason.cleared.rawValue }
        let auto = hasGone && CaseMachine.next(item.stage, .selfResolve) != nil ? now + rules.selfResolvedAfter : nil
        guard item.stage != .checked, item.auto != auto else { return }
        item.auto = auto
        try item.updateAuto(db)
    }

    /// What the centre does by itself once its time has come. Returns false where nothing was due.
    mutating func goOn(_ id: String) throws -> Bool {
        guard var item = try CaseRow.find(id, db), let auto = item.auto, auto <= now else { return false }
        switch item.stage {
        case .found, .accepted: try advance(&item, .selfResolve, by: rules.name, role: .centre, note: nil)
        case .checked: try advance(&item, .close, by: rules.name, role: .centre, note: nil)
        default:
            item.auto = nil
            try item.updateAuto(db)
        }
        return true
    }

    func attach(_ incident: String, to caseID: String, how: String, by actor: String) throws {
        try db.post(
            """
            INSERT INTO case_incident (case_id, incident, how, by, at, removed_at) VALUES (?, ?, ?, ?, ?, NULL) \
            ON CONFLICT (case_id, incident) DO UPDATE SET how = excluded.how, by = excluded.by, at = excluded.at, \
            removed_at = NULL
            """,
            [.text(caseID), .text(incident), .text(how), .text(actor), .real(now)])
    }
}

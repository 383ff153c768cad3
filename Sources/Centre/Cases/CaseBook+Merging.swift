import Store

/// One matter, one case: incidents that join a case, leave it, or take another one with them.
extension CaseBook {
    /// An incident becomes a part of an open case. The caller writes the incident's `case_id`.
    mutating func join(_ incident: IncidentRow, to item: inout CaseRow, how: String, by actor: String) throws {
        let before = item
        try attach(incident.id, to: item.id, how: how, by: actor)
        item.merged += 1
        if incident.isOpen, item.stage != .checked { item.auto = nil }
        item.severity = min(item.severity, incident.severity)
        if let lead = try IncidentRow.find(item.lead, db),
            (incident.confirmed, incident.id) < (lead.confirmed, lead.id)
        {
            take(lead: incident, &item)
        }
        tally.count(.merged, item, at: now)
        try note(&item, "merge", by: actor, role: how == "hand" ? .dispatcher : .centre, incident.id)
        tally.move(from: before, to: item)
    }

    /// The first confirmed incident says where a case is.
    private func take(lead incident: IncidentRow, _ item: inout CaseRow) {
        item.lead = incident.id
        (item.area, item.grid) = (incident.area, incident.grid)
        item.place = rules.places[incident.zonePath] ?? incident.zonePath
    }

    /// A step of the history that leaves the stage as it is; writes the case.
    private func note(
        _ item: inout CaseRow, _ action: String, by actor: String, role: CaseRole, _ note: String,
        request: String? = nil
    ) throws {
        item.events += 1
        try item.update(db)
        try CaseEventRow(
            case: item.id, ordinal: item.events, at: now, actor: actor, role: role.rawValue, action: action,
            before: item.stage, after: item.stage, note: note, request: request
        ).insert(db)
    }

    /// Takes an incident out of a case, and makes it one of its own. Returns the new one.
    mutating func split(
        _ incidentID: String, from id: String, by actor: String, request: String
    ) throws -> CaseRow {
        guard var item = try CaseRow.find(id, db) else { throw CaseRefusal.unknownCase(id) }
        if let known = try CaseEventRow.find(request: request, db) {
            guard known.action == "found", let made = try CaseRow.find(known.caseID, db) else {
                throw CaseRefusal.requestReused
            }
            return made
        }
        let incidents = try IncidentRow.of(case: id, db)
        guard let incident = incidents.first(where: { $0.id == incidentID }) else {
            throw CaseRefusal.unknownIncident(incidentID)
        }
        guard item.stage.isOpen, let next = incidents.first(where: { $0.id != incidentID }) else {
            throw CaseRefusal.invalid("only an open case of two incidents or more can be split")
        }
        try db.post(
            "UPDATE case_incident SET removed_at = ? WHERE case_id = ? AND incident = ?",
            [.real(now), .text(id), .text(incidentID)])
        let before = item
        item.merged -= 1
        if item.lead == incidentID { take(lead: next, &item) }
        try note(&item, "split", by: actor, role: .dispatcher, incidentID)
        tally.move(from: before, to: item)
        var made = try open(
            incident, code: item.codeSystem.flatMap { system in item.code.map { (system, $0) } }, by: actor,
            role: .dispatcher, request: request)
        try IncidentRow.move(incidentID, to: made.id, db)
        try settle(&item)
        try settle(&made)
        return made
    }

    /// Puts all incidents of `other` into this case, and ends the other one. Returns this one.
    mutating func merge(_ other: String, into id: String, by actor: String, request: String) throws -> CaseRow {
        guard var item = try CaseRow.find(id, db) else { throw CaseRefusal.unknownCase(id) }
        guard var gone = try CaseRow.find(other, db) else { throw CaseRefusal.unknownCase(other) }
        if let known = try CaseEventRow.find(request: request, db) {
            guard known.caseID == other, known.action == "merge" else { throw CaseRefusal.requestReused }
            return item
        }
        guard id != other, item.kind == gone.kind else {
            throw CaseRefusal.invalid("only another case of the same kind can be merged")
        }
        guard item.stage.isOpen, item.stage != .checked else { throw CaseRefusal.stage(item.stage, .note) }
        guard CaseMachine.next(gone.stage, .decline) != nil else { throw CaseRefusal.stage(gone.stage, .decline) }
        for incident in try IncidentRow.of(case: other, db) {
            try IncidentRow.move(incident.id, to: id, db)
            try join(incident, to: &item, how: "hand", by: actor)
        }
        let before = gone
        (gone.stage, gone.stageAt, gone.closed) = (.declined, now, now)
        (gone.due, gone.auto, gone.result) = (nil, nil, "merged")
        gone.events += 1
        try gone.update(db)
        try CaseEventRow(
            case: other, ordinal: gone.events, at: now, actor: actor, role: CaseRole.dispatcher.rawValue,
            action: "merge", before: before.stage, after: .declined, note: "merged into \(item.number)",
            request: request
        ).insert(db)
        tally.move(from: before, to: gone)
        try settle(&item)
        return item
    }

    /// Takes a closed case up again, as a new one that names it.
    mutating func reopen(_ id: String, by actor: String, request: String) throws -> CaseRow {
        guard let old = try CaseRow.find(id, db) else { throw CaseRefusal.unknownCase(id) }
        if let known = try CaseEventRow.find(request: request, db) {
            guard known.action == "found", let made = try CaseRow.find(known.caseID, db) else {
                throw CaseRefusal.requestReused
            }
            return made
        }
        guard old.stage == .closed else { throw CaseRefusal.stage(old.stage, .note) }
        guard let incident = try IncidentRow.find(old.lead, db) else { throw CaseRefusal.unknownIncident(old.lead) }
        let made = try open(
            incident, code: old.codeSystem.flatMap { system in old.code.map { (system, $0) } }, by: actor,
            role: .dispatcher, request: request, follows: old.number)
        try IncidentRow.move(incident.id, to: made.id, db)
        return made
    }
}

import Contract
import Domain
import Store

/// What people do with a case, and what follows from it.
extension CaseBook {
    /// Takes a step that somebody asked for. Returns the case, and whether the step had been taken before.
    mutating func take(_ step: CaseStep, case id: String) throws -> (item: CaseRow, isRepeated: Bool) {
        guard var item = try CaseRow.find(id, db) else { throw CaseRefusal.unknownCase(id) }
        if let known = try CaseEventRow.find(request: step.request, db) {
            guard known.caseID == id, known.action == step.action.rawValue else { throw CaseRefusal.requestReused }
            return (item, true)
        }
        try check(step, item)
        if let department = step.department { try hand(&item, to: department) }
        let wasOpen = try IncidentRow.of(case: id, db)
        try advance(
            &item, step.action, by: step.actor, role: step.role, note: step.note, request: step.request,
            verdict: step.verdict)
        if let review = step.review {
            for incident in wasOpen where incident.state != .withdrawn && (review != .handled || incident.isOpen) {
                try RequestRow.review(
                    review, of: incident, case: item, by: step.actor, note: step.note, topics: topics, rules, at: now
                ).insert(db)
            }
        }
        return (item, false)
    }

    private func check(_ step: CaseStep, _ item: CaseRow) throws {
        guard !step.request.isEmpty, step.request.utf8.count <= 128 else {
            throw CaseRefusal.invalid("request_id must be 1 to 128 bytes")
        }
        guard !step.actor.isEmpty, step.actor.utf8.count <= 128 else {
            throw CaseRefusal.invalid("a step needs a name of 1 to 128 bytes: by whom")
        }
        guard step.note?.utf8.count ?? 0 <= 2000 else { throw CaseRefusal.invalid("a note has at most 2000 bytes") }
        guard CaseMachine.allows(step.role, step.action) else { throw CaseRefusal.forbidden(step.role, step.action) }
        if step.role == .department, step.ofDepartment != item.department { throw CaseRefusal.otherDepartment }
        guard CaseMachine.next(item.stage, step.action) != nil else {
            throw CaseRefusal.stage(item.stage, step.action)
        }
        switch step.action {
        case .decline where step.verdict.map(CaseStep.negatives.contains) != true:
            throw CaseRefusal.invalid(
                "decline needs a verdict: \(CaseStep.negatives.map(\.rawValue).sorted().joined(separator: ", "))")
        case .note where step.note?.isEmpty ?? true: throw CaseRefusal.invalid("a note needs a text")
        case .dispatch where (step.department ?? item.department).isEmpty:
            throw CaseRefusal.invalid("name the department")
        default: break
        }
    }

    /// Another department has it.
    private mutating func hand(_ item: inout CaseRow, to department: String) throws {
        guard department != item.department else { return }
        let before = item
        item.department = department
        tally.move(from: before, to: item)
    }

    /// To the next stage, with all that follows. The caller has checked that it fits.
    mutating func advance(
        _ item: inout CaseRow, _ action: CaseAction, by actor: String, role: CaseRole, note: String?,
        request: String? = nil, verdict: Verdict? = nil
    ) throws {
        guard let next = CaseMachine.next(item.stage, action) else { throw CaseRefusal.stage(item.stage, action) }
        let before = item
        item.events += 1
        tally.touch(item.id)
        if action != .note {
            if let due = item.due, now > due { item.isLate = true }
            item.stage = next
            item.stageAt = now
            item.due = rules.due(next, kind: item.kind, from: now)
            item.auto = next == .checked ? now + rules.checkedClosesAfter : next == .accepted ? item.auto : nil
            if action == .rework { item.reworks += 1 }
            if !next.isOpen {
                item.closed = now
                item.result = next == .closed ? (item.isLate ? "late" : "in_time") : verdict?.rawValue
            }
            count(action, item)
            tally.move(from: before, to: item)
        }
        try item.update(db)
        try CaseEventRow(
            case: item.id, ordinal: item.events, at: now, actor: actor, role: role.rawValue, action: action.rawValue,
            before: before.stage, after: item.stage,
            note: [verdict?.rawValue, note].compactMap(\.self).joined(separator: ": "), request: request
        ).insert(db)
        switch (action, before.stage) {
        case (.dispatch, _), (.rework, _): try tell(item, .dispatched, note: note)
        case (.withdraw, .dispatched): try tell(item, .recalled, note: note)
        default: break
        }
    }

    private mutating func count(_ action: CaseAction, _ item: CaseRow) {
        switch action {
        case .accept: tally.count(.accepted, item, at: now)
        case .decline: tally.count(.declined, item, at: now)
        case .handled: tally.count(.handled, item, at: now)
        case .close:
            tally.count(.closed, item, at: now)
            if !item.isLate { tally.count(.inTime, item, at: now) }
        case .selfResolve: tally.count(.selfResolved, item, at: now)
        case .withdraw: tally.count(.withdrawn, item, at: now)
        case .dispatch, .check, .rework, .note: break
        }
    }

    /// Writes down what the department is to be told, for each way to it.
    private func tell(_ item: CaseRow, _ what: CaseNotice.What, note: String?) throws {
        let incidents = try IncidentRow.of(case: item.id, db)
        for route in rules.routes(to: item.department, kind: item.kind, area: item.area) {
            let record = route.hasRecord ? try StandardRecord(item, route: route, db) : nil
            let notice = CaseNotice(what, item, incidents, note: note, record: record, rules, at: now)
            for delivery in DeliveryRow.make(notice, route, topics) { try delivery.insert(db, at: now) }
        }
    }
}

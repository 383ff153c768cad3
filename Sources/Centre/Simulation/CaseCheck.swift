import Domain
import Store

/// Whether cases are what their histories, their incidents and their sums say.
struct CaseCheck {
    /// Seconds that the centre may be late with what it does by itself.
    private static let patience = 30.0

    let now: Double
    private(set) var count = 0
    private(set) var problems: [(kind: String, text: String)] = []

    init(now: Double) { self.now = now }

    private mutating func problem(_ kind: String, _ text: String) { problems.append((kind, text)) }

    mutating func check(_ truth: Truth, _ db: any SQLConnection) throws {
        for row in try db.rows("SELECT \(CaseRow.columns) FROM casefile ORDER BY id") {
            count += 1
            try check(CaseRow(row), db)
        }
        for step in truth.steps {
            let event = try CaseEventRow.find(request: step.request, db)
            guard event?.caseID == step.caseID, event?.action == step.action, event?.after.rawValue == step.stage else {
                problem("step missing", "\(step.request) \(step.action) of \(step.caseID)")
                continue
            }
        }
        try checkSums(db)
    }

    private mutating func check(_ item: CaseRow, _ db: any SQLConnection) throws {
        let history = try CaseEventRow.of(case: item.id, db)
        if history.map(\.ordinal) != Array(1...max(1, history.count)) || history.count != item.events {
            problem("history with holes", item.number)
        }
        if let fault = Self.fault(in: history) { problem("wrong stage", "\(item.number): \(fault)") }
        if history.last?.after != item.stage { problem("wrong stage", "\(item.number) is \(item.stage.rawValue)") }
        let incidents = try IncidentRow.of(case: item.id, db)
        let areWithdrawn = !incidents.isEmpty && incidents.allSatisfy { $0.state == .withdrawn }
        switch item.stage {
        case .found, .accepted, .dispatched:
            if areWithdrawn { problem("wrong stage", "\(item.number): all of it was withdrawn") }
        case .withdrawn: if !areWithdrawn { problem("wrong stage", "\(item.number): not all of it was withdrawn") }
        case .selfResolved:
            if incidents.contains(where: \.isOpen) {
                problem("wrong stage", "\(item.number): something is still there")
            }
        case .declined, .handled, .checked, .closed: break
        }
        if item.stage.isOpen, let auto = item.auto, auto < now - Self.patience {
            problem("wrong stage", "\(item.number) should have gone on by itself")
        }
    }

    /// What does not follow in a history; nil where all does.
    static func fault(in history: [CaseEventRow]) -> String? {
        var stage: CaseStage?
        for event in history {
            guard event.before == stage else { return "\(event.action) comes out of nowhere" }
            switch (event.action, CaseAction(rawValue: event.action)) {
            case ("found", _): if event.after != .found || stage != nil { return "it was found late" }
            case ("merge", _), ("split", _):
                if event.after != stage, event.after != .declined { return "\(event.action) changed the stage" }
            case (_, let action?):
                guard let stage, CaseMachine.next(stage, action) == event.after else {
                    return "\(event.action) leads from \(stage?.rawValue ?? "nothing") to \(event.after.rawValue)"
                }
            default: return "there is no step \(event.action)"
            }
            stage = event.after
        }
        return stage == nil ? "it has no history" : nil
    }

    private mutating func checkSums(_ db: any SQLConnection) throws {
        func sums(_ sql: String) throws -> [String: Int] {
            try db.rows(sql).reduce(into: [:]) { sums, row in
                let key = (0...4).map { row.name($0) }.joined(separator: " ")
                if row.count(5) != 0 { sums[key] = row.count(5) }
            }
        }
        let open = CaseStage.allCases.filter(\.isOpen).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let counted = try sums(
            "SELECT area12, grid, kind, stage, department, COUNT(*) FROM casefile WHERE stage IN (\(open)) "
                + "GROUP BY area12, grid, kind, stage, department")
        let kept = try sums("SELECT area12, grid, kind, stage, department, cases FROM standing")
        if counted != kept { problem("wrong sums", "standing differs from the cases") }
        let found = try db.row("SELECT COALESCE(SUM(found), 0) FROM hourly")?.count(0)
        if found != count { problem("wrong sums", "\(found ?? 0) were found by the hours, there are \(count) cases") }
    }
}

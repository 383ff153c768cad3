/// Where a case is in its life.
package enum CaseStage: String, Sendable, CaseIterable, Codable {
    /// 发现: an incident opened, and nobody has looked at it.
    case found
    /// 受理
    case accepted
    /// 不予受理: an end.
    case declined
    /// 派遣: a department has it.
    case dispatched
    /// 处置: the department says that it is done.
    case handled
    /// 核查: somebody has seen that it is done.
    case checked
    /// 结案: an end.
    case closed
    /// 自行消除: gone before anybody was sent; an end.
    case selfResolved = "self_resolved"
    /// 撤回: the site took it back; an end.
    case withdrawn

    /// Whether somebody still has to do something.
    package var isOpen: Bool {
        switch self {
        case .found, .accepted, .dispatched, .handled, .checked: true
        case .declined, .closed, .selfResolved, .withdrawn: false
        }
    }
}

/// What is done with a case.
package enum CaseAction: String, Sendable, CaseIterable, Codable {
    case accept, decline, dispatch, handled, check, rework, close, note
    /// By the centre alone.
    case selfResolve = "self_resolve"
    case withdraw
}

/// Who does it.
package enum CaseRole: String, Sendable, CaseIterable, Codable {
    /// 受理员、派遣员
    case dispatcher
    /// 主管部门
    case department
    /// 网格员
    case worker
    /// The centre itself, by its rules.
    case centre
}

/// The life cycle of a case. Pure: two tables, and nothing else decides.
package enum CaseMachine {
    /// Where each action leads; what is missing does not fit. A note leads nowhere and fits everywhere.
    private static let table: [CaseAction: (from: [CaseStage], to: CaseStage)] = [
        .accept: ([.found], .accepted),
        .decline: ([.found, .accepted], .declined),
        .dispatch: ([.accepted], .dispatched),
        .handled: ([.dispatched], .handled),
        .check: ([.handled], .checked),
        .rework: ([.handled, .checked], .dispatched),
        .close: ([.checked], .closed),
        .selfResolve: ([.found, .accepted], .selfResolved),
        .withdraw: ([.found, .accepted, .dispatched], .withdrawn),
    ]

    /// Who may do what.
    private static let rights: [CaseAction: Set<CaseRole>] = [
        .accept: [.dispatcher, .centre],
        .decline: [.dispatcher],
        .dispatch: [.dispatcher],
        .handled: [.department, .dispatcher],
        .check: [.worker, .dispatcher],
        .rework: [.worker, .dispatcher],
        .close: [.dispatcher, .centre],
        .note: [.dispatcher, .department, .worker, .centre],
        .selfResolve: [.centre],
        .withdraw: [.centre],
    ]

    /// The stage after an action; nil where it does not fit the stage.
    package static func next(_ stage: CaseStage, _ action: CaseAction) -> CaseStage? {
        if action == .note { return stage }
        return table[action].flatMap { $0.from.contains(stage) ? $0.to : nil }
    }

    package static func allows(_ role: CaseRole, _ action: CaseAction) -> Bool {
        rights[action]?.contains(role) ?? false
    }
}

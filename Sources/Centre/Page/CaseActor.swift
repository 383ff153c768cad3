import Store

/// An account as somebody who takes steps with cases.
struct CaseActor: Sendable {
    let name: String
    /// Nil for who only looks.
    let role: CaseRole?
    let department: String?
    private let isDispatcher: Bool

    init(_ account: Account) {
        (name, department) = (account.name, account.department)
        isDispatcher = account.role >= .dispatcher && account.department == nil
        // Whoever sees one department only speaks for it, and for nobody else.
        role =
            account.role < .worker
            ? nil : account.department != nil ? .department : account.role >= .dispatcher ? .dispatcher : .worker
    }

    /// What it may do with a case of this stage, in the order of the life cycle.
    func actions(at stage: CaseStage) -> [String] {
        guard let role else { return [] }
        let steps: [CaseAction] = [.accept, .dispatch, .handled, .check, .close, .rework, .decline, .note]
        let own = steps.filter { CaseMachine.allows(role, $0) && CaseMachine.next(stage, $0) != nil }.map(\.rawValue)
        guard isDispatcher else { return own }
        return own + (stage.isOpen ? ["merge", "split"] : stage == .closed ? ["reopen"] : [])
    }
}

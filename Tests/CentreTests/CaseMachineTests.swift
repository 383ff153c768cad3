import Domain
import Testing

@testable import Centre

@Suite struct CaseMachineTests {
    /// Every transition that there is; all others are refused.
    private static let table: [(from: CaseStage, action: CaseAction, to: CaseStage)] = [
        (.found, .accept, .accepted),
        (.found, .decline, .declined),
        (.found, .selfResolve, .selfResolved),
        (.found, .withdraw, .withdrawn),
        (.accepted, .decline, .declined),
        (.accepted, .dispatch, .dispatched),
        (.accepted, .selfResolve, .selfResolved),
        (.accepted, .withdraw, .withdrawn),
        (.dispatched, .handled, .handled),
        (.dispatched, .withdraw, .withdrawn),
        (.handled, .check, .checked),
        (.handled, .rework, .dispatched),
        (.checked, .rework, .dispatched),
        (.checked, .close, .closed),
    ]

    @Test(arguments: CaseStage.allCases, CaseAction.allCases)
    func `each action leads where the table says, or nowhere`(stage: CaseStage, action: CaseAction) {
        let expected = action == .note ? stage : Self.table.first { $0.from == stage && $0.action == action }?.to
        #expect(CaseMachine.next(stage, action) == expected)
    }

    @Test func `an end is an end, and every stage can be reached`() {
        for stage in CaseStage.allCases where !stage.isOpen {
            #expect(CaseAction.allCases.allSatisfy { $0 == .note || CaseMachine.next(stage, $0) == nil })
        }
        var reached: Set<CaseStage> = [.found]
        for _ in CaseStage.allCases {
            for stage in reached { reached.formUnion(CaseAction.allCases.compactMap { CaseMachine.next(stage, $0) }) }
        }
        #expect(reached == Set(CaseStage.allCases))
    }

    @Test func `a department handles and notes, and nothing else; only the centre withdraws`() {
        let department = CaseAction.allCases.filter { CaseMachine.allows(.department, $0) }
        #expect(Set(department) == [.handled, .note])
        #expect(Set(CaseAction.allCases.filter { CaseMachine.allows(.worker, $0) }) == [.check, .rework, .note])
        for action in [CaseAction.withdraw, .selfResolve] {
            #expect(CaseRole.allCases.filter { CaseMachine.allows($0, action) } == [.centre])
        }
        #expect(CaseRole.allCases.allSatisfy { CaseMachine.allows($0, .note) })
    }

    @Test func `a site hears of a confirmation, of a refusal and of a check, never of a department's word`() {
        #expect(CaseStep.step(.accept, isConfirmed: true).review == .confirmed)
        #expect(CaseStep.step(.accept).review == nil)
        #expect(CaseStep.step(.decline, verdict: .duplicate).review == .duplicate)
        #expect(CaseStep.step(.check).review == .handled)
        for action in [CaseAction.handled, .dispatch, .rework, .close, .note] {
            #expect(CaseStep.step(action).review == nil)
        }
    }
}

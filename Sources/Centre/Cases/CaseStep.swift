package import Domain

/// One step that somebody wants to take with a case.
package struct CaseStep: Sendable, Hashable {
    /// Names the step: the same one again changes nothing and is answered as the first was. Chosen by who asks.
    package var request: String
    package var action: CaseAction
    /// By whom, as the history shall name it.
    package var actor: String
    package var role: CaseRole
    /// Of an officer: the department whose cases these are.
    package var ofDepartment: String?
    package var note: String?
    /// Of `decline`: why.
    package var verdict: Verdict?
    /// Of `dispatch`: to whom, where it is not the one that the case has.
    package var department: String?
    /// Of `accept`: the picture shows it, which the site is told.
    package var isConfirmed: Bool

    package init(
        request: String, action: CaseAction, actor: String, role: CaseRole, ofDepartment: String? = nil,
        note: String? = nil, verdict: Verdict? = nil, department: String? = nil, isConfirmed: Bool = false
    ) {
        self.request = request
        self.action = action
        self.actor = actor
        self.role = role
        self.ofDepartment = ofDepartment
        self.note = note
        self.verdict = verdict
        self.department = department
        self.isConfirmed = isConfirmed
    }

    /// The verdicts by which a case is declined.
    package static let negatives: Set<Verdict> = [
        .falsePositive, .duplicate, .wrongKind, .outOfScope, .insufficientEvidence,
    ]

    /// What the site is told of it; nil for nothing. A department's word must not silence a camera: `handled` follows only
    /// from a check.
    package var review: Verdict? {
        switch action {
        case .accept: isConfirmed ? .confirmed : nil
        case .decline: verdict
        case .check: .handled
        default: nil
        }
    }
}

/// Why a step was not taken.
package enum CaseRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownCase(String)
    case unknownIncident(String)
    /// It does not fit the stage that the case has now: somebody was faster.
    case stage(CaseStage, CaseAction)
    case forbidden(CaseRole, CaseAction)
    /// The case is another department's.
    case otherDepartment
    /// The request had another step.
    case requestReused
    case invalid(String)

    package var description: String {
        switch self {
        case .unknownCase(let id): "there is no case \(id)"
        case .unknownIncident(let id): "there is no incident \(id)"
        case .stage(let stage, let action): "\(action.rawValue) does not fit: the case is \(stage.rawValue) now"
        case .forbidden(let role, let action): "a \(role.rawValue) may not \(action.rawValue)"
        case .otherDepartment: "the case is another department's"
        case .requestReused: "another step had this request id"
        case .invalid(let text): text
        }
    }
}

/// What a grid worker found at the place of an incident.
public enum Verdict: String, Sendable, Codable, CaseIterable {
    case confirmed
    case falsePositive = "false_positive"
    case duplicate
    case wrongKind = "wrong_kind"
    case outOfScope = "out_of_scope"
    case insufficientEvidence = "insufficient_evidence"
    case handled

    /// Whether the rule was right; nil where the verdict does not say.
    public var isRight: Bool? {
        switch self {
        case .confirmed, .handled: true
        case .falsePositive, .wrongKind: false
        case .duplicate, .outOfScope, .insufficientEvidence: nil
        }
    }
}

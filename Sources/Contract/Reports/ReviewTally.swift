public import Domain

/// What reviews say of one rule at one camera; each incident counts once, by its newest verdict.
public struct ReviewTally: Codable, Sendable, Hashable {
    public let camera: String
    public let kind: AlertKind
    /// `confirmed` or `handled`.
    public let right: Int
    /// `false_positive` or `wrong_kind`.
    public let wrong: Int
    /// Verdicts that do not say: `duplicate`, `out_of_scope`, `insufficient_evidence`.
    public let open: Int

    package init(camera: String, kind: AlertKind, right: Int, wrong: Int, open: Int) {
        self.camera = camera
        self.kind = kind
        self.right = right
        self.wrong = wrong
        self.open = open
    }

    /// The share of judged alerts that were right, 0…1; nil before the first judgement.
    public var precision: Double? { right + wrong > 0 ? Double(right) / Double(right + wrong) : nil }
}

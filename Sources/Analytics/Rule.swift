/// Judges one zone of one camera, look by look.
public protocol Rule: Sendable {
    /// Takes what one look gave; returns what this rule says of it.
    mutating func evaluate(_ look: Observation) -> [Finding]
}

/// Judges one zone of one camera, look by look.
public protocol Rule: Sendable {
    static var kind: AlertKind { get }

    /// Takes what stands still now and what has just ended; returns what this rule says of it.
    mutating func evaluate(_ scene: Scene, stays: [Stay], ended: [StayTracker.Ended]) -> [Finding]
}

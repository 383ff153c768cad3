/// How closely a camera is watched between its looks.
public enum Attention: Int, Sendable, Comparable {
    /// Not at all.
    case looks
    /// A burst frame every half second, for what drifts.
    case slowBurst
    /// Each picture, as fast as thirty a second, for what flickers.
    case burst

    public static func < (a: Attention, b: Attention) -> Bool { a.rawValue < b.rawValue }
}

/// Which pictures are decoded.
public enum Cadence: Sendable, Hashable {
    /// Key frames; where they come more rarely than every `promise` seconds, as much in between as that needs.
    case keyFrames(promise: Double)
    /// One picture every so many seconds; everything is decoded.
    case every(seconds: Double)
}

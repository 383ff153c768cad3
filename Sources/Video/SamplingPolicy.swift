/// Which pictures are decoded.
public enum SamplingPolicy: Sendable, Hashable {
    /// Key frames; where they come more rarely than every `promise` seconds, as much in between as that needs.
    /// Key frames that come sooner than `interval` after the last look are not looked at.
    case keyFrames(promise: Double, interval: Double = 0)
    /// One picture every so many seconds; everything is decoded.
    case every(seconds: Double)

    /// Seconds between two looks, at most.
    var longestRest: Double {
        switch self {
        case .every(let seconds): seconds
        case .keyFrames(let promise, let interval): max(promise, interval)
        }
    }

    /// Seconds within which a fault of the camera is stated: three looks, and with looks in their usual number 10 s.
    var longestFault: Double { max(10, longestRest * 3) }
}

/// For how long no whole picture has come, and when that is too long.
struct PictureWatch {
    enum Verdict {
        /// Longer than a fault may go unsaid. Once until the next picture.
        case isStarving
        /// The stream is broken, and is to be opened anew.
        case isOver
    }

    /// Seconds since the last picture that was whole: of a file by its stamps, of a stream by the clock.
    private(set) var barren = 0.0
    /// When `barren` was 0, by the clock.
    private var fruitful: Double
    /// It was said that no pictures come.
    private var isStarving = false
    private var lastStamp: Double?

    /// Seconds without a whole picture after which a stream counts as broken.
    private static let patience = 20.0
    /// Seconds in which two more looks are tried where one that was due has failed.
    private static let secondLook = 4.0

    /// - Parameter now: seconds of a clock that only runs, here and in all that follows.
    init(at now: Double) { fruitful = now }

    /// A whole picture came.
    mutating func notePicture(at now: Double) {
        excuse(at: now)
        isStarving = false
    }

    /// That none came until now is no fault of the stream.
    mutating func excuse(at now: Double) { (barren, fruitful) = (0, now) }

    /// Something came of a stream.
    mutating func noteClock(_ now: Double) { barren = now - fruitful }

    /// A packet of pictures came.
    ///
    /// - Parameter stamp: its own in seconds, in the order of decoding: that of showing goes to and fro.
    mutating func noteStamp(_ stamp: Double) {
        // A stamp that jumps is not a time without pictures.
        barren += min(1, max(0, stamp - (lastStamp ?? stamp)))
        lastStamp = stamp
    }

    /// - Parameters:
    ///   - promise: how long no look is needed by the looks themselves, in seconds; 0 where the sampling alone decides.
    ///   - refresh: seconds until a stream that refreshes its pictures gradually can be whole.
    mutating func verdict(
        _ sampling: SamplingPolicy, isStream: Bool, promise: Double, refresh: Double
    ) -> Verdict? {
        let rest = max(sampling.longestRest, promise)
        if barren >= Self.patience + refresh + rest { return .isOver }
        guard isStream, !isStarving, barren >= max(sampling.longestFault, rest + Self.secondLook) else { return nil }
        isStarving = true
        return .isStarving
    }
}

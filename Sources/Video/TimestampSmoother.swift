/// Holds the time that a live stream's stamps tell to a clock that only runs.
///
/// Between pictures the stamps are the better clock: the network delays what it brings. But they are the sender's word, and
/// may run many times too slowly or too fast, stand still or jump.
struct TimestampSmoother {
    /// Seconds that the time may be away from the clock, and that one step of the stamps may be longer or shorter than
    /// the clock's.
    static let stray = 10.0
    /// How fast the time is drawn to the clock: stamps that run wrong by up to this share never stray, and what comes
    /// late changes next to nothing.
    private static let pull = 0.001

    private var shift: Double
    private var last: (time: Double, clock: Double)

    /// Begins where a stamp means `time`, in seconds of the clock.
    init(_ stamp: Double, is time: Double, at clock: Double) {
        shift = time - stamp
        last = (time, clock)
    }

    /// The time of a stamp that arrives at `clock`, in seconds, and not before `earliest`.
    mutating func time(_ stamp: Double, at clock: Double, notBefore earliest: Double = -.infinity) -> Double {
        var time = stamp + shift
        let passed = clock - last.clock
        if abs(time - last.time - passed) > Self.stray { time = last.time + passed }
        let step = Self.pull * max(0, min(time - last.time, Self.stray))
        time += max(-step, min(step, clock - time))
        time = max(earliest, min(max(time, clock - Self.stray), clock + Self.stray))
        shift = time - stamp
        last = (time, clock)
        return time
    }
}

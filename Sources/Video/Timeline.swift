import Domain
import Foundation

/// Joins the sessions of one camera into one timeline, and says what wall-clock time each moment was.
///
/// Inside a session, time follows the presentation time stamps as far as `TimestampSmoother` lets them stray. Between sessions (a
/// reconnect) it follows a monotonic clock. A wall clock that steps changes nothing but the dates that are shown.
struct Timeline {
    private let isLive: Bool
    private var smoother: TimestampSmoother?
    private var last = -Double.infinity
    private let started: Double

    /// - Parameter started: media time of the first picture of a live camera.
    init(isLive: Bool, started: Double) {
        self.isLive = isLive
        self.started = started
    }

    /// A reconnect: the next stamp begins anew.
    mutating func interrupt() { smoother = nil }

    /// - Parameters:
    ///   - pts: seconds in the session's own time.
    ///   - uptime: seconds of a monotonic clock that began with the camera.
    mutating func time(pts: Double, uptime: Double) -> MediaTime {
        guard isLive else { return MediaTime(pts) }
        let clock = started + uptime
        var smoother = smoother ?? TimestampSmoother(pts, is: max(clock, last), at: clock)
        last = smoother.time(pts, at: clock, notBefore: last)
        self.smoother = smoother
        return MediaTime(last)
    }
}

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

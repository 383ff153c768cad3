import Domain
import Foundation

/// Joins the sessions of one camera into one timeline, and gives the wall-clock time of each moment.
///
/// Inside a session, time follows the presentation time stamps, within the limits of `TimestampSmoother`. Between
/// sessions (a reconnect) it follows a monotonic clock. A step of the wall clock changes only the displayed dates.
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

    /// A reconnect: the next stamp starts again.
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

/// Keeps the time of a live stream's stamps close to a monotonic clock.
///
/// Between pictures the stamps are more precise: the network delays their arrival. But they are set by the sender, and
/// may run much too slowly or too fast, stand still or jump.
struct TimestampSmoother {
    /// Largest difference of the time from the clock, and of one step of the stamps from that of the clock, in seconds.
    static let stray = 10.0
    /// Rate of correction towards the clock: stamps with a rate error up to this share never reach the limit, and late
    /// arrivals have almost no effect.
    private static let pull = 0.001

    private var shift: Double
    private var last: (time: Double, clock: Double)

    /// Starts where a stamp means `time`, in seconds of the clock.
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

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

import Analytics
import Foundation

/// Joins the sessions of one camera into one timeline, and says what wall-clock time each moment was.
///
/// Inside a session, time follows the presentation time stamps. Between sessions (a reconnect) it follows a monotonic
/// clock. A wall clock that steps changes nothing but the dates that are shown.
struct Timeline {
    /// A live picture whose stamp strays this far from the monotonic clock begins a new session, in seconds.
    private static let stray = 10.0
    /// How fast the stamps' time is drawn to the monotonic clock: a camera whose clock runs wrong by up to this share
    /// never strays, and a picture that comes late changes next to nothing.
    private static let pull = 0.001

    private let isLive: Bool
    private var origin: (pts: Double, time: Double)?
    private var last = -Double.infinity
    private let started: Double

    /// - Parameter started: media time of the first picture of a live camera.
    init(isLive: Bool, started: Double) {
        self.isLive = isLive
        self.started = started
    }

    /// A reconnect: the next stamp begins anew.
    mutating func interrupt() { origin = nil }

    /// - Parameters:
    ///   - pts: seconds in the session's own time.
    ///   - uptime: seconds of a monotonic clock that began with the camera.
    mutating func time(pts: Double, uptime: Double) -> MediaTime {
        guard isLive else { return MediaTime(pts) }
        let clock = started + uptime
        if origin == nil { origin = (pts, max(clock, last)) }
        var time = origin.map { $0.time + pts - $0.pts } ?? clock
        let step = Self.pull * max(0, min(time - last, Self.stray))
        if step > 0 {
            let pull = max(-step, min(step, clock - time))
            origin?.time += pull
            time += pull
        }
        if abs(time - clock) > Self.stray || time < last {
            time = max(clock, last)
            origin = (pts, time)
        }
        last = time
        return MediaTime(time)
    }
}

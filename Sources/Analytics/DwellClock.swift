import Domain
import Foundation

/// From when a dwell counts: from the beginning, or from when it became forbidden if that was later.
struct DwellClock: Sendable, Codable {
    var counts: MediaTime
    private var wasForbidden: Bool

    /// What an earlier run or an earlier picture saw may have begun before it was forbidden: that part does not count.
    init(since: MediaTime, _ scene: Scene, _ windows: TimeWindows, isForbidden: Bool) {
        let began = scene.date.addingTimeInterval(-(scene.time - since))
        let held = isForbidden ? windows.held(since: began, until: scene.date) : began
        counts = since + held.timeIntervalSince(began)
        wasForbidden = isForbidden
    }

    /// Judges the dwell again at the boundary of a window; true where it begins to count now.
    mutating func judge(isForbidden: Bool, at time: MediaTime) -> Bool {
        defer { wasForbidden = isForbidden }
        guard isForbidden, !wasForbidden else { return false }
        counts = time
        return true
    }
}

import Domain
import Foundation

/// A condition of a whole zone: it begins, has lasted too long, and is over after some looks without it.
struct LastingCondition: Sendable, Codable {
    /// Number of looks without it that end it.
    private static let clearLooks = 3

    private struct Cleared: Codable {
        var since: MediaTime
        var looks: Int
    }

    /// Seconds unseen (the camera was blind, it was night) after which it starts to count again.
    private static let longestUnseen = 60.0

    private var clock: DwellClock
    private var cleared: Cleared?
    private(set) var lastSeen: MediaTime
    private(set) var stood = false
    /// After a restart: absence before this time proves nothing.
    private var vouched: MediaTime?
    var why: [Incident.Reason]

    /// Begins with this look.
    init(_ scene: Scene, _ windows: TimeWindows, _ what: String, zh: String) {
        clock = DwellClock(since: scene.time, scene, windows, isForbidden: windows.contains(scene.date))
        lastSeen = scene.time
        why = [.init(at: scene.time, what: what, zh: zh)]
    }

    /// When its dwell starts to count.
    var counts: MediaTime { clock.counts }
    /// The phase while visible, and while not.
    var phase: Finding.Phase { stood ? .standing : .pending }
    var unseenPhase: Finding.Phase { stood ? .hidden : .pending }

    /// Resumes after a restart with `gap` seconds without looks.
    mutating func resume(after gap: Double) { vouched = lastSeen + gap }

    /// A look that shows it; returns its duration in seconds when that first exceeds the limit.
    mutating func lasts(_ scene: Scene, _ windows: TimeWindows, dwell: Double) -> Double? {
        let isForbidden = windows.contains(scene.date)
        if !stood, scene.time - max(lastSeen, vouched ?? lastSeen) > Self.longestUnseen { clock.counts = scene.time }
        lastSeen = scene.time
        vouched = nil
        cleared = nil
        _ = clock.judge(isForbidden: isForbidden, at: scene.time)
        let lasted = scene.time - clock.counts
        guard !stood, isForbidden, lasted >= dwell else { return nil }
        stood = true
        return lasted
    }

    /// A look without it; returns when it ended, once that is certain.
    mutating func rests(at time: MediaTime) -> MediaTime? {
        let now = Cleared(since: cleared?.since ?? time, looks: (cleared?.looks ?? 0) + 1)
        cleared = now
        return now.looks >= Self.clearLooks ? now.since : nil
    }
}

/// When a dwell starts to count: at its beginning, or when it became forbidden if that was later.
struct DwellClock: Sendable, Codable {
    var counts: MediaTime
    private var wasForbidden: Bool

    /// An object of an earlier run or picture may have been there before it was forbidden: that part does not count.
    init(since: MediaTime, _ scene: Scene, _ windows: TimeWindows, isForbidden: Bool) {
        let began = scene.date.addingTimeInterval(-(scene.time - since))
        let held = isForbidden ? windows.held(since: began, until: scene.date) : began
        counts = since + held.timeIntervalSince(began)
        wasForbidden = isForbidden
    }

    /// Re-evaluates the dwell at the boundary of a window; true when it starts to count now.
    mutating func judge(isForbidden: Bool, at time: MediaTime) -> Bool {
        defer { wasForbidden = isForbidden }
        guard isForbidden, !wasForbidden else { return false }
        counts = time
        return true
    }
}

import Domain
import Foundation

/// Something that is true of a whole zone for a while: it begins, has lasted too long, and is over after some looks
/// without it.
struct LastingCondition: Sendable, Codable {
    /// Looks without it that end it.
    private static let clearLooks = 3

    private struct Cleared: Codable {
        var since: MediaTime
        var looks: Int
    }

    /// Seconds in which it was not seen (the camera was blind, it was night), after which it begins to count anew.
    private static let longestUnseen = 60.0

    private var clock: DwellClock
    private var cleared: Cleared?
    private(set) var lastSeen: MediaTime
    private(set) var stood = false
    /// Until when nobody looked, after a restart: that it was not seen then says nothing.
    private var vouched: MediaTime?
    var why: [Incident.Reason]

    /// Begins with this look.
    init(_ scene: Scene, _ windows: TimeWindows, _ what: String) {
        clock = DwellClock(since: scene.time, scene, windows, isForbidden: windows.contains(scene.date))
        lastSeen = scene.time
        why = [.init(at: scene.time, what: what)]
    }

    /// From when its dwell counts.
    var counts: MediaTime { clock.counts }
    /// While it can be seen, and while it cannot.
    var phase: Finding.Phase { stood ? .standing : .pending }
    var unseenPhase: Finding.Phase { stood ? .hidden : .pending }

    /// Goes on after a restart in which nobody looked for `gap` seconds.
    mutating func resume(after gap: Double) { vouched = lastSeen + gap }

    /// A look that shows it; returns for how many seconds it has lasted where that is too long for the first time.
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

    /// A look without it; returns since when it is over, once it is.
    mutating func rests(at time: MediaTime) -> MediaTime? {
        let now = Cleared(since: cleared?.since ?? time, looks: (cleared?.looks ?? 0) + 1)
        cleared = now
        return now.looks >= Self.clearLooks ? now.since : nil
    }
}

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

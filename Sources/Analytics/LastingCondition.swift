/// Something that is true of a whole zone for a while: it begins, has lasted too long, and is over after some looks
/// without it.
struct LastingCondition: Sendable {
    /// Looks without it that end it.
    private static let clearLooks = 3

    private var clock: DwellClock
    private var cleared: (since: MediaTime, looks: Int)?
    private(set) var lastSeen: MediaTime
    private(set) var stood = false
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

    /// A look that shows it; returns for how many seconds it has lasted where that is too long for the first time.
    mutating func lasts(_ scene: Scene, _ windows: TimeWindows, dwell: Double) -> Double? {
        let isForbidden = windows.contains(scene.date)
        lastSeen = scene.time
        cleared = nil
        _ = clock.judge(isForbidden: isForbidden, at: scene.time)
        let lasted = scene.time - clock.counts
        guard !stood, isForbidden, lasted >= dwell else { return nil }
        stood = true
        return lasted
    }

    /// A look without it; returns since when it is over, once it is.
    mutating func rests(at time: MediaTime) -> MediaTime? {
        let now = (since: cleared?.since ?? time, looks: (cleared?.looks ?? 0) + 1)
        cleared = now
        return now.looks >= Self.clearLooks ? now.since : nil
    }
}

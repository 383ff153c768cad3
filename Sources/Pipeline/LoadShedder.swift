package import Domain
package import Video

/// Which kinds of violation a site promises no looks for, while it has more to look at than time.
///
/// The least severe kind first, and of equals by name; the last one stays. Pure; times are seconds of one clock.
package struct LoadShedder: Sendable {
    /// Where all of a camera's kinds are shed: its own faults are still found, late.
    package static let longestRest = 60.0
    /// Seconds from one reading of the load to the next.
    package static let interval = 10.0
    /// In this many readings in a row promises were broken: longer than it takes many cameras to start.
    private static let patience = 3
    /// The share of looks that came too late which is no accident, and how many there must be.
    private static let share = 0.05
    private static let least = 5
    /// Seconds without a late look before the last kind that was shed is tried again; twice as long after each try that failed.
    private static let trial = 60.0...1800.0

    /// The least severe first.
    package private(set) var shed: [AlertKind] = []
    private var last: LookDispatcher.Load?
    private var strained = 0
    private var calmSince: Double?
    private var pause = Self.trial.lowerBound
    private var triedAt: Double?

    package init() {}

    /// - Parameters:
    ///   - load: counts since the start.
    ///   - kinds: all that are watched for, with their severities; 1 is the highest.
    /// - Returns: whether `shed` has changed.
    package mutating func take(_ load: LookDispatcher.Load, of kinds: [AlertKind: Int], at now: Double) -> Bool {
        let before = shed
        let order = kinds.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
        shed = order.dropLast().filter(shed.contains)
        defer { last = load }
        guard let last else { return shed != before }
        let (needed, late) = (load.needed - last.needed, load.late - last.late)
        if late >= Self.least, Double(late) > Self.share * Double(needed) {
            (strained, calmSince) = (strained + 1, nil)
            if strained >= Self.patience, shed.count < order.count - 1 {
                shed.append(order[shed.count])
                strained = 0
                if let triedAt {
                    pause = now - triedAt <= 2 * pause ? min(Self.trial.upperBound, 2 * pause) : Self.trial.lowerBound
                }
                triedAt = nil
            }
        } else {
            strained = 0
            let calm = late == 0 ? calmSince ?? now : nil
            calmSince = calm
            if let calm, now - calm >= pause, shed.popLast() != nil { (calmSince, triedAt) = (nil, now) }
        }
        return shed != before
    }
}

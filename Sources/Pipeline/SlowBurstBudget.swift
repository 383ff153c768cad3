import Domain

/// Limits how long a camera may be looked at more often: decoding between key frames costs many times what key frames
/// cost, and some places would look like smoke indefinitely.
struct SlowBurstBudget {
    /// Longest run in seconds; rest that earns one second; seconds that must be earned before the next run.
    private static let longest = 60.0
    private static let rest = 5.0
    private static let least = 15.0

    private(set) var isOn = false
    private var left = SlowBurstBudget.longest
    private var last: MediaTime?

    /// - Parameter isWanted: whether more looks would help.
    mutating func decide(_ isWanted: Bool, at time: MediaTime) {
        let passed = max(0, last.map { time - $0 } ?? 0)
        last = time
        left = isOn ? max(0, left - passed) : min(Self.longest, left + passed / Self.rest)
        isOn = isWanted && left >= (isOn ? 0.001 : Self.least)
    }
}

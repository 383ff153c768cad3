import Domain

/// How long a camera may be looked at more often: pictures between key frames cost a decoder many times what key frames
/// cost, and some places would look like smoke for ever.
struct SlowBurstBudget {
    /// Seconds in a row at most; rest that earns one second; what must have been earned before it begins again.
    private static let longest = 60.0
    private static let rest = 5.0
    private static let least = 15.0

    private(set) var isOn = false
    private var left = SlowBurstBudget.longest
    private var last: MediaTime?

    /// - Parameter isWanted: whether more looks would tell more.
    mutating func decide(_ isWanted: Bool, at time: MediaTime) {
        let passed = max(0, last.map { time - $0 } ?? 0)
        last = time
        left = isOn ? max(0, left - passed) : min(Self.longest, left + passed / Self.rest)
        isOn = isWanted && left >= (isOn ? 0.001 : Self.least)
    }
}

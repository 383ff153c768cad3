import Domain

/// Limits the bursts of a camera: each decodes and scales pictures that nothing else needs, and some streets are full
/// of bright red objects.
struct BurstBudget: Sendable {
    /// The most bursts in a row, and the seconds in which one is earned. In the long run that is 1.6 s of each 25; at
    /// 1080p25 such a burst takes 0.37 s of the processor, which is 0.015 for each second where a busy camera takes 0.1
    /// (docs/bench.md).
    private static let most = 10.0
    private static let earning = 25.0
    /// Bursts that must be left for a place that has not flickered yet, since recognising flames takes several.
    private static let toBegin = 3.0

    /// Whether a burst may be taken for a place that has not flickered yet.
    var mayBegin: Bool { left >= Self.toBegin }
    /// Whether none was taken for long: then the next one starts without waiting.
    var isFull: Bool { left >= Self.most - 0.5 }

    private(set) var left = BurstBudget.most
    private var last: MediaTime?

    mutating func earn(until time: MediaTime) {
        left = min(Self.most, left + max(0, last.map { time - $0 } ?? 0) / Self.earning)
        last = time
    }

    mutating func spend() { left = max(0, left - 1) }
}

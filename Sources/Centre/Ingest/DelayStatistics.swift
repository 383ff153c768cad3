import Foundation

/// How long it takes, in classes that grow by a tenth: a few kilobytes, however many are counted.
struct DelayStatistics: Sendable, Hashable {
    /// Seconds; the first class holds what is shorter.
    private static let least = 0.001
    private static let growth = 1.1
    private static let classes = 180

    private var counts = [Int](repeating: 0, count: classes)
    private(set) var count = 0
    private(set) var longest = 0.0

    mutating func add(_ seconds: Double) {
        let position = seconds <= Self.least ? 0 : Int((log(seconds / Self.least) / log(Self.growth)).rounded(.up))
        counts[min(max(0, position), Self.classes - 1)] += 1
        count += 1
        longest = max(longest, seconds)
    }

    /// The time that this share of all stays below, to a tenth of it; 0 before the first.
    func quantile(_ share: Double) -> Double {
        let wanted = Int((Double(count) * share).rounded(.up))
        var sum = 0
        for (position, number) in counts.enumerated() {
            sum += number
            if sum >= wanted, sum > 0 { return min(longest, Self.least * pow(Self.growth, Double(position))) }
        }
        return longest
    }
}

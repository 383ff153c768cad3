/// Delays that double with each consecutive failure, with jitter so that a hundred clients do not return at once.
public struct Backoff: Sendable {
    /// Bounds in seconds.
    public let shortest: Double
    public let longest: Double
    private var failures = 0

    public init(shortest: Double = 0.5, longest: Double = 30) {
        self.shortest = shortest
        self.longest = longest
    }

    /// Seconds to wait before the next attempt.
    public mutating func next() -> Double {
        failures += 1
        let ceiling = max(shortest, min(longest, shortest * Double(1 << min(failures, 16))))
        return Double.random(in: max(shortest, ceiling / 2)...ceiling)
    }

    /// After a success.
    public mutating func reset() { failures = 0 }
}

import Foundation

/// Events counted over a time, as a rate with its 95 % interval: Garwood's exact one (1936), by bisection of the Poisson
/// distribution.
public struct PoissonRate: Sendable, Equatable {
    public let count: Int
    /// Events in a unit of `exposure`.
    public let rate: Double
    public let low: Double
    public let high: Double

    /// - Parameter exposure: the watched time, in the rate's units, above 0.
    public init(count: Int, exposure: Double) {
        self.count = count
        rate = Double(count) / exposure
        low = count == 0 ? 0 : Self.mean { 1 - Self.atMost(count - 1, $0) > 0.025 } / exposure
        high = Self.mean { Self.atMost(count, $0) < 0.025 } / exposure
    }

    /// The least mean for which `holds`, which is false below it and true above.
    private static func mean(_ holds: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 10.0)
        while !holds(high) { high *= 2 }
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle }
        }
        return high
    }

    /// The probability of at most `count` events where `mean` are expected.
    private static func atMost(_ count: Int, _ mean: Double) -> Double {
        guard mean > 0 else { return 1 }
        var sum = 0.0
        for index in 0...count { sum += exp(Double(index) * log(mean) - mean - lgamma(Double(index) + 1)) }
        return sum
    }
}

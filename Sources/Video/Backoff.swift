/// Waits that double with each failure in a row, with jitter so that a hundred cameras do not return at once.
struct Backoff {
    /// Seconds.
    var shortest = 0.5
    var longest = 30.0
    private(set) var failures = 0

    mutating func next<G: RandomNumberGenerator>(using generator: inout G) -> Double {
        failures += 1
        let ceiling = min(longest, shortest * Double(1 << min(failures, 16)))
        return Double.random(in: ceiling / 2...ceiling, using: &generator)
    }

    mutating func reset() { failures = 0 }
}

/// Waits that double with each failure in a row, with jitter so that many sites do not return at once.
struct Backoff {
    /// Seconds.
    let shortest: Double
    let longest: Double
    private var failures = 0

    init(shortest: Double, longest: Double) {
        self.shortest = shortest
        self.longest = longest
    }

    mutating func next() -> Double {
        let ceiling = min(longest, shortest * Double(1 << min(failures + 1, 16)))
        failures += 1
        return Double.random(in: max(shortest, ceiling / 2)...max(shortest, ceiling))
    }

    mutating func reset() { failures = 0 }
}

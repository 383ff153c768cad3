import Foundation

/// How long to wait for something that comes quickly on an ordinary machine, on this one.
///
/// A limit is there for a hang: on a machine that is slower, or busy with something else, it is longer.
public enum Patience {
    /// So many times as long as on the machine for which the limits are written; never less than once.
    ///
    /// Measured once, by the wall clock, so that what else the machine does counts. `GRIDWARDEN_SLOWNESS` in the
    /// environment is the least that it is.
    public static let slowness: Double = max(1, told, measured())

    private static let told = ProcessInfo.processInfo.environment["GRIDWARDEN_SLOWNESS"].flatMap(Double.init) ?? 1

    /// - Parameter seconds: on an ordinary machine.
    public static func seconds(_ seconds: Double) -> Duration { .seconds(seconds * slowness) }

    private static func measured() -> Double {
        var generator = SeededGenerator(seed: 1)
        var last: UInt64 = 0
        let time = ContinuousClock().measure { for _ in 0..<30_000_000 { last ^= generator.next() } }
        // So that the loop has a result.
        guard last != 0 else { return 1 }
        return time / .milliseconds(100)
    }
}

/// Waits until something is so.
///
/// Counted is the time in which it could ask: where other tests hold the threads for half a minute, one turn of asking and
/// waiting counts as five times its usual length.
///
/// - Parameter seconds: the longest wait on an ordinary machine (`Patience`).
/// - Returns: whether it came to be so.
public func eventually(seconds: Double = 20, _ condition: () throws -> Bool) async throws -> Bool {
    let (limit, pause) = (Patience.seconds(seconds), Duration.milliseconds(50))
    var waited = Duration.zero
    while waited < limit {
        let start = ContinuousClock.now
        if try condition() { return true }
        try await Task.sleep(for: pause)
        waited += min(start.duration(to: .now), pause * 5)
    }
    return try condition()
}

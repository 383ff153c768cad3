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

    /// Lets time pass for what is done on other threads: about `pause`, longer where those are held by other tests.
    ///
    /// The thread of a test is its own, and goes on while tasks without one, as those that a test starts, wait for half a
    /// minute behind other tests. So it is asked whether one of them would have run.
    ///
    /// - Returns: how much of it counts against a limit: no more than five times `pause`.
    static func pass(_ pause: Duration) async throws -> Duration {
        let start = ContinuousClock.now
        try await Task.sleep(for: pause)
        await Task {}.value
        return min(start.duration(to: .now), pause * 5)
    }
}

/// Waits until something is so.
///
/// Counted is the time in which it could come to be so: where other tests hold the threads for half a minute, one turn of
/// asking and waiting counts as five times its usual length.
///
/// - Parameter seconds: the longest wait on an ordinary machine (`Patience`).
/// - Returns: whether it came to be so.
public func eventually(seconds: Double = 20, _ condition: () throws -> Bool) async throws -> Bool {
    let limit = Patience.seconds(seconds)
    var waited = Duration.zero
    while waited < limit {
        if try condition() { return true }
        waited += try await Patience.pass(.milliseconds(50))
    }
    return try condition()
}

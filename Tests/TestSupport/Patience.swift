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
/// - Parameter seconds: the longest wait on an ordinary machine (`Patience`).
/// - Returns: whether it came to be so.
public func eventually(seconds: Double = 20, _ condition: () throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + Patience.seconds(seconds)
    while .now < end {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return try condition()
}

import Foundation
import TestSupport
import Testing

/// How long and how hard: `CHAOS=long` for the long form, `CHAOS_SEED=N` to repeat a run's choices, `CHAOS_STRICT=1`
/// where nothing may be skipped.
enum Campaign {
    private static let environment = ProcessInfo.processInfo.environment
    static let isLong = environment["CHAOS"] == "long"
    static let isStrict = environment["CHAOS_STRICT"] == "1"
    static let seed = environment["CHAOS_SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1_000_000)

    static func say(_ text: String) {
        FileHandle.standardError.write(Data("chaos: \(text)\n".utf8))
    }

    /// Says what this machine does not allow; a fault where nothing may be skipped.
    static func skip(_ text: String) {
        say(text)
        if isStrict { Issue.record("\(text); CHAOS_STRICT=1 lets nothing be skipped") }
    }
}

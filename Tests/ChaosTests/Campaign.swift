import Foundation
import TestSupport

/// How long and how hard: `CHAOS=long` for the long form, `CHAOS_SEED=N` to repeat a run's choices.
enum Campaign {
    static let isLong = ProcessInfo.processInfo.environment["CHAOS"] == "long"
    static let seed =
        ProcessInfo.processInfo.environment["CHAOS_SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1_000_000)

    static func say(_ text: String) {
        FileHandle.standardError.write(Data("chaos: \(text)\n".utf8))
    }
}

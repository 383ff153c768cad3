import Foundation
import Glibc

/// One line on standard error that shows how far a long job is; nothing where that is not a terminal.
final class ProgressBar {
    private static let width = 30
    private let label: String
    private var shown = -1

    init(label: String) { self.label = label }

    func show(_ share: Double) {
        // What a damaged file claims of its length may be anything.
        let share = max(0, min(1, share))
        let percent = Int(share * 100)
        guard isatty(STDERR_FILENO) == 1, percent != shown else { return }
        shown = percent
        let done = String(repeating: "#", count: Int(share * Double(Self.width)))
        let bar = done.padding(toLength: Self.width, withPad: "-", startingAt: 0)
        FileHandle.standardError.write(Data("\r\(label) [\(bar)] \(percent) % ".utf8))
    }

    func clear() {
        if shown >= 0 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

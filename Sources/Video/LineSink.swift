import Synchronization

/// A function that takes lines, and may be exchanged at any time.
final class LineSink: Sendable {
    /// A mutex that holds a bare function wraps it once more at each access, and calls get ever deeper.
    private struct Target {
        var take: (@Sendable (String) -> Void)?
    }

    private let target = Mutex(Target())

    func set(_ take: @escaping @Sendable (_ line: String) -> Void) { target.withLock { $0.take = take } }

    func pass(_ line: String) { target.withLock { $0.take }?(line) }
}

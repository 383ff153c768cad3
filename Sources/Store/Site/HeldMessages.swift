import Synchronization

/// Messages that are on the disk and wait a little for their pictures before anybody is sent them.
///
/// In memory only: after a kill none waits.
final class HeldMessages: Sendable {
    private struct Contents {
        var waiting: Set<Int64> = []
        /// Are being written anew; nobody may read them meanwhile.
        var filling: Set<Int64> = []
        var changes = 0

        var first: Int64? { waiting.union(filling).min() }
    }

    private let contents = Mutex(Contents())

    /// The first sequence that may not go out; nil where all may.
    var first: Int64? { contents.withLock { $0.first } }

    /// What `read` gives, which is told the first sequence that may not go out. It reads again where that, or what is written
    /// there, has changed meanwhile.
    func reading<T>(_ read: (_ first: Int64) throws -> T) rethrows -> T {
        while true {
            let (first, changes) = contents.withLock { ($0.first, $0.changes) }
            let result = try read(first ?? .max)
            if contents.withLock({ $0.changes }) == changes { return result }
        }
    }

    func hold(_ sequence: Int64) {
        contents.withLock { contents in
            contents.waiting.insert(sequence)
            contents.changes += 1
        }
    }

    /// Lets it go as it is; one that is being written anew goes afterwards.
    func release(_ sequence: Int64) { contents.withLock { _ = $0.waiting.remove(sequence) } }

    func releaseAll() { contents.withLock { $0.waiting = [] } }

    /// Whether the message is still here and may be written anew, until `finish`.
    func claim(_ sequence: Int64) -> Bool {
        contents.withLock { contents in
            guard contents.waiting.remove(sequence) != nil else { return contents.filling.contains(sequence) }
            contents.filling.insert(sequence)
            return true
        }
    }

    func finish(_ sequence: Int64) {
        contents.withLock { contents in
            if contents.filling.remove(sequence) != nil { contents.changes += 1 }
        }
    }
}

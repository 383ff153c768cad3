import Synchronization

/// Messages on the disk that are held back briefly until their pictures are ready.
///
/// In memory only: after a kill none is held.
final class HeldMessages: Sendable {
    private struct Contents {
        var waiting: Set<Int64> = []
        /// Messages being rewritten; must not be read meanwhile.
        var filling: Set<Int64> = []
        var changes = 0

        var first: Int64? { waiting.union(filling).min() }
    }

    private let contents = Mutex(Contents())

    /// The first held sequence; nil where there is none.
    var first: Int64? { contents.withLock { $0.first } }

    /// The result of `read`, which is given the first held sequence. Reads again where that, or the messages, have
    /// changed meanwhile.
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

    /// Releases a message unchanged; one being rewritten is released when that ends.
    func release(_ sequence: Int64) { contents.withLock { _ = $0.waiting.remove(sequence) } }

    func releaseAll() { contents.withLock { $0.waiting = [] } }

    /// Whether the message is still held and may be rewritten, until `finish`.
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

public import MQTT
import Synchronization

/// The retained states on their way to the broker, of each topic the newest.
///
/// Whoever posts waits for nothing: not for the broker, not for the disk, not for the publisher. A state that a newer one
/// replaces before it went out is never sent; what waits is bounded by the number of topics.
public final class StateMailbox: Sendable {
    private struct Contents {
        /// By topic, also those that have gone out: a new connection is told all of them.
        var newest: [String: MQTTMessage] = [:]
        /// The topics of those that have not, in the order in which they were first posted.
        var due: [String] = []
    }

    private let contents = Mutex(Contents())

    public init() {}

    /// Takes the place of an older state on the same topic.
    public func post(_ message: MQTTMessage) {
        contents.withLock { contents in
            contents.newest[message.topic] = message
            if !contents.due.contains(message.topic) { contents.due.append(message.topic) }
        }
    }

    /// Those that have not gone out, each once; whoever takes them sends them.
    func takeDue() -> [MQTTMessage] {
        contents.withLock { contents in
            defer { contents.due = [] }
            return contents.due.compactMap { contents.newest[$0] }
        }
    }

    /// All of them by topic, for a broker that may know none; none is due afterwards.
    func takeAll() -> [MQTTMessage] {
        contents.withLock { contents in
            contents.due = []
            return contents.newest.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Forgets the states on other topics.
    func keep(_ topics: Set<String>) {
        contents.withLock { contents in
            contents.newest = contents.newest.filter { topics.contains($0.key) }
            contents.due.removeAll { !topics.contains($0) }
        }
    }
}

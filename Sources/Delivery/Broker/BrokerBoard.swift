import Contract
import Domain
import MQTT
import Synchronization

/// What the publisher knows of the broker, for whoever asks: any thread may read it.
final class BrokerBoard: Sendable {
    private struct Words {
        var blocked: BlockedDelivery?
        var leftOut: [String] = []
        var unheard: [String] = []
    }

    private let words = Mutex(Words())

    /// The message that the broker refuses; nil where all goes out.
    var blocked: BlockedDelivery? {
        get { words.withLock { $0.blocked } }
        set { words.withLock { $0.blocked = newValue } }
    }

    /// Classes of topics and single topics over which the broker breaks the connection.
    var leftOut: [String] {
        get { words.withLock { $0.leftOut } }
        set { words.withLock { $0.leftOut = newValue } }
    }

    /// Filters that the broker has refused.
    var unheard: [String] {
        get { words.withLock { $0.unheard } }
        set { words.withLock { $0.unheard = newValue } }
    }

    /// How the broker is reached; nil without a connection.
    func link(of client: any BrokerClient) -> BrokerLink? {
        guard var link = client.link else { return nil }
        let words = words.withLock { $0 }
        let omitted = client.retains ? words.leftOut : BrokerObjections.classes
        link.omits = omitted.isEmpty ? nil : omitted
        link.unheard = words.unheard.isEmpty ? nil : words.unheard
        return link
    }
}

import Contract
import MQTT

/// Alerts on their way to the broker, each with the retained state of its incident. Only the publisher's actor uses it.
final class MQTTSink: Sink {
    private let line: BrokerLine
    /// Topics that this connection's broker takes. The first message on another one goes alone, so that none overtakes it
    /// where it is refused.
    private var allowed: Set<String> = []
    /// The message that was refused last, with a word.
    private var refused: AlertMessage?
    /// Sequence of the message on which the broker drops the connection.
    private var broke: Int64?

    let name = "broker"

    init(_ line: BrokerLine) { self.line = line }

    /// A new connection: its broker may be another one, or have other rules.
    func begin() { allowed = [] }

    /// Another broker is spoken with from now on.
    func goOver() { (refused, broke) = (nil, nil) }

    func limit(_ waiting: [AlertMessage]) -> Int {
        guard broke == nil else { return 1 }
        return max(1, waiting.prefix(line.window).prefix { allowed.contains($0.topic) }.count)
    }

    func send(_ messages: [AlertMessage]) async -> [DeliveryLoop.Outcome] {
        let isCautious = line.isCautious || broke != nil
        if isCautious, let message = messages.first {
            // Alone, so that the next break names the right one.
            await line.attempt { try await line.publish(retained: Self.openState(message)) }
            guard line.isConnected else { return messages.map { _ in .unknown } }
        }
        let sent = messages.map { message in
            // The retained state goes first: its acknowledgement is in when that of the alert comes.
            let state = Self.openState(message)
            return (
                message: message, open: !isCautious && line.isWanted(state) ? line.handOver(state) : nil,
                alert: line.handOver(
                    MQTTMessage(topic: message.topic, payload: message.payload), name: Self.thing(message))
            )
        }
        var outcomes: [DeliveryLoop.Outcome] = []
        var hasFault = false
        for (message, open, alert) in sent {
            if let open { await line.attempt { try await line.acknowledgement(of: open) } }
            do {
                try await line.acknowledgement(of: alert)
                allowed.insert(message.topic)
                broke = nil
                outcomes.append(.taken)
            } catch {
                outcomes.append(outcome(of: message, error, isFirst: !hasFault))
                hasFault = hasFault || error.kind != .unsendable
            }
        }
        return outcomes
    }

    private func outcome(of message: AlertMessage, _ error: MQTTError, isFirst: Bool) -> DeliveryLoop.Outcome {
        switch error.kind {
        case .unsendable: return .unsendable(reason: error.cause)
        case .refused, .settings:
            allowed.remove(message.topic)
            refused = message
            if line.hasHungUp(over: Self.thing(message)) { return breaks(message, error.cause) }
            return error.isAboutMessage
                ? .refused(reason: error.cause, remedy: error.remedy)
                : .failed(reason: error.cause, remedy: error.remedy)
        case .disconnected:
            // After breaks enough with this message under way it is to blame.
            guard isFirst, error.blamesMessage, line.isSuspected(Self.thing(message)) else { return .unknown }
            // NATS does so over each.
            let hasDot = line.topics.onWire(message.topic).contains(".")
            return breaks(
                message,
                error.cause
                    + (hasDot ? "; if it takes no dot in a topic, set broker.topic_kind: underscored" : ""))
        }
    }

    /// The message of this name, where the broker refused it last, and has hung up right after that.
    func hungUp(over thing: String, _ cause: String) -> (AlertMessage, DeliveryLoop.Outcome)? {
        guard let message = refused, Self.thing(message) == thing else { return nil }
        return (message, breaks(message, cause))
    }

    private func breaks(_ message: AlertMessage, _ cause: String) -> DeliveryLoop.Outcome {
        allowed.remove(message.topic)
        broke = message.sequence
        return .breaks(
            reason: "the broker breaks the connection over this message: \(cause)",
            remedy: "the broker's own log says why; it is tried again with growing waits")
    }

    /// It is not tried again: nothing need be sent with care on its account.
    func passedOver(_ message: AlertMessage) {
        allowed.remove(message.topic)
        if broke == message.sequence { broke = nil }
    }

    static func openState(_ message: AlertMessage) -> MQTTMessage {
        MQTTMessage(topic: message.openTopic, payload: message.isOpen ? message.payload : [], retain: true)
    }

    private static func thing(_ message: AlertMessage) -> String { "alert \(message.sequence)" }
}

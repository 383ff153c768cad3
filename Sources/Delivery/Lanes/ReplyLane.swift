import Contract
import Logging
import MQTT
import Store

/// Answers to requests, in the order in which they were given. Only the publisher's actor uses it.
final class ReplyLane {
    private let outbox: Outbox
    private let book: DeliveryBook
    private let line: BrokerLine
    private let logger: Logger

    init(outbox: Outbox, book: DeliveryBook, line: BrokerLine, logger: Logger) {
        self.outbox = outbox
        self.book = book
        self.line = line
        self.logger = logger
    }

    /// Sends all there are.
    func advance() async throws {
        while true {
            let replies = try outbox.replies(limit: BrokerLine.mostUnderWay, after: book.progress.reply ?? 0)
            guard !replies.isEmpty else { return }
            defer { book.settle() }
            let sent = replies.prefix(line.window).map { reply in
                let message = MQTTMessage(topic: reply.topic, payload: Array(reply.payload))
                return (number: reply.number, sending: line.handOver(message, name: Self.thing(reply.number)))
            }
            var fault: MQTTError?
            for (number, sending) in sent {
                do { try await line.acknowledgement(of: sending) } catch {
                    if error.kind == .disconnected, !line.isSuspected(Self.thing(number)) {
                        fault = fault ?? error
                    } else {
                        // An answer that nobody may have is worth no second attempt.
                        logger.error("a reply was refused", metadata: ["reason": "\(error)"])
                    }
                }
                if fault == nil { book.progress.reply = number }
            }
            if let fault { throw fault }
        }
    }

    private static func thing(_ number: Int64) -> String { "reply \(number)" }
}

import Contract
import Logging
import MQTT
import Store

/// Messages that a command asked for again. Only the publisher's actor uses it.
final class ReplayLane {
    private let outbox: Outbox
    private let book: DeliveryBook
    private let line: BrokerLine
    private let logger: Logger
    /// What the replay under way could not send so far.
    private var skipped: DeliveryProgress.Skipped?

    init(outbox: Outbox, book: DeliveryBook, line: BrokerLine, logger: Logger) {
        self.outbox = outbox
        self.book = book
        self.line = line
        self.logger = logger
    }

    /// Sends a part; false where nothing is left.
    ///
    /// What cannot be sent is passed over: the site has kept it, the broker may have changed.
    func advance() async throws -> Bool {
        guard let replay = try outbox.replayed(limit: BrokerLine.mostUnderWay, after: book.progress.replay)
        else { return false }
        var reasons: [String] = []
        var fault: MQTTError?
        var sent: [BrokerLine.Sending] = []
        for message in replay.messages {
            let name = "again \(message.sequence)"
            if line.isSuspected(name) {
                reasons.append("\(BrokerLine.breaking("publish to \(message.topic)"))")
                continue
            }
            do {
                sent.append(
                    line.handOver(MQTTMessage(topic: message.topic, payload: try message.backfilled()), name: name))
            } catch { reasons.append("message \(message.sequence) cannot be read: \(error)") }
        }
        for sending in sent {
            do { try await line.acknowledgement(of: sending) } catch {
                if error.kind == .disconnected { fault = fault ?? error } else { reasons.append("\(error)") }
            }
        }
        if let fault { throw fault }
        if let reason = reasons.first {
            logger.error(
                "messages could not be sent again", metadata: ["messages": "\(reasons.count)", "reason": "\(reason)"])
            if skipped?.replay != replay.number {
                skipped = .init(replay: replay.number, messages: 0, reason: reason)
            }
            skipped?.messages += reasons.count
        }
        let next = replay.messages.last.map { $0.sequence + 1 }
        book.progress.replay = .init(number: replay.number, next: next)
        if next == nil, skipped?.replay == replay.number {
            book.progress.replay?.skipped = skipped
            skipped = nil
        }
        book.settle()
        return true
    }
}

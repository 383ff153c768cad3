import Contract
import Foundation
import Logging
import MQTT
import Runtime
import Store

/// The alerts, in sequence. Only the publisher's actor uses it.
final class AlertLane {
    private let outbox: Outbox
    private let book: DeliveryBook
    private let sink: MQTTSink
    private let line: BrokerLine
    private let site: SiteLane
    private let board: BrokerBoard
    private let secrets: KnownSecrets
    private let logger: Logger
    private let chance: @Sendable () -> Double
    private let waits: DeliveryLoop.Waits
    private var loop: DeliveryLoop

    /// - Parameter chance: 0…1, evenly spread: a hundred boxes must not come back at once.
    init(
        outbox: Outbox, book: DeliveryBook, line: BrokerLine, site: SiteLane, board: BrokerBoard,
        secrets: KnownSecrets, refusals: DeliveryLoop.Refusals, waits: DeliveryLoop.Waits,
        chance: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.outbox = outbox
        self.book = book
        self.line = line
        self.site = site
        self.board = board
        self.secrets = secrets
        self.chance = chance
        self.logger = logger
        sink = MQTTSink(line)
        self.waits = waits
        loop = DeliveryLoop(refusals: refusals, waits: waits)
    }

    func begin() { sink.begin() }

    /// Another broker is spoken with from now on: what the one before refused is tried at once.
    func goOver() {
        loop = DeliveryLoop(refusals: loop.refusals, waits: waits)
        board.blocked = nil
        sink.goOver()
    }

    /// What becomes of refusals from now on; what was held for one is tried at once.
    func adopt(_ refusals: DeliveryLoop.Refusals) {
        if refusals != loop.refusals { loop = DeliveryLoop(refusals: refusals, waits: waits) }
    }

    /// Seconds until the next attempt with a message that is held; nil where none is.
    var rest: Double? {
        guard board.blocked != nil, case .rest(let until) = loop.next(now: now) else { return nil }
        return until - now
    }

    /// Sends as many as may be under way; false where none waits. Throws where they wait for the broker, or the disk.
    func advance() async throws -> Bool {
        let waiting = try outbox.pending(limit: BrokerLine.mostUnderWay, after: book.progress)
        guard !waiting.isEmpty else { return false }
        // Also after the message was evicted: when the outbox is full, its successor usually fails too.
        if case .rest = loop.next(now: now), let blocked = board.blocked { throw resting(blocked) }
        let batch = Array(waiting.prefix(sink.limit(waiting)))
        let outcomes = await sink.send(batch)
        var first: (message: AlertMessage, outcome: DeliveryLoop.Outcome)?
        for (message, outcome) in zip(batch, outcomes) where !conclude(message, outcome, isFirst: first == nil) {
            first = first ?? (message, outcome)
        }
        book.settle()
        guard let first else {
            await tell(nil)
            return true
        }
        if case .unknown = first.outcome { throw MQTTError.notConnected("publish to \(first.message.topic)") }
        let blocked = blocked(first.message)
        guard line.isConnected else {
            board.blocked = blocked
            throw MQTTError.notConnected("publish to \(first.message.topic)")
        }
        await tell(blocked)
        throw resting(blocked)
    }

    /// Whether the message is done with.
    ///
    /// - Parameter isFirst: all before it are; otherwise what becomes of it says nothing about them.
    private func conclude(_ message: AlertMessage, _ outcome: DeliveryLoop.Outcome, isFirst: Bool) -> Bool {
        var other = DeliveryLoop(refusals: loop.refusals)
        let conclusion =
            isFirst
            ? loop.conclude(outcome, now: now, chance: chance())
            : other.conclude(outcome, now: now, chance: 1)
        switch conclusion {
        case .advance: book.progress.messages[message.sequence] = Date()
        case .giveUp(let reason): passOver(message, reason)
        case .drop(let reason):
            logger.error("a message is dropped", metadata: ["sequence": "\(message.sequence)", "reason": "\(reason)"])
            book.progress.unsendable[message.sequence] = reason
        case .again: return false
        }
        return true
    }

    /// The connection has ended; right before that the broker refused this.
    func hungUp(over thing: String, _ cause: String) {
        guard let (message, outcome) = sink.hungUp(over: thing, cause) else { return }
        // Reported in the first state message of the next connection.
        if !conclude(message, outcome, isFirst: true) { board.blocked = blocked(message) }
    }

    /// The broker does not take this one, and the others do not wait for it.
    private func passOver(_ message: AlertMessage, _ cause: String) {
        let reason = secrets.redact(cause)
        sink.passedOver(message)
        logger.error(
            "the broker refuses a message, it is kept as a dead letter",
            metadata: ["sequence": "\(message.sequence)", "topic": "\(message.topic)", "reason": "\(reason)"])
        book.progress.refused[message.sequence] = reason
    }

    private func tell(_ blocked: BlockedDelivery?) async {
        guard blocked != board.blocked else { return }
        board.blocked = blocked
        await site.refresh()
    }

    private func blocked(_ message: AlertMessage) -> BlockedDelivery {
        BlockedDelivery(
            message, topic: line.topics.onWire(message.topic), reason: secrets.redact(loop.trouble?.reason ?? ""))
    }

    private func resting(_ blocked: BlockedDelivery) -> MQTTError {
        MQTTError(
            kind: .refused, operation: "publish to \(blocked.topic)", cause: blocked.reason,
            remedy: loop.trouble?.remedy)
    }

    /// Seconds, by a clock that only runs.
    private var now: Double { ProcessInfo.processInfo.systemUptime }
}

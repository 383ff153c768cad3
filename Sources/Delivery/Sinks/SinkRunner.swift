import Contract
public import Foundation
public import Logging
public import Store
import Threading

/// Brings the messages of the store to one sink, one at a time and in sequence, for as long as it runs.
public actor SinkRunner {
    /// Messages that are read from the store at a time.
    private static let batch = 50
    /// Seconds after which a store that could not be read or written is asked again.
    private static let storeWait = 2.0

    // The store blocks.
    private nonisolated let executor = DedicatedThread(name: "sink")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated let name: String
    private let sink: any Sink
    private let outbox: Outbox
    private let logger: Logger
    private let now: @Sendable () -> Double
    private let sleep: @Sendable (Double) async -> Void
    private var loop: DeliveryLoop
    /// What the sink is done with and the disk does not know yet, and why it was refused.
    private var done: (message: AlertMessage, refusal: String?)?
    private var storeFault: String?
    private let board: SinkBoard
    private let changed: @Sendable () -> Void
    private let wakeups: AsyncStream<Void>
    private nonisolated let wakeup: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - board: is told what troubles the sink.
    ///   - changed: called when that changes.
    ///   - now: seconds, by a clock that only runs.
    ///   - sleep: returns after so many seconds, or when it is cancelled.
    public init(
        _ sink: sending any Sink, refusals: DeliveryLoop.Refusals, outbox: Outbox, board: SinkBoard, logger: Logger,
        changed: @escaping @Sendable () -> Void = {},
        now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime },
        sleep: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }
    ) {
        name = sink.name
        self.sink = sink
        self.outbox = outbox
        self.logger = logger
        self.board = board
        self.changed = changed
        self.now = now
        self.sleep = sleep
        loop = DeliveryLoop(refusals: refusals)
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Says that the store holds something new.
    public nonisolated func notify() { wakeup.yield() }

    /// Sends until it is cancelled. What is under way then is broken off: it goes again after the next start, and bears the
    /// same id.
    public func run() async {
        wakeup.yield()
        await withTaskCancellationHandler {
            for await _ in wakeups {
                guard !Task.isCancelled else { break }
                await sendAll()
            }
        } onCancel: { [wakeup] in
            wakeup.finish()
        }
        // On a disk that takes nothing it goes again, under the same id.
        try? settle()
        await sink.close()
    }

    private func sendAll() async {
        while !Task.isCancelled {
            do {
                try settle()
                let messages = try outbox.pending(sink: name, limit: Self.batch)
                guard !messages.isEmpty else { return }
                for message in messages {
                    if sink.wants(message) {
                        try settle()
                        guard await send(message) else { return }
                    } else {
                        // Of a run of messages for others the last one is enough.
                        done = (message, nil)
                    }
                }
                try settle()
                storeFault = nil
            } catch {
                if storeFault != error.cause {
                    logger.error(
                        "what a sink has had cannot be written down, or read",
                        metadata: ["sink": "\(name)", "error": "\(error)"])
                }
                storeFault = error.cause
                await sleep(Self.storeWait)
            }
        }
    }

    /// Writes down what the sink is done with. While the disk takes nothing it stays in memory, and is not sent again.
    private func settle() throws(OutboxError) {
        guard let done else { return }
        try outbox.settle(sink: name, through: done.message, refusal: done.refusal)
        self.done = nil
    }

    /// Returns once the sink is done with the message; false where it was cancelled before.
    private func send(_ message: AlertMessage) async -> Bool {
        while !Task.isCancelled {
            if case .rest(let until) = loop.next(now: now()) {
                await sleep(max(0.01, until - now()))
                continue
            }
            guard let outcome = await sink.send([message]).first else { return false }
            guard !Task.isCancelled || outcome == .taken else { return false }
            let before = loop.trouble
            let conclusion = loop.conclude(outcome, now: now(), chance: .random(in: 0...1))
            tell(before, message)
            switch conclusion {
            case .advance: done = (message, nil)
            case .giveUp(let reason), .drop(let reason):
                let reason = board.redact(reason)
                logger.error(
                    "a sink refused a message, it is kept as a dead letter",
                    metadata: ["sink": "\(name)", "sequence": "\(message.sequence)", "reason": "\(reason)"])
                done = (message, reason)
            case .again: continue
            }
            return true
        }
        return false
    }

    /// One line for each new reason, and one when it is over.
    private func tell(_ before: DeliveryLoop.Trouble?, _ message: AlertMessage) {
        let trouble = loop.trouble
        board.set(
            trouble, of: name, sequence: message.sequence,
            since: Date(timeIntervalSinceNow: (trouble?.since ?? 0) - now()))
        guard before?.reason != trouble?.reason else { return }
        changed()
        if let trouble {
            logger.warning(
                trouble.isRefusal ? "a sink refuses a message, the others wait behind it" : "a sink takes nothing now",
                metadata: ["sink": "\(name)", "sequence": "\(message.sequence)", "reason": "\(trouble.reason)"])
        } else {
            logger.notice("a sink takes messages again", metadata: ["sink": "\(name)"])
        }
    }
}

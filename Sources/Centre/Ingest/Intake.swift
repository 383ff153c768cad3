import MQTT
import Synchronization
import Threading

/// A message as it came from a broker.
struct Received: Sendable {
    var message: MQTTMessage
    /// Seconds since 1970, by this machine's clock.
    var at: Double
    /// Which of the configured brokers had it.
    var broker: Int
}

/// What has come and is not written yet, between the threads of the brokers and the one that writes; bounded in messages and
/// bytes.
///
/// A connection waits for room for a while, so that its broker keeps what follows. What finds no room even then is dropped and
/// counted: libmosquitto has acknowledged it already, so it is asked for by its sequence.
final class Intake: Sendable {
    private struct State {
        var waiting: [Received] = []
        var bytes = 0
        var dropped = 0
        var isClosed = false
    }

    /// Seconds of one wait for more, and the messages in it that are worth another one: where fewer come than 500 a second, there is
    /// time to write them at once.
    private static let step = 0.01
    private static let worthWaiting = 5

    private let mostMessages: Int
    private let mostBytes: Int
    /// Seconds for which a connection waits for room.
    private let patience: Double
    private let state = Mutex(State())
    private let arrived = MonotonicEvent()
    private let taken = MonotonicEvent()

    init(mostMessages: Int = 20_000, mostBytes: Int = 64 << 20, patience: Double = 5) {
        self.mostMessages = mostMessages
        self.mostBytes = mostBytes
        self.patience = patience
    }

    var waiting: Int { state.withLock(\.waiting.count) }
    var dropped: Int { state.withLock(\.dropped) }

    /// Blocks while there is no room, for a few seconds at most.
    func put(_ received: Received) {
        var left = patience
        while true {
            let outcome: Bool? = state.withLock { state in
                guard !state.isClosed else { return true }
                guard state.waiting.count < mostMessages, state.bytes < mostBytes else {
                    if left <= 0 { state.dropped += 1 }
                    return left <= 0 ? true : nil
                }
                state.waiting.append(received)
                state.bytes += received.message.payload.count
                // The writer takes everything at once: one signal is enough.
                return state.waiting.count == 1 ? false : true
            }
            switch outcome {
            case true?: return
            case false?: return arrived.signal()
            case nil:
                taken.wait(seconds: 0.1)
                left -= 0.1
            }
        }
    }

    /// What waits, in the order in which it came: at once where there is as much as `most`, else what has come within the time.
    /// Empty where nothing has, or once it is closed.
    ///
    /// - Parameter pause: seconds for which more is waited for once something has come; the longer time while much comes.
    func take(most: Int, within seconds: Double, gathering pause: ClosedRange<Double>) -> [Received] {
        if waiting == 0 { arrived.wait(seconds: seconds) }
        // A batch costs one commit, whatever it holds.
        if waiting > 0 { gathered(most, pause) }
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(batch.count)
            state.bytes -= batch.reduce(0) { $0 + $1.message.payload.count }
            return batch
        }
        if !batch.isEmpty { taken.signal() }
        return batch
    }

    private func gathered(_ most: Int, _ pause: ClosedRange<Double>) {
        var (waited, before) = (0.0, waiting)
        while waited < pause.upperBound, waiting < most, !isClosed {
            arrived.wait(seconds: Self.step)
            waited += Self.step
            let now = waiting
            guard waited < pause.lowerBound || now - before >= Self.worthWaiting else { return }
            before = now
        }
    }

    /// Nothing more is taken in.
    func close() {
        state.withLock { $0.isClosed = true }
        arrived.signal()
        taken.signal()
    }

    var isClosed: Bool { state.withLock(\.isClosed) }
}

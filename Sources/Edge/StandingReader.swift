import Dispatch
import Store
import Synchronization
import Threading

/// The state of the outbox for status requests; while its disk hangs, the last one that could be read.
final class StandingReader: Sendable {
    struct Unanswered: Error, CustomStringConvertible {
        let description = "the store does not answer: see to the disk of state_directory"
    }

    private struct State {
        var last: (standing: OutboxStanding, at: Double)?
        var isReading = false
    }

    private let patience: Double
    private let read: @Sendable () throws -> OutboxStanding
    private let state = Mutex(State())

    /// - Parameters:
    ///   - patience: seconds for one reading; a slow card answers within it.
    ///   - read: may never return; it is not called again until it does.
    init(patience: Double = 2, _ read: @escaping @Sendable () throws -> OutboxStanding) {
        self.patience = patience
        self.read = read
    }

    /// Blocks for `patience` at most. Throws the store's error, or that the store has never answered.
    ///
    /// - Returns: the state, and its age in seconds where the current one is unknown.
    func standing() throws -> (standing: OutboxStanding, age: Double?) {
        let isFree = state.withLock { state in
            defer { state.isReading = true }
            return !state.isReading
        }
        if isFree {
            let call = BlockingCall(named: "standing") { [self] in
                let result = Result { try read() }
                state.withLock { state in
                    state.isReading = false
                    if case .success(let standing) = result { state.last = (standing, Self.uptime()) }
                }
                return result
            }
            if let result = call.value(within: patience) { return (try result.get(), nil) }
        }
        guard let last = state.withLock(\.last) else { throw Unanswered() }
        let age = Self.uptime() - last.at
        // A concurrent request is not a sign of a hanging disk.
        return (last.standing, age > patience ? age : nil)
    }

    private static func uptime() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}

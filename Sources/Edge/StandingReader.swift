import Dispatch
import Store
import Synchronization
import Threading

/// How the outbox stands, for those who ask; while its disk hangs, how it stood when it could last be read.
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
    ///   - read: may never return; then nobody calls it again until it does.
    init(patience: Double = 2, _ read: @escaping @Sendable () throws -> OutboxStanding) {
        self.patience = patience
        self.read = read
    }

    /// Blocks for `patience` at most. Throws what the store throws, or that it has never answered.
    ///
    /// - Returns: with the seconds since it was so, where it is not known how it stands now.
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
        // Another one who asks at the same moment is no hanging disk.
        return (last.standing, age > patience ? age : nil)
    }

    private static func uptime() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}

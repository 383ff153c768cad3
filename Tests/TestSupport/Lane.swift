import Synchronization

/// A queue with so many places: who finds none free waits, without a thread, and is served in turn.
public final class Lane: Sendable {
    private struct State {
        var taken = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let places: Int
    private let lender: Lane?

    /// - Parameter lender: gives another place while nobody is in it, until somebody asks for one of its own.
    public init(places: Int, lender: Lane? = nil) {
        self.places = places
        self.lender = lender
    }

    /// Runs `body` in a place, which is given back however it ends.
    public func withPlace<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        await take()
        defer {
            state.withLock { $0.taken -= 1 }
            admit()
        }
        return try await body()
    }

    /// Whether nobody is in it, or waits for it.
    var isEmpty: Bool { state.withLock { $0.taken == 0 && $0.waiting.isEmpty } }

    private func take() async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append(continuation) }
            admit()
        }
    }

    /// Serves those who have waited longest, as long as there are places. A lane that lends calls it when it has become empty.
    func admit() {
        let places = places + (lender?.isEmpty == true ? 1 : 0)
        let next = state.withLock { state in
            let count = max(0, min(state.waiting.count, places - state.taken))
            defer { state.waiting.removeFirst(count) }
            state.taken += count
            return state.waiting.prefix(count)
        }
        for continuation in next { continuation.resume() }
    }
}

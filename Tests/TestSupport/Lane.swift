import Synchronization

/// A queue with so many places: who finds none free waits, without a thread, and is served by rank and in turn.
public final class Lane: Sendable {
    private struct Waiter {
        let rank: Double
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var taken = 0
        /// In the order in which they are served.
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())
    let places: Int
    private let lender: Lane?

    /// - Parameter lender: gives another place while nobody is in it, until somebody asks for one of its own.
    public init(places: Int, lender: Lane? = nil) {
        self.places = places
        self.lender = lender
    }

    /// Runs `body` in a place, which is given back however it ends.
    ///
    /// - Parameter rank: who has a higher one is served first; among equals, who has waited longest.
    public func withPlace<Result>(rank: Double = 0, _ body: () async throws -> Result) async rethrows -> Result {
        await take(rank)
        defer {
            state.withLock { $0.taken -= 1 }
            admit()
        }
        return try await body()
    }

    /// Whether nobody is in it, or waits for it.
    var isEmpty: Bool { state.withLock { $0.taken == 0 && $0.waiting.isEmpty } }

    /// How many wait for a place.
    var queue: Int { state.withLock(\.waiting.count) }

    private func take(_ rank: Double) async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                let place = state.waiting.firstIndex { $0.rank < rank } ?? state.waiting.endIndex
                state.waiting.insert(Waiter(rank: rank, continuation: continuation), at: place)
            }
            admit()
        }
    }

    /// Serves those who are first, as long as there are places. A lane that lends calls it when it has become empty.
    func admit() {
        let places = places + (lender?.isEmpty == true ? 1 : 0)
        let next = state.withLock { state in
            let count = max(0, min(state.waiting.count, places - state.taken))
            defer { state.waiting.removeFirst(count) }
            state.taken += count
            return state.waiting.prefix(count)
        }
        for waiter in next { waiter.continuation.resume() }
    }
}

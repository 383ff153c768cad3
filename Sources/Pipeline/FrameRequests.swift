import Foundation
import Synchronization
package import Video

/// Requests that wait for the next picture of a camera.
package final class FrameRequests: Sendable {
    private struct State {
        var waiting: [AsyncStream<Frame>.Continuation] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    /// The next picture; nil where none comes within the time, or the camera has stopped.
    package func next(within duration: Duration) async -> Frame? {
        let (frames, continuation) = AsyncStream<Frame>.makeStream()
        let isClosed = state.withLock { state in
            if !state.isClosed { state.waiting.append(continuation) }
            return state.isClosed
        }
        if isClosed { return nil }
        let deadline = Task {
            try? await Task.sleep(for: duration)
            continuation.finish()
        }
        defer { deadline.cancel() }
        for await frame in frames { return frame }
        return nil
    }

    package func hand(_ frame: Frame) {
        for waiting in take(isLast: false) {
            waiting.yield(frame)
            waiting.finish()
        }
    }

    /// Ends all requests: no picture follows.
    package func close() { for waiting in take(isLast: true) { waiting.finish() } }

    private func take(isLast: Bool) -> [AsyncStream<Frame>.Continuation] {
        state.withLock { state in
            defer { state.waiting = [] }
            if isLast { state.isClosed = true }
            return state.waiting
        }
    }
}

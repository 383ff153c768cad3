import Contract
import Domain
import Synchronization
import Video

/// The one list of a site's cameras: those that are configured, and of them those that run at the moment or have come to the end
/// of their file. Whoever needs the first follows `changes`, whoever needs the second asks.
final class CameraRegistry: Sendable {
    private struct State {
        var configured: [CameraIdentity]
        var running: [CameraService] = []
        var followers: [Int: AsyncStream<[CameraIdentity]>.Continuation] = [:]
        var last = 0
    }

    private let state: Mutex<State>

    init(_ configured: [CameraIdentity] = []) { state = Mutex(State(configured: configured)) }

    var configured: [CameraIdentity] { state.withLock { $0.configured } }

    /// By their ids.
    var services: [CameraService] {
        get { state.withLock { $0.running } }
        set {
            let sorted = newValue.sorted { $0.camera.id < $1.camera.id }
            state.withLock { $0.running = sorted }
        }
    }

    /// From now on these are configured.
    func adopt(_ cameras: [CameraIdentity]) {
        state.withLock { state in
            state.configured = cameras
            // Under the lock, so that nobody ends with an older list.
            for follower in state.followers.values { follower.yield(cameras) }
        }
    }

    /// The cameras that are configured now, then at each change; who is slow gets the newest only.
    func changes() -> AsyncStream<[CameraIdentity]> {
        let (stream, continuation) = AsyncStream<[CameraIdentity]>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.last += 1
            state.followers[state.last] = continuation
            continuation.yield(state.configured)
            return state.last
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.followers[number] = nil } }
        return stream
    }
}

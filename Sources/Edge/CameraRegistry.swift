import Contract
import Domain
import Synchronization
import Video

/// The list of a site's cameras: the configured ones, and of those the ones that run at the moment or have reached the
/// end of their file. The former are followed by `changes`, the latter are queried.
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

    /// By id.
    var services: [CameraService] {
        get { state.withLock { $0.running } }
        set {
            let sorted = newValue.sorted { $0.camera.id < $1.camera.id }
            state.withLock { $0.running = sorted }
        }
    }

    /// Sets the configured cameras.
    func adopt(_ cameras: [CameraIdentity]) {
        state.withLock { state in
            state.configured = cameras
            // Under the lock, so that no follower ends with an older list.
            for follower in state.followers.values { follower.yield(cameras) }
        }
    }

    /// The configured cameras, now and at each change; a slow reader gets the newest list only.
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

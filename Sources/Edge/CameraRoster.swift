import Synchronization
import Video

/// The cameras that run at the moment, or have come to the end of their file, for everybody who asks.
final class CameraRoster: Sendable {
    private let running = Mutex<[CameraService]>([])

    /// By their ids.
    var services: [CameraService] {
        get { running.withLock { $0 } }
        set { running.withLock { $0 = newValue.sorted { $0.camera.id < $1.camera.id } } }
    }
}

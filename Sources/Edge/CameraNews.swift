import Synchronization

/// Tells whoever wants to know of cameras whose state has changed.
final class CameraNews: Sendable {
    private let listeners = Mutex<[@Sendable (_ camera: String) -> Void]>([])

    /// - Parameter body: must not wait.
    func observe(_ body: @escaping @Sendable (_ camera: String) -> Void) { listeners.withLock { $0.append(body) } }

    func tell(_ camera: String) { for listener in listeners.withLock(\.self) { listener(camera) } }
}

import Threading
import Video

/// Decodes the pictures that somebody looks back at, on a thread of its own: a decoder is waited for.
actor PastReader {
    static let shared = PastReader()

    private let thread = DedicatedThread(name: "look-back")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// See `PastPictures`.
    func picture(_ index: Int, of past: PastPictures, before frame: Frame) -> Frame? {
        past.picture(index, before: frame)
    }
}

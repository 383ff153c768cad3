import Domain
import TestSupport
package import Video

/// A camera that plays a generated clip of 320×180 pixels.
package enum PlayedCamera {
    /// Its first picture, with the key frame of which that was decoded.
    package static func firstFrame() async throws -> Frame? {
        let folder = try TemporaryFolder()
        let path = try Footage.makeTestClip(in: folder, seconds: 2, size: (320, 180), gop: 5)
        let clip = try withExtendedLifetime(folder) { try MemoryClip(path: path) }
        let camera = Camera(id: "c", settings: Camera.Settings(url: CameraURL(path)), clip: PacedClip(clip))
        let running = Task { await camera.run(from: MediaTime(0)) }
        var frames = camera.frames.makeAsyncIterator()
        let first = await frames.next()
        camera.stop()
        await running.value
        return first
    }
}

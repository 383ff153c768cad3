package import Domain
import Edge
import Synchronization
package import Video

/// A stream that shows what it is told to, one picture after the other.
package final class ScriptedSource: CameraSource {
    package let id: String
    package let frames: AsyncStream<Frame>
    package let states: AsyncStream<CameraState>
    private let began = Mutex<MediaTime?>(nil)
    private let wish = Mutex<Attention?>(nil)
    private let stopped = Atomic(false)
    private let shown: AsyncStream<Frame>.Continuation
    private let state: AsyncStream<CameraState>.Continuation
    private let end = AsyncStream<Void>.makeStream()
    /// One element for each picture that was asked for: the one before it is done with.
    private let asked: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation
    private let isWatched = Atomic(false)
    /// As while a name server does not answer.
    private let hangs: Bool

    /// - Parameter hangs: a stop does not end it.
    package init(_ id: String = "cam-01", hangs: Bool = false) {
        (self.id, self.hangs) = (id, hangs)
        counters = Camera(id: id, settings: .init(url: CameraURL("rtsp://127.0.0.1:1/"))).counters
        let (pictures, shown) = AsyncStream<Frame>.makeStream()
        let (asked, ask) = AsyncStream<Void>.makeStream()
        (self.shown, self.asked, self.ask) = (shown, asked, ask)
        frames = AsyncStream {
            ask.yield()
            for await picture in pictures { return picture }
            return nil
        }
        (states, state) = AsyncStream.makeStream()
    }

    /// Where the media time began; nil before it runs.
    package var start: MediaTime? { began.withLock(\.self) }
    package var attention: Attention? { wish.withLock(\.self) }
    package var isStopped: Bool { stopped.load(ordering: .relaxed) }
    /// Of a camera that never ran.
    package let counters: Camera.Counters
    package var secondsSinceProgress: Double { 0 }
    package var longestSilence: Double { 60 }

    package func run(from started: MediaTime) async {
        began.withLock { $0 = started }
        for await _ in end.stream {}
    }

    package func watch(with attention: Attention, rest: Rest?) { wish.withLock { $0 = attention } }

    package func stop() {
        stopped.store(true, ordering: .relaxed)
        if !hangs { letGo() }
    }

    /// Ends the run, as a file does by itself.
    package func letGo() {
        shown.finish()
        state.finish()
        end.continuation.finish()
        ask.finish()
    }

    /// Returns once the picture has been looked at, or nobody looks any more. One call at a time.
    package func show(_ picture: Frame) async {
        if !isWatched.exchange(true, ordering: .relaxed) { await nextAsked() }
        shown.yield(picture)
        await nextAsked()
    }

    private func nextAsked() async { for await _ in asked { return } }

    package func tell(_ change: CameraState) { state.yield(change) }
}

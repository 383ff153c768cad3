/// Hands out the newest picture only, without losing the looks among them: after a burst frame has taken the place of a look
/// that nobody had taken yet, the next one is a look.
struct LatestFrame: Sendable {
    let frames: AsyncStream<Frame>
    private let continuation: AsyncStream<Frame>.Continuation
    private var owesLook = false

    init() {
        (frames, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Returns false where an older picture had to go that nobody had taken.
    mutating func put(isBurstFrame: Bool, _ frame: (_ isBurstFrame: Bool) -> Frame) -> Bool {
        guard case .dropped(let lost) = continuation.yield(frame(isBurstFrame && !owesLook)) else {
            owesLook = false
            return true
        }
        owesLook = !lost.isBurstFrame
        return false
    }

    func finish() { continuation.finish() }
}

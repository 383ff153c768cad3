public import Domain

/// Adds up the media time in which nothing was concluded from a camera's pictures.
public struct BlindTime: Sendable {
    /// A gap longer than this, in seconds, is a stream that was away, which is another matter.
    private static let longestGap = 60.0

    public private(set) var seconds = 0.0
    private var last: (time: MediaTime, isClear: Bool)?

    public init() {}

    /// Takes the judgement of one look; from a look that was clear to the next one that was not counts too.
    public mutating func add(_ judgement: ViewJudgement, at time: MediaTime) {
        if let last, !judgement.isClear || !last.isClear {
            seconds += min(max(0, time - last.time), Self.longestGap)
        }
        last = (time, judgement.isClear)
    }

    /// The stream is away.
    public mutating func interrupt() { last = nil }
}

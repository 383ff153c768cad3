public import Domain

/// The verdict of `ViewMonitor` on one look.
public struct ViewJudgement: Sendable, Equatable {
    /// False while nothing may be concluded from the picture: a fault is stated or suspected.
    public let isClear: Bool
    /// The stated fault; nil while one is only suspected.
    public let fault: CameraFault?
    /// The same view looks different all over since this look (day to infra-red, lamps, a change of resolution): the
    /// learnt appearance of places is no longer valid.
    public let hasNewAppearance: Bool

    public init(isClear: Bool, fault: CameraFault? = nil, hasNewAppearance: Bool = false) {
        self.isClear = isClear
        self.fault = fault
        self.hasNewAppearance = hasNewAppearance
    }
}

/// Why a camera cannot be trusted to see its zones, since when, and the text for an operator.
public struct CameraFault: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// The stream continues, but repeats the same picture.
        case frozen
        /// Too dark to see anything.
        case black
        /// Something is in front of the lens, or nothing of the learnt view is recognised.
        case covered
        case outOfFocus = "out_of_focus"
        /// The camera shows another view than before.
        case moved
    }

    public let kind: Kind
    /// The first look that showed it.
    public let since: MediaTime
    /// In plain words, for the operator.
    public let why: String

    public init(kind: Kind, since: MediaTime, why: String) {
        self.kind = kind
        self.since = since
        self.why = why
    }
}

/// Sums up the media time in which nothing was concluded from a camera's pictures.
public struct BlindTime: Sendable {
    /// A longer gap, in seconds, is an interrupted stream, which is counted elsewhere.
    private static let longestGap = 60.0

    public private(set) var seconds = 0.0
    private var last: (time: MediaTime, isClear: Bool)?

    public init() {}

    /// Adds the judgement of one look; the time from a clear look to the next one that is not clear counts too.
    public mutating func add(_ judgement: ViewJudgement, at time: MediaTime) {
        if let last, !judgement.isClear || !last.isClear {
            seconds += min(max(0, time - last.time), Self.longestGap)
        }
        last = (time, judgement.isClear)
    }

    /// The stream is interrupted.
    public mutating func interrupt() { last = nil }
}

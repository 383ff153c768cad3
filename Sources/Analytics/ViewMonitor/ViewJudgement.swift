public import Domain

/// What `ViewMonitor` says of one look.
public struct ViewJudgement: Sendable, Equatable {
    /// False while nothing may be concluded from the picture: a fault has been stated, or is suspected.
    public let isClear: Bool
    /// The fault that has been stated; nil while one is only suspected.
    public let fault: CameraFault?
    /// The same view looks different all over since this look (day to infra-red, lamps, a change of resolution): what was
    /// learnt about the look of places no longer holds.
    public let hasNewAppearance: Bool

    public init(isClear: Bool, fault: CameraFault? = nil, hasNewAppearance: Bool = false) {
        self.isClear = isClear
        self.fault = fault
        self.hasNewAppearance = hasNewAppearance
    }
}

/// Why a camera cannot be trusted to see its zones, since when, and what an operator is told.
public struct CameraFault: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// The stream goes on, but it shows the same picture again and again.
        case frozen
        /// Too dark to see anything.
        case black
        /// Something is in front of the lens, or nothing of the learnt view can be recognised.
        case covered
        case outOfFocus = "out_of_focus"
        /// The camera looks elsewhere than before.
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

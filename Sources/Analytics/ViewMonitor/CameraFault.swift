public import Domain

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

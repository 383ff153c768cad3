public import Domain

/// An object in the picture that was not there before and does not move.
public struct LeftObject: Sendable, Codable, Equatable {
    public enum Presence: Sendable, Codable, Equatable {
        case visible
        /// Hidden by an occluder.
        case hidden
        /// The ground has been seen without it since then.
        case gone(at: MediaTime)
        /// The shape of the picture has changed since then: the object is now part of a background that is learnt
        /// again.
        case lost(at: MediaTime)
    }

    /// The result of the verification, the detector's second, enlarged look.
    public enum Identity: Sendable, Codable, Equatable {
        case unknown
        /// No class of the detector: an object of unknown kind.
        case thing
        /// A vehicle or a person after all.
        case known(ObjectClass)
    }

    public enum Doubt: String, Sendable, Codable {
        /// It moves in its place, as a standing person does.
        case stirs
        /// It came with a change of light.
        case light
        /// It is the content of a board, a screen or a line of text.
        case surface
    }

    public let id: Int
    public internal(set) var box: Box
    /// Its share of the picture, 0…1.
    public internal(set) var area: Double
    /// The first look that showed it.
    public internal(set) var since: MediaTime
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// True when three of the last five looks agree: it arrived, it does not move, and light does not explain it.
    public internal(set) var isThing: Bool
    /// The share of its visible looks in which that was true, 0…1.
    public internal(set) var certainty: Double
    public internal(set) var identity: Identity
    /// Why it is not reported although it looks like an object; nil where nothing speaks against it.
    public internal(set) var doubt: Doubt?

    public var isVisible: Bool { presence == .visible }
}

public import Domain

/// Something in the picture that was not there before and stays as it is.
public struct LeftObject: Sendable, Codable, Equatable {
    public enum Presence: Sendable, Codable, Equatable {
        case visible
        /// Somebody or something stands before it.
        case hidden
        /// The ground has been seen without it since then.
        case gone(at: MediaTime)
        /// The picture has another shape since then: what lies there is part of a ground that is learnt anew.
        case lost(at: MediaTime)
    }

    /// What the detector's second, enlarged look (the verification) said.
    public enum Identity: Sendable, Codable, Equatable {
        case unknown
        /// Nothing that the detector knows: what is left is a thing.
        case thing
        /// A vehicle or a person after all.
        case known(ObjectClass)
    }

    public enum Doubt: String, Sendable, Codable {
        /// It moves in its place, as somebody does who stands.
        case stirs
        /// It came with a change of light.
        case light
        /// It is what a board, a screen or a line of text shows.
        case surface
    }

    public let id: Int
    public internal(set) var box: Box
    /// Its share of the picture, 0…1.
    public internal(set) var area: Double
    /// The first look in which the place showed it.
    public internal(set) var since: MediaTime
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// Three of the last five looks agree: it came, it stays, and light does not explain it.
    public internal(set) var isThing: Bool
    /// The share of its visible looks in which that held, 0…1.
    public internal(set) var certainty: Double
    public internal(set) var identity: Identity
    /// Why it is not spoken of although it looks like a thing; nil where nothing speaks against it.
    public internal(set) var doubt: Doubt?

    public var isVisible: Bool { presence == .visible }
}

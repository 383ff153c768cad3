/// A part of the picture that a veil lies over: the ground is still seen through it, paler, and it stirs.
public struct Plume: Sendable, Equatable {
    public enum Presence: Sendable, Equatable {
        case visible
        case hidden
        /// Nothing of it has been seen since then.
        case gone(at: MediaTime)
    }

    public let id: Int
    public internal(set) var box: Box
    public internal(set) var since: MediaTime
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// Most of its looks show a veil that stirs over a source that keeps its place.
    public internal(set) var isSmoke: Bool
    /// The share of its looks that do, 0…1.
    public internal(set) var certainty: Double
}

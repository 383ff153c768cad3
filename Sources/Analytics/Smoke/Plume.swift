/// A part of the picture that a veil lies over: the ground is still seen through it, paler, and it stirs.
public struct Plume: Sendable, Codable, Equatable {
    public enum Presence: Sendable, Codable, Equatable {
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
    /// The share of its tiles' looks that show a veil that stirs, at its best so far, 0…1.
    public internal(set) var certainty: Double
}

public import Domain

/// A part of the picture that smoke lies over (the ground is still seen through it, paler, and it stirs) or that flames fill.
public struct Plume: Sendable, Codable, Equatable {
    public enum Presence: Sendable, Codable, Equatable {
        case visible
        case hidden
        /// Nothing of it has been seen since then.
        case gone(at: MediaTime)
    }

    /// Flames have negative ones.
    public let id: Int
    public internal(set) var box: Box
    public internal(set) var since: MediaTime
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// Of smoke the share of its tiles' looks that show haze that stirs, at its best so far; of flames the share of the bursts
    /// in which they flickered, 0 while they are suspected only. 0…1.
    public internal(set) var certainty: Double

    /// Around it, as a share of its size and of the picture: what burns or smokes there is of the same fire.
    private static let near = 1.0
    private static let nearest = 0.06

    /// Where something else is of the same fire.
    var reach: Box { box.grown(by: max(Self.near, Self.nearest / max(1e-6, min(box.width, box.height)))) }
}

public import Domain
public import Foundation
public import Video

/// What a picture of evidence is to be made of: unmasked, in memory only, never written anywhere.
public struct EvidenceView: Sendable {
    public enum Source: Sendable {
        case frame(Frame)
        /// A view that was taken long before it was needed, as JPEG.
        case compressed(Task<[UInt8], any Error>)
    }

    public let role: EvidenceImage.Role
    public let source: Source
    /// The part that is shown, in shares of the picture; nil for all of it.
    public let part: Box?
    public let taken: Date
    /// The vehicles that the detector saw in it, in shares of the picture.
    public let vehicles: [Box]

    public init(role: EvidenceImage.Role, source: Source, part: Box? = nil, taken: Date, vehicles: [Box]) {
        self.role = role
        self.source = source
        self.part = part
        self.taken = taken
        self.vehicles = vehicles
    }
}

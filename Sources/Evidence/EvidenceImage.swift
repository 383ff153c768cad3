public import Foundation

/// One picture that shows a violation, encoded, not yet on disk.
public struct EvidenceImage: Sendable {
    public enum Role: String, Sendable, Codable {
        /// The whole view when the object had just come to rest.
        case panoramaFirst = "panorama-first"
        /// The whole view when the threshold had passed.
        case panoramaConfirming = "panorama-confirming"
        /// The object at full resolution, when the threshold had passed.
        case closeUp = "close-up"
    }

    public let role: Role
    /// JPEG.
    public let jpeg: [UInt8]
    public let taken: Date
}

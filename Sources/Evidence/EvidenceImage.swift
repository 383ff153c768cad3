public import Foundation

/// One picture that shows a violation, masked and encoded, not yet on disk.
public struct EvidenceImage: Sendable {
    public enum Role: String, Sendable, Codable {
        /// The whole view when the object had just come to rest.
        case panoramaFirst = "panorama-first"
        /// The whole view when the threshold had passed.
        case panoramaConfirming = "panorama-confirming"
        /// The whole view at a later change, at least 10 s after the first one.
        case panoramaLater = "panorama-later"
        /// The object at full resolution.
        case closeUp = "close-up"
        /// The plate of the vehicle in question at full resolution.
        case plate
        /// The whole view, on request.
        case snapshot
    }

    public let role: Role
    /// JPEG.
    public let jpeg: [UInt8]
    public let taken: Date
}

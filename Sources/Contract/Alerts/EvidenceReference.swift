public import Foundation

/// A picture that a message names; the picture itself never sits in JSON.
public struct EvidenceReference: Sendable, Hashable {
    public var role: String
    public var sha256: String
    public var bytes: Int
    public var mediaType: String
    /// Whether faces, and plates where the profile says so, are blurred.
    public var masked: Bool
    public var taken: Date
    /// Relative to the evidence folder of the box.
    public var path: String

    public init(
        role: String, sha256: String, bytes: Int, mediaType: String = "image/jpeg", masked: Bool, taken: Date,
        path: String
    ) {
        self.role = role
        self.sha256 = sha256
        self.bytes = bytes
        self.mediaType = mediaType
        self.masked = masked
        self.taken = taken
        self.path = path
    }
}

public import Domain
public import Foundation
public import Video

/// One picture of a violation, masked and encoded, not yet on disk.
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
    /// From the camera's main stream, which was opened for it.
    public internal(set) var isDetail = false
}

/// The source of an evidence picture: unmasked, in memory only, never written anywhere.
public struct EvidenceView: Sendable {
    public enum Source: Sendable {
        case frame(Frame)
        /// A view that was taken long before it was needed, as JPEG.
        case compressed(Task<[UInt8], any Error>)
        /// As the camera sent it: decoded once it is needed.
        case key(KeyPicture)

        /// Of a picture that is kept: what the camera sent where that is at hand, for it is small and whole.
        init(keeping frame: Frame) { self = frame.key.map(Source.key) ?? .frame(frame) }
    }

    public let role: EvidenceImage.Role
    public let source: Source
    /// The visible part, in shares of the picture; nil for all of it.
    public let part: Box?
    public let taken: Date
    /// The detected vehicles, in shares of the picture.
    public let vehicles: [Box]
    /// What it holds in memory: those of its frame or key frame, or about those of the JPEG.
    public let bytes: Int
    /// From the camera's main stream, which was opened for it after the look.
    public let isDetail: Bool
    /// Shows the look that changed the incident, not an earlier one.
    package var isOfLook: Bool { role != .panoramaFirst }

    /// Of a JPEG, where nobody knows the frame that it was made of.
    private static let usualBytes = 512 << 10

    /// - Parameter bytes: what it holds; nil: those of the frame or key frame, or of a usual JPEG.
    public init(
        role: EvidenceImage.Role, source: Source, part: Box? = nil, taken: Date, vehicles: [Box], bytes: Int? = nil,
        isDetail: Bool = false
    ) {
        self.isDetail = isDetail
        self.bytes =
            switch source {
            case .frame(let frame): bytes ?? Self.bytes(of: frame)
            case .compressed: bytes ?? Self.usualBytes
            case .key(let key): bytes ?? key.bytes
            }
        self.role = role
        self.source = source
        self.part = part
        self.taken = taken
        self.vehicles = vehicles
    }

    /// With half of its chroma each way, as streams have it.
    static func bytes(of frame: Frame) -> Int { frame.width * frame.height * 3 / 2 }
}

/// Evidence that may not be shown because it could not be masked.
public struct EvidenceWithheld: Error, Equatable, CustomStringConvertible {
    public let reason: String

    public init(reason: String) { self.reason = reason }

    public var description: String { "evidence withheld: \(reason)" }
}

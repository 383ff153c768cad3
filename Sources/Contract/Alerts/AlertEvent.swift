public import Domain
public import Foundation

/// One message on the wire: a CloudEvents 1.0 envelope around one revision of an incident.
///
/// A subscriber decodes it from any payload of the `alert` and `open` topics; unknown keys are ignored.
public struct AlertEvent: Codable, Sendable, Hashable {
    public var specversion: String
    /// Identifies the message; deduplicate by it.
    public var id: String
    public var source: String
    public var type: String
    /// The incident.
    public var subject: String
    public var time: String
    /// 20 digits, without gaps per site and epoch.
    public var sequence: String
    /// The generation of the site's store that the sequence belongs to; nil in messages of versions that had none.
    public var epoch: String?
    public var datacontenttype: String
    public var dataschema: String
    public var data: Payload

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(AlertEvent.self, from: json) }

    init(id: UUID, source: String, subject: UUID, time: String, sequence: Int64, epoch: String?, data: Payload) {
        specversion = "1.0"
        self.id = id.text
        self.source = source
        type = "gridwarden.incident.\(data.incident.state).v1"
        self.subject = subject.text
        self.time = time
        self.sequence = String(format: "%020lld", sequence)
        self.epoch = epoch
        datacontenttype = "application/json"
        dataschema = "urn:gridwarden:schema:incident:1"
        self.data = data
    }
}

extension AlertEvent {
    /// The incident in the message's `data`.
    public struct Payload: Codable, Sendable, Hashable {
        public var incident: Incident
        public var kind: String
        public var name: LocalizedName
        public var codes: [Code]
        /// 1 is the highest.
        public var severity: Int
        public var department: Department
        public var suggestedLimit: String
        public var area: Area
        public var camera: Camera
        public var zone: Zone
        public var observed: Observed
        public var object: Object
        public var evidence: [Evidence]
        public var provenance: Provenance
        public var why: [Reason]

        private enum CodingKeys: String, CodingKey {
            case incident, kind, name, codes, severity, department, area, camera, zone, observed, object, evidence
            case provenance, why
            case suggestedLimit = "suggested_limit"
        }
    }

    public struct Incident: Codable, Sendable, Hashable {
        public var id: String
        public var revision: Int
        /// `opened`, `updated`, `closed` or `withdrawn`.
        public var state: String
        public var review: String
        /// Why it was closed or withdrawn.
        public var reason: String?

        /// Whether a screen shows it as present.
        public var isOpen: Bool { state == "opened" || state == "updated" }
    }

    public struct Code: Codable, Sendable, Hashable {
        public var system: String
        public var code: String
    }

    public struct Department: Codable, Sendable, Hashable {
        public var role: String
        public var name: LocalizedName
        @ExplicitNull public var id: String?
    }

    public struct Area: Codable, Sendable, Hashable {
        public var code: String
        public var grid: String
        public var microgrid: String
    }

    public struct Camera: Codable, Sendable, Hashable {
        public var id: String
        @ExplicitNull public var gb28181: String?
        public var name: String
        @ExplicitNull public var longitude: Double?
        @ExplicitNull public var latitude: Double?
    }

    public struct Zone: Codable, Sendable, Hashable {
        public var id: String
        public var name: String
        public var surface: String?
    }

    /// The object; the box is x, y, width and height as shares of the picture.
    public struct Object: Codable, Sendable, Hashable {
        public var `class`: String
        public var count: Int
        public var confidence: Double
        public var box: [Double]
    }

    public struct Reason: Codable, Sendable, Hashable {
        public var at: String
        public var what: String
        /// `what` in Chinese, where there are words for it.
        public var whatInChinese: String?
        public var score: Double?

        private enum CodingKeys: String, CodingKey {
            case at, what, score
            case whatInChinese = "what_zh"
        }
    }
}

extension AlertEvent {
    /// The times of the observation.
    public struct Observed: Codable, Sendable, Hashable {
        public var firstSeen: String
        public var confirmed: String
        public var lastSeen: String
        /// When the place was first seen empty again.
        public var closed: String?
        public var dwellSeconds: Double
        public var thresholdSeconds: Double
        public var clock: Clock
        public var backfilled: Bool

        private enum CodingKeys: String, CodingKey {
            case confirmed, closed, clock, backfilled
            case firstSeen = "first_seen"
            case lastSeen = "last_seen"
            case dwellSeconds = "dwell_seconds"
            case thresholdSeconds = "threshold_seconds"
        }
    }

    public struct Clock: Codable, Sendable, Hashable {
        public var source: String
        @ExplicitNull public var offsetMilliseconds: Int?

        private enum CodingKeys: String, CodingKey {
            case source
            case offsetMilliseconds = "offset_ms"
        }
    }

    /// A picture stored on the box.
    public struct Evidence: Codable, Sendable, Hashable {
        public var role: String
        public var sha256: String
        public var bytes: Int
        public var mediaType: String
        public var masked: Bool
        public var taken: String
        /// Relative to the evidence folder of the box.
        public var file: String?
        /// `main`: from the camera's main stream, opened for this picture after the look; nil: from the watched stream.
        public var stream: String?

        private enum CodingKeys: String, CodingKey {
            case role, sha256, bytes, masked, taken, file, stream
            case mediaType = "media_type"
        }
    }

    public struct Provenance: Codable, Sendable, Hashable {
        public struct Model: Codable, Sendable, Hashable {
            public var name: String
            public var version: String
            public var sha256: String
        }

        public var software: String
        public var model: Model
        public var configurationSHA256: String
        public var catalogue: String
        /// The hash of the last record of the site's ledger before this message; a later ledger must contain it.
        public var ledger: String?

        private enum CodingKeys: String, CodingKey {
            case software, model, catalogue, ledger
            case configurationSHA256 = "configuration_sha256"
        }
    }
}

/// A picture that a message refers to; the picture itself is never in the JSON.
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
    /// From the camera's main stream, which was opened for it.
    public var isDetail: Bool

    public init(
        role: String, sha256: String, bytes: Int, mediaType: String = "image/jpeg", masked: Bool, taken: Date,
        path: String, isDetail: Bool = false
    ) {
        self.role = role
        self.sha256 = sha256
        self.bytes = bytes
        self.mediaType = mediaType
        self.masked = masked
        self.taken = taken
        self.path = path
        self.isDetail = isDetail
    }
}

/// The origin of the dates of an observation.
public struct ClockReport: Sendable, Hashable {
    public enum Source: String, Sendable {
        /// The camera's own clock, by RTCP sender reports.
        case rtcp
        /// This computer's clock when the picture arrived.
        case host
        /// The time stamps of a file.
        case file
    }

    public var source: Source
    /// The camera's clock minus ours, where both are known.
    public var offsetMilliseconds: Int?

    public init(source: Source = .host, offsetMilliseconds: Int? = nil) {
        self.source = source
        self.offsetMilliseconds = offsetMilliseconds
    }
}

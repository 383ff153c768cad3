public import Domain

extension AlertEvent {
    /// The incident as the message's `data` tells it.
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

    /// What was seen; the box is x, y, width and height as shares of the picture.
    public struct Object: Codable, Sendable, Hashable {
        public var `class`: String
        public var count: Int
        public var confidence: Double
        public var box: [Double]
    }

    public struct Reason: Codable, Sendable, Hashable {
        public var at: String
        public var what: String
        public var score: Double?
    }
}

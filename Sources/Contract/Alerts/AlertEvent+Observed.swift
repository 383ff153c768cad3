extension AlertEvent {
    /// When it was seen.
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

    /// A picture that the box holds.
    public struct Evidence: Codable, Sendable, Hashable {
        public var role: String
        public var sha256: String
        public var bytes: Int
        public var mediaType: String
        public var masked: Bool
        public var taken: String
        /// Relative to the evidence folder of the box.
        public var file: String?

        private enum CodingKeys: String, CodingKey {
            case role, sha256, bytes, masked, taken, file
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
        /// The hash of the last record of the site's ledger before this message; a later ledger must hold it.
        public var ledger: String?

        private enum CodingKeys: String, CodingKey {
            case software, model, catalogue, ledger
            case configurationSHA256 = "configuration_sha256"
        }
    }
}

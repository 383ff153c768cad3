public import Domain

/// The result of a long run; the keys are the published format.
public struct LongRunReport: Encodable, Sendable {
    public struct Alert: Encodable, Sendable {
        public let kind: String
        public let openedS: Double
        public let weather: String
        /// 0 at night to 1 at noon.
        public let daylight: Double
        /// In shares of the picture.
        public let box: Box

        enum CodingKeys: String, CodingKey {
            case kind, weather, daylight, box
            case openedS = "opened_s"
        }
    }

    public struct Clip: Encodable, Sendable {
        public let clip: String
        /// Hours of media time, and those of them in which the camera seemed unable to see.
        public let hours: Double
        public let blindHours: Double
        /// The watched kinds.
        public let kinds: [String]
        /// Why it was not watched, or not to the end.
        public let fault: String?
        public let alerts: [Alert]

        enum CodingKeys: String, CodingKey {
            case clip, hours, kinds, fault, alerts
            case blindHours = "blind_hours"
        }
    }

    /// False alerts of one kind per camera and day.
    public struct Rate: Encodable, Sendable {
        public let kind: String
        /// Hours in which the kind was watched and the camera could see.
        public let hours: Double
        public let rate: PoissonRate

        enum CodingKeys: String, CodingKey {
            case kind, hours
            case alerts = "false"
            case rate = "per_camera_day"
            case low = "low_95"
            case high = "high_95"
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(kind, forKey: .kind)
            try container.encode(rounded(hours), forKey: .hours)
            try container.encode(rate.count, forKey: .alerts)
            try container.encode(rounded(rate.rate), forKey: .rate)
            try container.encode(rounded(rate.low), forKey: .low)
            try container.encode(rounded(rate.high), forKey: .high)
        }
    }

    public let seed: UInt64
    public let clips: [Clip]
    public let rates: [Rate]

    init(seed: UInt64, clips: [Clip]) {
        self.seed = seed
        self.clips = clips
        rates = Set(clips.flatMap(\.kinds)).sorted().compactMap { kind in
            let watched = clips.filter { $0.kinds.contains(kind) }
            let hours = watched.reduce(0) { $0 + $1.hours - $1.blindHours }
            guard hours > 0 else { return nil }
            let count = watched.reduce(0) { $0 + $1.alerts.count { $0.kind == kind } }
            return Rate(kind: kind, hours: hours, rate: PoissonRate(count: count, exposure: hours / 24))
        }
    }

    public var isComplete: Bool { clips.allSatisfy { $0.fault == nil } }
}

import Foundation

/// The benchmark's result for one clip; the keys are the published format.
public struct ClipReport: Encodable, Sendable {
    public struct Delay: Encodable, Sendable {
        public let median: Double?
        public let p95: Double?

        init(_ values: [Double]) {
            median = Score.percentile(0.5, of: values).map(rounded)
            p95 = Score.percentile(0.95, of: values).map(rounded)
        }

        enum CodingKeys: CodingKey { case median, p95 }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(median, forKey: .median)
            try container.encode(p95, forKey: .p95)
        }
    }

    /// Processor seconds for each second of footage.
    public struct Cost: Encodable, Sendable {
        public let total: Double
        public let decode: Double
        public let gate: Double
        /// Including `tiles`.
        public let infer: Double
        public let tiles: Double
        public let rest: Double
    }

    public struct Alert: Encodable, Sendable {
        public let kind: String
        public let zone: String
        public let openedS: Double
        public let closedS: Double?
        /// x, y, width, height in square pixels of the displayed picture.
        public let box: [Double]

        enum CodingKeys: String, CodingKey {
            case kind, zone, box
            case openedS = "opened_s"
            case closedS = "closed_s"
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(kind, forKey: .kind)
            try container.encode(zone, forKey: .zone)
            try container.encode(openedS, forKey: .openedS)
            try container.encode(closedS, forKey: .closedS)
            try container.encode(box, forKey: .box)
        }
    }

    /// The path as given.
    public let clip: String
    /// Why the clip was not processed to its end; nil where it was.
    public let fault: String?
    /// Doubts about the clip itself, such as the shape of its pixels.
    public let remarks: [String]
    /// The network's input that its pictures were fitted into, as in `448x256`; nil where there was none.
    public let input: String?
    /// Seconds, for each watched kind.
    public let dwell: [String: Double]
    public let matched: Int
    public let missed: Int
    public let wrong: Int
    public let duplicate: Int
    public let openingDelay: Delay
    public let closingDelay: Delay
    public let looks: Int
    /// Pictures between the looks, while there might be smoke.
    public let burstFrames: Int
    public let inferences: Int
    public let cpuSeconds: Double
    public let streamSeconds: Double
    /// Seconds in which nothing was concluded from the pictures, because the camera seemed unable to see.
    public let blindSeconds: Double
    public let cost: Cost
    public let peakRSS: Double
    public let alerts: [Alert]

    enum CodingKeys: String, CodingKey {
        case clip, fault, remarks, input, dwell, matched, missed, duplicate, looks, inferences, alerts
        case burstFrames = "glimpses"
        case wrong = "false"
        case openingDelay = "opening_delay_s"
        case closingDelay = "closing_delay_s"
        case cpuSeconds = "cpu_s"
        case streamSeconds = "stream_s"
        case blindSeconds = "blind_s"
        case cost = "cpu_per_stream_s"
        case peakRSS = "peak_rss_mib"
    }
}

/// To a thousandth: finer differences are noise, and the text is the same on every machine.
func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

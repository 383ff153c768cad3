/// What one daemon does: its site, its broker, its cameras. The reference is `deploy/gridwarden.example.yaml`.
public struct Configuration: Sendable, Hashable, CustomStringConvertible {
    public var site: SiteSettings
    public var broker: BrokerSettings
    public var detector: DetectorSettings
    public var evidence: EvidenceSettings
    public var inbound: InboundSettings
    public var delivery: DeliverySettings
    public var outbox: OutboxSettings
    /// At least one; the ids differ.
    public var cameras: [CameraSettings]
    public var logging: LoggingSettings
    public var metrics: MetricsSettings
    /// The file as it was read, for its hash. It may hold credentials: never print or send it.
    public let text: String

    public init(
        site: SiteSettings, broker: BrokerSettings, detector: DetectorSettings = DetectorSettings(),
        evidence: EvidenceSettings, inbound: InboundSettings = InboundSettings(),
        delivery: DeliverySettings = DeliverySettings(), outbox: OutboxSettings = OutboxSettings(),
        cameras: [CameraSettings],
        logging: LoggingSettings = LoggingSettings(), metrics: MetricsSettings = MetricsSettings(), text: String
    ) {
        self.site = site
        self.broker = broker
        self.detector = detector
        self.evidence = evidence
        self.inbound = inbound
        self.delivery = delivery
        self.outbox = outbox
        self.cameras = cameras
        self.logging = logging
        self.metrics = metrics
        self.text = text
    }

    /// Without the text and the addresses: both may hold credentials.
    public var description: String { "site \(site.id), \(cameras.count) cameras" }

    /// The sections besides `cameras` in which `other` differs, in the order of the reference.
    public func sections(differingFrom other: Configuration) -> [String] {
        [
            ("site", site != other.site), ("broker", broker != other.broker), ("detector", detector != other.detector),
            ("evidence", evidence != other.evidence), ("inbound", inbound != other.inbound),
            ("delivery", delivery != other.delivery), ("outbox", outbox != other.outbox),
            ("logging", logging != other.logging),
            ("metrics", metrics != other.metrics),
        ].filter(\.1).map(\.0)
    }

    /// Reads the file at `path`, at most 1 MiB of UTF-8.
    public static func load(path: String) throws(ConfigurationFaults) -> Configuration {
        try parse(text: SourceText.read(path: path), file: path)
    }

    /// Reads `text`; `file` names it in the faults.
    public static func parse(text: String, file: String) throws(ConfigurationFaults) -> Configuration {
        let log = FaultLog(file: file)
        if let root = SourceText.compose(text, log), let configuration = read(root, text: text, log), log.isEmpty {
            return configuration
        }
        throw log.faults
    }
}

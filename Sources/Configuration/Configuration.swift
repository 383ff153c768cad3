import Yams

/// The configuration of one daemon: its site, its broker, its cameras. The reference is
/// `deploy/gridwarden.example.yaml`.
public struct Configuration: Sendable, Hashable, CustomStringConvertible {
    public var site: SiteSettings
    public var broker: BrokerSettings
    public var detector: DetectorSettings
    public var evidence: EvidenceSettings
    public var inbound: InboundSettings
    public var delivery: DeliverySettings
    public var dialects: DialectSettings
    public var outbox: OutboxSettings
    /// At least one, unless the console can add it; ids are unique.
    public var cameras: [CameraSettings]
    public var logging: LoggingSettings
    public var metrics: MetricsSettings
    public var console: ConsoleSettings
    /// The text of the file, for its hash. It may contain credentials: never print or send it.
    public let text: String

    public init(
        site: SiteSettings, broker: BrokerSettings, detector: DetectorSettings = DetectorSettings(),
        evidence: EvidenceSettings, inbound: InboundSettings = InboundSettings(),
        delivery: DeliverySettings = DeliverySettings(), dialects: DialectSettings? = nil,
        outbox: OutboxSettings = OutboxSettings(), cameras: [CameraSettings],
        logging: LoggingSettings = LoggingSettings(), metrics: MetricsSettings = MetricsSettings(),
        console: ConsoleSettings = ConsoleSettings(), text: String
    ) {
        self.site = site
        self.broker = broker
        self.detector = detector
        self.evidence = evidence
        self.inbound = inbound
        self.delivery = delivery
        self.dialects = dialects ?? DialectSettings(site: site.id)
        self.outbox = outbox
        self.cameras = cameras
        self.logging = logging
        self.metrics = metrics
        self.console = console
        self.text = text
    }

    /// Without the text and the addresses, which may contain credentials.
    public var description: String { "site \(site.id), \(cameras.count) cameras" }

    /// The sections besides `cameras` in which `other` differs, in the order of the reference.
    public func sections(differingFrom other: Configuration) -> [String] {
        [
            ("site", site != other.site), ("broker", broker != other.broker), ("detector", detector != other.detector),
            ("evidence", evidence != other.evidence), ("inbound", inbound != other.inbound),
            ("delivery", delivery != other.delivery), ("dialects", dialects != other.dialects),
            ("outbox", outbox != other.outbox),
            ("logging", logging != other.logging),
            ("metrics", metrics != other.metrics), ("console", console != other.console),
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

extension Configuration {
    /// A fault that is found only in a valid file, e.g. in another file that it names.
    ///
    /// - Parameters:
    ///   - message: one sentence, free of credentials.
    ///   - path: keys, and indices of lists, down to the faulty value, e.g. `["cameras", "0", "url"]`. Where the file
    ///     does not contain it, the fault is at the nearest parent.
    ///   - file: the name of the file.
    public func fault(_ message: String, at path: [String], in file: String) -> ConfigurationFault {
        Self.fault(message, at: path, of: text, in: file)
    }

    static func fault(
        _ message: String, at path: [String], of text: String, in file: String
    ) -> ConfigurationFault {
        var position = Position()
        var next = SourceText.compose(text, FaultLog(file: file))
        for step in path {
            switch next {
            case .mapping(let mapping)?:
                guard let entry = mapping.first(where: { $0.key.scalar?.string == step }) else { break }
                position = Position(entry.value)
                next = entry.value
                continue
            case .sequence(let sequence)?:
                guard let index = Int(step), sequence.indices.contains(index) else { break }
                position = Position(sequence[index])
                next = sequence[index]
                continue
            default: break
            }
            break
        }
        return ConfigurationFault(file: file, line: position.line, column: position.column, message: message)
    }
}

/// One fault in a configuration file.
public struct ConfigurationFault: Sendable, Hashable, CustomStringConvertible {
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars.
    public let column: Int
    /// One sentence: the place, the fault, and the remedy. Contains no credentials.
    public let message: String

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `file:line:column: message`, as recognised by editors and terminals.
    public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// All faults of a configuration file, in the order of the file; never empty.
public struct ConfigurationFaults: Error, Sendable, Hashable, CustomStringConvertible {
    public let faults: [ConfigurationFault]

    public init(faults: [ConfigurationFault]) { self.faults = faults }

    /// One line for each fault.
    public var description: String { faults.map(\.description).joined(separator: "\n") }
}

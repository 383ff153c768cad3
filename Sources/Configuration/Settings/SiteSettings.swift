public import Domain
public import Foundation

/// The site of the daemon.
public struct SiteSettings: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens; part of topics and of the `source` of every message.
    public var id: String
    /// All 12 digits are given.
    public var area: AreaCode
    /// The grid's code; `000` where the area has no grids.
    public var grid = "000"
    /// The micro-grid's code; `00` where there is none.
    public var microgrid = "00"
    /// The zone of the hours in the rules and of the times in the messages.
    public var timeZone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt
    /// The folder of the database.
    public var stateDirectory = "/var/lib/gridwarden"
    /// The folder of the networks.
    public var modelsDirectory = "/usr/share/gridwarden/models"
    /// Departments that differ from the catalogue's, or have a number here.
    public var departments = Routing()
    /// Other differences from the catalogue.
    public var kinds: [KindOverride] = []

    public init(id: String, area: AreaCode) {
        self.id = id
        self.area = area
    }
}

/// The network that detects objects.
public struct DetectorSettings: Sendable, Hashable {
    /// The name of a model in the models directory, or of a family of inputs with the same weights, or `auto`.
    public var model = automatic
    /// Each camera has the weights that find the most for what it is watched for.
    public static let automatic = "auto"
    /// Nil where nobody has chosen.
    public var chosenModel: String? { model == Self.automatic ? nil : model }
    /// 0.05…0.95; weaker detections open no incident.
    public var minimumScore = 0.35
    /// 1…64.
    public var threads = 1

    /// Whether zones with small vehicles are also detected in tiles.
    public var hasTiles = true

    public init() {}
}

/// The pictures that prove an incident.
public struct EvidenceSettings: Sendable, Hashable {
    public var isEnabled = true
    /// `<state_directory>/evidence` unless the file says otherwise.
    public var directory: String
    /// Whether masked pictures are sent to the broker, after their alert.
    public var isPublished = false
    /// Days, 1…3650; older pictures are deleted.
    public var keepDays = 30
    /// 16…10000000, of pictures and messages.
    public var maxMegabytes = 10_000
    /// libav's scale, 2 (best) … 31 (smallest).
    public var jpegQuality = 4

    /// Number of incidents whose masked pictures are kept for training after a review has found a false alarm; 0 for
    /// none.
    public var hardExamples = 0

    public init(directory: String) { self.directory = directory }
}

/// The limits of the outbox.
public struct OutboxSettings: Sendable, Hashable {
    /// 1000…10000000.
    public var maxMessages = 200_000
    /// Of messages, 8…1000000.
    public var maxMegabytes = 512
    /// Days for the audit log and the reviews, 184…3650.
    public var auditDays = 365

    public init() {}
}

/// What is logged.
public struct LoggingSettings: Sendable, Hashable {
    /// The names of swift-log's levels.
    public enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// The least level that is written.
    public var level = Level.info

    public init() {}
}

/// The endpoint for Prometheus.
public struct MetricsSettings: Sendable, Hashable {
    /// An address of this machine and a port.
    public struct Endpoint: Sendable, Hashable {
        /// IPv4 or IPv6, in digits, without brackets.
        public var address: String
        /// 1…65535.
        public var port: Int

        public init(address: String, port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// Nil for none.
    public var listen: Endpoint?

    public init() {}
}

extension MetricsSettings {
    /// Whether an address is reachable from more than this machine and private networks: RFC 1918, 3927, 4193, 4291 and
    /// 6598 define those. `0.0.0.0` and `::` stand for every address of the machine.
    public static func isPublic(_ address: String) -> Bool {
        if address.contains(":") {
            let text = address.lowercased()
            return text != "::1" && !["fc", "fd", "fe8", "fe9", "fea", "feb"].contains(where: text.hasPrefix)
        }
        let parts = address.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 4 else { return true }
        switch (parts[0], parts[1]) {
        case (127, _), (10, _), (192, 168), (169, 254), (172, 16...31), (100, 64...127): return false
        default: return true
        }
    }
}

public import Domain
public import Foundation
import Yams

/// The configuration of a grid centre: its area, its brokers, and what it has decided about cases. The reference is
/// `deploy/centre.example.yaml`.
public struct CentreConfiguration: Sendable, Hashable {
    /// Where a centre's program keeps things, and how long.
    public struct Keep: Sendable, Hashable {
        /// Days, 1…3650; of the messages themselves.
        public var messageDays = 184
        /// Days, 30…36500; of closed cases.
        public var caseDays = 1825
        /// Days, 1…3650; of pictures that sites have sent.
        public var evidenceDays = 30

        public init() {}
    }

    /// When people work.
    public struct WorkCalendar: Sendable, Hashable {
        /// Of the weekdays.
        public var hours = [
            TimeWindows.Window(weekdays: Set(1...5), start: 9 * 60, end: 12 * 60),
            TimeWindows.Window(weekdays: Set(1...5), start: 13 * 60 + 30, end: 17 * 60 + 30),
        ]
        public var holidays: Set<TimeWindows.Day> = []
        /// With the hours of Monday, whatever weekday they are.
        public var workdays: Set<TimeWindows.Day> = []

        public init() {}
    }

    /// How long the stages of a kind may take.
    public struct Limit: Sendable, Hashable {
        /// A kind, or a family such as `parking.*`.
        public var kinds: String
        public var accept: TimeLimit?
        public var handle: TimeLimit?
        public var check: TimeLimit?
    }

    /// Zones that look at one place.
    public struct Place: Sendable, Hashable {
        public var id: String
        /// `site/camera/zone`.
        public var zones: [String]
    }

    /// A department, and how it hears of cases.
    public struct Route: Sendable, Hashable {
        public struct Webhook: Sendable, Hashable {
            public var url: String
            /// Its first line is the secret.
            public var secretFile: String?
            public var caFile: String?
        }

        public var id: String
        public var kinds: String
        /// Nil is all of the centre's area.
        public var area: AreaCode?
        /// The role of the department.
        public var department: String
        public var hasTopic = false
        public var webhook: Webhook?
        /// Whether notices carry the fields of GB/T 47678.
        public var hasRecord = false
        /// The department as the platform of the city has it.
        public var departmentCode: String?
        public var departmentName: String?
    }

    /// What the centre does by itself.
    public struct Auto: Sendable, Hashable {
        public var acceptsConfirmed = false
        /// Seconds.
        public var selfResolvedAfter = 600.0
        /// Seconds.
        public var checkedClosesAfter = 86_400.0

        public init() {}
    }

    /// Lower-case letters, digits and hyphens.
    public var id: String
    public var area: AreaCode
    public var timeZone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt
    /// At least one.
    public var brokers: [BrokerSettings] = []
    /// The path of the database, or the address of one of PostgreSQL.
    public var store = "/var/lib/gridwarden-centre/centre.sqlite"
    /// Its first line is the password of that address.
    public var storePasswordFile: String?
    /// Where pictures and the socket stand, with PostgreSQL; else they stand beside the database.
    public var folder = "/var/lib/gridwarden-centre"
    /// Which one of several centres this is, that share the database; nil for the only one.
    public var instance: String?
    public var keep = Keep()
    /// What the number of a case begins with.
    public var numberPrefix = "QX"
    /// Kinds and families that become cases by themselves; empty: all.
    public var kinds: [String] = []
    public var calendar = WorkCalendar()
    public var limits: [Limit] = []
    public var places: [Place] = []
    public var routes: [Route] = []
    public var auto = Auto()
    /// The page and its API; without `listen` there is none.
    public var console = ConsoleSettings()
    public var logging = LoggingSettings()
    /// The text of the file.
    public let text: String

    init(id: String, area: AreaCode, text: String) {
        self.id = id
        self.area = area
        self.text = text
    }

    public var isPostgres: Bool { store.contains("://") }
    /// Where pictures and the socket stand.
    public var folderPath: String {
        isPostgres ? folder : URL(filePath: store).deletingLastPathComponent().path
    }
    /// The name of this one among several.
    public var instanceName: String { instance.map { "\(id)/\($0)" } ?? id }

    /// Reads the file at `path`, at most 1 MiB of UTF-8.
    public static func load(path: String) throws(ConfigurationFaults) -> CentreConfiguration {
        try parse(text: SourceText.read(path: path), file: path)
    }

    /// Reads `text`; `file` names it in the faults.
    public static func parse(text: String, file: String) throws(ConfigurationFaults) -> CentreConfiguration {
        let log = FaultLog(file: file)
        if let root = SourceText.compose(text, log), let configuration = read(root, text: text, log), log.isEmpty {
            return configuration
        }
        throw log.faults
    }

    /// A fault that is found only in a valid file, e.g. in another file that it names.
    ///
    /// - Parameter path: keys and indices of lists down to the faulty value, e.g. `["centre", "routes", "0", "department"]`.
    public func fault(_ message: String, at path: [String], in file: String) -> ConfigurationFault {
        Configuration.fault(message, at: path, of: text, in: file)
    }
}

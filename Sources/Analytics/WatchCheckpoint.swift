public import Domain
public import Foundation

/// The state of a camera's watch that is continued after a restart: stationary objects, and the state of each rule.
///
/// A few kB; stored as a binary property list.
public struct WatchCheckpoint: Sendable, Codable, Equatable {
    /// The state of one rule, in its own format: if that changes between versions, only this rule starts again.
    struct RuleCheckpoint: Sendable, Codable, Equatable {
        let kind: AlertKind
        let zone: String
        let data: Data
    }

    /// Version of the fields below; any other version is rejected.
    static let currentVersion = 1

    let version: Int
    /// Time of the last look.
    public let time: MediaTime
    public let stationary: [StationaryObjectCheckpoint]
    /// The ids of the objects that rules have reported, in order; nil in checkpoints of an older version.
    let reported: [Int]?
    /// The whole picture as a `Patch`, rounded; nil before the first look.
    let view: Data?
    let rules: [RuleCheckpoint]
    /// Nil where there is no smoke.
    let smoke: SmokeCheckpoint?

    private enum CodingKeys: String, CodingKey {
        case version, time, reported, view, rules, smoke
        case stationary = "stays"
    }

    /// Whether nothing was in progress.
    public var isEmpty: Bool { stationary.isEmpty && rules.isEmpty && smoke == nil }

    /// - Parameter time: of the newest look.
    public init(time: MediaTime, tracker: StationaryObjectTracker, rules: RuleSet, smoke: SmokeWatcher? = nil) {
        version = Self.currentVersion
        // Nothing has been seen since it was written.
        self.time = rules.waitsSince ?? time
        stationary = tracker.checkpoints
        reported = rules.reported.sorted()
        view = tracker.view?.data
        self.rules = rules.checkpoints(at: time)
        self.smoke = smoke?.checkpoint
    }

    /// Nil where `data` is damaged or has another version; everything is then found again.
    public init?(data: Data) {
        guard let read = try? PropertyListDecoder().decode(WatchCheckpoint.self, from: data),
            read.version == Self.currentVersion
        else { return nil }
        self = read
    }

    /// - Throws: if Foundation cannot encode it, which these fields should never cause.
    public func data() throws -> Data { try PropertyListEncoder.binary.encode(self) }
}

extension PropertyListEncoder {
    static var binary: PropertyListEncoder {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return encoder
    }
}

public import Domain
public import Foundation

/// What must be known of a camera's watch so that all that is under way keeps its time after a restart: what stands
/// still, and what each rule has made of it.
///
/// A few kB; read and written as a binary property list.
public struct WatchCheckpoint: Sendable, Codable, Equatable {
    /// What one rule knows, in its own form: where that has changed, only this rule begins anew.
    struct RuleCheckpoint: Sendable, Codable, Equatable {
        let kind: AlertKind
        let zone: String
        let data: Data
    }

    /// Of the fields below; another version is not read.
    static let currentVersion = 1

    let version: Int
    /// When the camera last saw this.
    public let time: MediaTime
    public let stationary: [StationaryObjectCheckpoint]
    /// The ids of the objects that rules have reported, in order; nil in checkpoints of an older version.
    let reported: [Int]?
    /// What the whole picture looked like, as a `Patch`, rounded; nil before the first look.
    let view: Data?
    let rules: [RuleCheckpoint]
    /// Nil where there is no smoke.
    let smoke: SmokeCheckpoint?

    private enum CodingKeys: String, CodingKey {
        case version, time, reported, view, rules, smoke
        case stationary = "stays"
    }

    /// Whether nothing was under way.
    public var isEmpty: Bool { stationary.isEmpty && rules.isEmpty && smoke == nil }

    /// - Parameter time: of the newest look.
    public init(time: MediaTime, tracker: StationaryObjectTracker, rules: RuleSet, smoke: SmokeWatcher? = nil) {
        version = Self.currentVersion
        // Nothing has been seen since it was kept.
        self.time = rules.waitsSince ?? time
        stationary = tracker.checkpoints
        reported = rules.reported.sorted()
        view = tracker.view?.data
        self.rules = rules.checkpoints(at: time)
        self.smoke = smoke?.checkpoint
    }

    /// Nil where `data` is damaged or of another version: all is found anew then.
    public init?(data: Data) {
        guard let read = try? PropertyListDecoder().decode(WatchCheckpoint.self, from: data),
            read.version == Self.currentVersion
        else { return nil }
        self = read
    }

    /// - Throws: where Foundation cannot encode it, which these fields give no cause for.
    public func data() throws -> Data { try PropertyListEncoder.binary.encode(self) }
}

extension PropertyListEncoder {
    static var binary: PropertyListEncoder {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return encoder
    }
}

/// The result of a request to reload the configuration: it is applied as a whole, or not at all. Contains no
/// credentials.
public struct ReloadReport: Codable, Sendable, Equatable {
    public enum Outcome: String, Codable, Sendable {
        case applied
        /// The file is valid, but a change requires a restart; the old configuration remains in use.
        case needsRestart = "needs_restart"
        /// The old configuration remains in use.
        case refused
    }

    public var outcome: Outcome
    /// Of the applied file; nil where the old one remains in use.
    public var sha256: String?
    /// The keys, e.g. `broker.host`.
    public var needsRestart: [String] = []
    /// Why it was refused.
    public var reason: String?
    /// Cameras, by their ids.
    public var kept: [String] = []
    public var started: [String] = []
    public var restarted: [String] = []
    public var stopped: [String] = []
    /// Cameras that could not be started: the reasons are in the log.
    public var failed: [String] = []

    private enum CodingKeys: String, CodingKey {
        case outcome, sha256, reason, kept, started, restarted, stopped, failed
        case needsRestart = "needs_restart"
    }
}

/// Compares a daemon's file with the configuration in use. Contains no credentials.
public struct ConfigurationStanding: Codable, Sendable, Equatable {
    /// SHA-256 of the text in use.
    public let running: String
    /// Of the current file; nil where it has a fault, or requires a restart.
    public let file: String?
    /// The differing keys that require a restart.
    public let needsRestart: [String]

    private enum CodingKeys: String, CodingKey {
        case running, file
        case needsRestart = "needs_restart"
    }
}

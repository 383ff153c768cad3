/// What became of a wish to take the configuration anew: as a whole, or not at all. Holds no credentials.
public struct ReloadReport: Codable, Sendable, Equatable {
    public enum Outcome: String, Codable, Sendable {
        case applied
        /// The file is right, but changes what only a restart takes over; the old configuration goes on.
        case needsRestart = "needs_restart"
        /// The old configuration goes on.
        case refused
    }

    public var outcome: Outcome
    /// Of the file that is in use since; nil where the old one goes on.
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
    /// Could not be started: the reasons are in the log.
    public var failed: [String] = []

    private enum CodingKeys: String, CodingKey {
        case outcome, sha256, reason, kept, started, restarted, stopped, failed
        case needsRestart = "needs_restart"
    }
}

/// How the file of a daemon stands to what is in use. Holds no credentials.
public struct ConfigurationStanding: Codable, Sendable, Equatable {
    /// SHA-256 of the text in use.
    public let running: String
    /// Of the file at present; nil where it has a fault, or needs a restart.
    public let file: String?
    /// The keys in which the file differs and that need one.
    public let needsRestart: [String]

    private enum CodingKeys: String, CodingKey {
        case running, file
        case needsRestart = "needs_restart"
    }
}

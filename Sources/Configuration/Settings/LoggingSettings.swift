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

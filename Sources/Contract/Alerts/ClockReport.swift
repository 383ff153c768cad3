/// Where the dates of an observation come from.
public struct ClockReport: Sendable, Hashable {
    public enum Source: String, Sendable {
        /// The camera's own clock, by RTCP sender reports.
        case rtcp
        /// This computer's clock when the picture arrived.
        case host
        /// The time stamps of a file.
        case file
    }

    public var source: Source
    /// The camera's clock minus ours, where both are known.
    public var offsetMilliseconds: Int?

    public init(source: Source = .host, offsetMilliseconds: Int? = nil) {
        self.source = source
        self.offsetMilliseconds = offsetMilliseconds
    }
}

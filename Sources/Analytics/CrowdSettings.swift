/// How a zone is watched for too many people. They are counted, never known.
public struct CrowdSettings: Sendable, Hashable {
    /// Seconds for which they may be so many.
    public var dwell: Double
    public var windows: TimeWindows
    /// So many people and more are a crowd.
    public var people: Int

    public init(dwell: Double = 120, windows: TimeWindows = .always, people: Int = 20) {
        self.dwell = dwell
        self.windows = windows
        self.people = people
    }
}

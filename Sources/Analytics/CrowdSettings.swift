public import Domain

/// How a zone is watched for too many people. They are counted, never known.
public struct CrowdSettings: TimedRuleSettings {
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

extension RuleField<CrowdSettings> {
    static var people: Self {
        .integer("people", 2...500, \.people, en: "so many and more are a crowd", zh: "达到该人数视为聚集")
    }
}

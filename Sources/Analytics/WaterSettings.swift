public import Domain

/// How a zone of water is watched for a colour that is not its own.
public struct WaterSettings: TimedRuleSettings {
    /// Seconds for which the colour may differ.
    public var dwell: Double
    public var windows: TimeWindows

    public init(dwell: Double = 1800, windows: TimeWindows = .always) {
        self.dwell = dwell
        self.windows = windows
    }
}

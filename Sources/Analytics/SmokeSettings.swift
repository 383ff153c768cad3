/// How a zone is watched for smoke and flames, which are forbidden at any hour.
public struct SmokeSettings: RuleSettings {
    /// Seconds of smoke until it is reported.
    public var dwell: Double

    public init(dwell: Double = 10) { self.dwell = dwell }
}

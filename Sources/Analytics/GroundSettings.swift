/// How a zone is watched for things that were put down.
public struct GroundSettings: Sendable, Hashable {
    /// Seconds that a thing may lie.
    public var dwell: Double
    /// When it may not lie there.
    public var windows: TimeWindows
    /// What counts by size, as shares of the picture.
    public var size: ClosedRange<Double>

    public init(dwell: Double = 600, windows: TimeWindows = .always, size: ClosedRange<Double> = 0...1) {
        self.dwell = dwell
        self.windows = windows
        self.size = size
    }
}

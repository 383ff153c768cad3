public import Domain

/// How a zone is watched for things that were put down.
public struct GroundSettings: TimedRuleSettings {
    /// Seconds that a thing may lie.
    public var dwell: Double
    /// When it may not lie there.
    public var windows: TimeWindows
    /// What is smaller or larger does not count, as shares of the picture.
    public var smallestShare: Double
    public var largestShare: Double

    public init(dwell: Double = 600, windows: TimeWindows = .always, size: ClosedRange<Double> = 0...1) {
        self.dwell = dwell
        self.windows = windows
        (smallestShare, largestShare) = (size.lowerBound, size.upperBound)
    }

    /// What counts by size, as shares of the picture.
    public var size: ClosedRange<Double> { smallestShare...max(smallestShare, largestShare) }

    public var faults: [RuleFault] {
        guard largestShare < smallestShare else { return [] }
        return [
            RuleFault(
                "largest_share",
                "largest_share is below smallest_share, \(Field.spelled(smallestShare)): nothing would count, raise it")
        ]
    }
}

extension RuleField<GroundSettings> {
    static var smallestShare: Self {
        .number(
            "smallest_share", 0...1, \.smallestShare, en: "of the picture: what is smaller does not count",
            zh: "面积占画面比例,更小的不计")
    }

    static var largestShare: Self {
        .number(
            "largest_share", 0...1, \.largestShare, en: "of the picture: what is larger does not count",
            zh: "面积占画面比例,更大的不计")
    }
}

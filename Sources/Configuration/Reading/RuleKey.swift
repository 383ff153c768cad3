/// The keys that every rule with hours has.
protocol RuleKey: RawRepresentable, CaseIterable, Hashable where RawValue == String {
    static var dwell: Self { get }
    static var windows: Self { get }
    static var timeZone: Self { get }
    static var holidays: Self { get }
}

extension Section where Key: RuleKey {
    /// Seconds.
    var dwell: Double? { number(.dwell, 1...86400, "seconds") }
}

public import Analytics
public import Domain

/// One zone and the rules that hold in it.
public struct ZoneSettings: Sendable, Hashable {
    public var zone: Zone
    /// Seconds, 0.2…60: the longest time without a look.
    public var promise = 3.0
    /// The id of the preset that it was drawn on; nil where the camera has none.
    public var preset: String?
    /// At least one.
    public var rules: ZoneRules

    public init(zone: Zone, rules: ZoneRules) {
        self.zone = zone
        self.rules = rules
    }
}

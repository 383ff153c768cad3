public import Domain

/// Who may review alerts and send commands to the site.
public struct InboundSettings: Sendable, Hashable {
    /// A name as requests carry it, and where it may ask.
    public struct Party: Sendable, Hashable {
        public var by: String
        /// With everything below it; nil is everywhere.
        public var area: AreaCode?

        public init(by: String, area: AreaCode? = nil) {
            self.by = by
            self.area = area
        }
    }

    /// False: nothing is listened to.
    public var isEnabled = true
    /// Empty: everybody whom the broker lets write.
    public var reviewers: [Party] = []
    /// Empty: everybody whom the broker lets write.
    public var commanders: [Party] = []

    public init() {}
}

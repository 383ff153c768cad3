/// Who may send requests. The broker's access list comes first: names in a request are claimed by the sender.
public struct AccessPolicy: Sendable, Hashable {
    /// A name, and the area in which it may send requests.
    public struct Party: Sendable, Hashable {
        public var by: String
        /// Including everything below it; nil is everywhere.
        public var area: AreaCode?

        public init(by: String, area: AreaCode? = nil) {
            self.by = by
            self.area = area
        }
    }

    /// Empty: everyone whom the broker lets publish.
    public var reviewers: [Party]
    /// Empty: everyone whom the broker lets publish.
    public var commanders: [Party]

    public init(reviewers: [Party] = [], commanders: [Party] = []) {
        self.reviewers = reviewers
        self.commanders = commanders
    }
}

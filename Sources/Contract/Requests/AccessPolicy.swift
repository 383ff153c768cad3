public import Domain

/// Who may ask for something. The broker's access list comes first: names in a request are the sender's own word.
public struct AccessPolicy: Sendable, Hashable {
    /// A name, and where it may ask.
    public struct Party: Sendable, Hashable {
        public var by: String
        /// With everything below it; nil is everywhere.
        public var area: AreaCode?

        public init(by: String, area: AreaCode? = nil) {
            self.by = by
            self.area = area
        }
    }

    /// Empty: everybody whom the broker lets write.
    public var reviewers: [Party]
    /// Empty: everybody whom the broker lets write.
    public var commanders: [Party]

    public init(reviewers: [Party] = [], commanders: [Party] = []) {
        self.reviewers = reviewers
        self.commanders = commanders
    }

    /// - Parameter area: 12 digits.
    package static func check(_ by: String?, at area: some StringProtocol, among parties: [Party]) throws(Rejection) {
        guard !parties.isEmpty else { return }
        guard let by else { throw Rejection(.unauthorised, "this site asks for a name: add by") }
        let isAllowed = parties.contains { party in
            party.by == by && party.area?.covers(area) ?? true
        }
        guard isAllowed else { throw Rejection(.unauthorised, "\(by) is not allowed to ask for this here") }
    }
}

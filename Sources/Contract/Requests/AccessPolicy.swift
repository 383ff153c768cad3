package import Domain

extension AccessPolicy {
    /// Throws the refusal of a request by somebody who is not among the parties, or not for this area.
    ///
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

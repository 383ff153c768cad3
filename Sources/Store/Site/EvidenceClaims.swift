import Contract
public import Foundation

/// Why what is kept of an incident is still wanted.
public struct EvidenceClaims: Sendable, Hashable {
    /// In the order in which it goes when the budget of evidence is spent.
    public enum Claim: Sendable, CaseIterable {
        /// Over, and a broker has all of it.
        case delivered
        /// A broker lacks a message or a picture of it.
        case undelivered
        /// A review calls it right.
        case confirmed
        /// Never goes.
        case open
    }

    private let claims: [String: Claim]

    init(_ claims: [String: Claim]) { self.claims = claims }

    /// Of an incident that the site has forgotten, or a picture on request: `delivered`.
    public subscript(incident: UUID) -> Claim { claims[incident.text] ?? .delivered }
}

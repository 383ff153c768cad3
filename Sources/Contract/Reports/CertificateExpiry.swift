public import Foundation

/// Until when a certificate of the connection to the broker holds.
public struct CertificateExpiry: Codable, Sendable, Hashable {
    public enum Role: String, Codable, Sendable {
        /// This site's own.
        case client
        /// The broker's, as it showed it.
        case broker
        /// Of those that signed the broker's, the one that ends first.
        case authority
    }

    public let role: Role
    public let notAfter: Date

    public init(_ role: Role, notAfter: Date) {
        self.role = role
        self.notAfter = notAfter
    }

    /// Whole days that are left; negative once it has expired.
    public func daysLeft(at now: Date) -> Int { Int((notAfter.timeIntervalSince(now) / 86_400).rounded(.down)) }
}

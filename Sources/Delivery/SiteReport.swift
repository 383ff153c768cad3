public import Foundation

/// The retained state of a daemon.
public struct SiteReport: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable { case online, offline }

    public var site: String
    public var state: State
    /// Nil in the last will: nobody knows when the connection will break.
    public var at: String?
    /// Of the last will: when the broken connection had been made.
    public var connected: String?
    public var software: String
    public var lastSequence: Int64?
    public var undelivered: Int?
    /// Of the connection to the broker; nil without TLS.
    public var certificates: [Certificate]?

    public struct Certificate: Codable, Sendable, Hashable {
        public var role: CertificateExpiry.Role
        public var notAfter: String
        /// Whole days, at the time of the report.
        public var daysLeft: Int

        private enum CodingKeys: String, CodingKey {
            case role
            case notAfter = "not_after"
            case daysLeft = "days_left"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case site, state, at, connected, software, undelivered, certificates
        case lastSequence = "last_sequence"
    }

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(SiteReport.self, from: json) }

    init(
        _ site: SiteIdentity, _ state: State, at: Date? = nil, connected: Date? = nil, counts: OutboxCounts? = nil,
        certificates: [CertificateExpiry] = []
    ) {
        let zone = TimeZone.current
        self.site = site.id
        self.state = state
        self.at = at.map { RFC3339.string(from: $0, in: zone) }
        self.connected = connected.map { RFC3339.string(from: $0, in: zone) }
        software = site.software
        lastSequence = counts?.lastSequence
        undelivered = counts?.undelivered
        guard let at, !certificates.isEmpty else { return }
        self.certificates = certificates.map {
            Certificate(
                role: $0.role, notAfter: RFC3339.string(from: $0.notAfter, in: zone), daysLeft: $0.daysLeft(at: at))
        }
    }
}

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

    private enum CodingKeys: String, CodingKey {
        case site, state, at, connected, software, undelivered
        case lastSequence = "last_sequence"
    }

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(SiteReport.self, from: json) }

    init(
        _ site: SiteIdentity, _ state: State, at: Date? = nil, connected: Date? = nil, counts: OutboxCounts? = nil
    ) {
        let zone = TimeZone.current
        self.site = site.id
        self.state = state
        self.at = at.map { RFC3339.string(from: $0, in: zone) }
        self.connected = connected.map { RFC3339.string(from: $0, in: zone) }
        software = site.software
        lastSequence = counts?.lastSequence
        undelivered = counts?.undelivered
    }
}

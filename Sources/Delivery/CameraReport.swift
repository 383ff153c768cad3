public import Foundation

/// The retained state of one camera.
public struct CameraReport: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable, CaseIterable { case online, frozen, blind, moved, offline }

    public var camera: String
    public var site: String
    public var state: State
    public var at: String
    public var looksPerSecond: Double?
    /// How long nothing has been seen, in seconds.
    public var blindSeconds: Double?
    /// Why, in words, free of credentials.
    public var reason: String?

    private enum CodingKeys: String, CodingKey {
        case camera, site, state, at, reason
        case looksPerSecond = "looks_per_second"
        case blindSeconds = "blind_seconds"
    }

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(CameraReport.self, from: json) }

    public init(
        camera: CameraIdentity, site: SiteIdentity, state: State, at date: Date = Date(), looksPerSecond: Double? = nil,
        blindSeconds: Double? = nil, reason: String? = nil
    ) {
        self.camera = camera.id
        self.site = site.id
        self.state = state
        at = RFC3339.string(from: date, in: camera.timeZone)
        self.looksPerSecond = looksPerSecond.flatMap { $0.isFinite ? $0 : nil }
        self.blindSeconds = blindSeconds.flatMap { $0.isFinite ? $0 : nil }
        self.reason = reason
    }
}

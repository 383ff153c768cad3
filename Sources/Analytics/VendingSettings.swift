public import Foundation

/// How a zone is watched for people who seem to sell.
public struct VendingSettings: Sendable, Hashable {
    /// A place where selling is allowed until a date.
    public struct Permit: Sendable, Hashable {
        public var name: String
        public var polygon: Polygon
        /// The permit's last moment; nil for one without an end.
        public var until: Date?
        /// The hours it covers.
        public var windows: TimeWindows

        public init(name: String, polygon: Polygon, until: Date? = nil, windows: TimeWindows = .always) {
            self.name = name
            self.polygon = polygon
            self.until = until
            self.windows = windows
        }

        func covers(_ box: Box, at date: Date) -> Bool {
            if let until, date > until { return false }
            return polygon.share(of: box.footprint) >= 0.5 && windows.contains(date)
        }
    }

    /// Seconds that somebody may sell.
    public var dwell: Double
    /// When selling is forbidden; market hours are what they leave out.
    public var windows: TimeWindows
    public var permits: [Permit]

    public init(dwell: Double = 300, windows: TimeWindows = .always, permits: [Permit] = []) {
        self.dwell = dwell
        self.windows = windows
        self.permits = permits
    }
}

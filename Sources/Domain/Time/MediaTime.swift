/// A moment on a camera's own timeline, in seconds. Dwell is measured on it, never on a wall clock.
///
/// On recorded footage it is the presentation time stamp; on a live stream it is continuous across reconnects.
public struct MediaTime: Comparable, Hashable, Sendable, Codable {
    public var seconds: Double

    @inlinable public init(_ seconds: Double) { self.seconds = seconds }

    public init(from decoder: any Decoder) throws {
        seconds = try decoder.singleValueContainer().decode(Double.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }

    @inlinable public static func < (a: MediaTime, b: MediaTime) -> Bool { a.seconds < b.seconds }
    /// Seconds from `b` to `a`.
    @inlinable public static func - (a: MediaTime, b: MediaTime) -> Double { a.seconds - b.seconds }
    @inlinable public static func + (a: MediaTime, seconds: Double) -> MediaTime { MediaTime(a.seconds + seconds) }
}

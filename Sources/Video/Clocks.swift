import Dispatch
public import Foundation

/// The clocks that a camera's pictures are stamped by. Injected, so that a test may set them.
public struct Clocks: Sendable {
    /// The system's clock, which may be set at any time: for dates that are shown, never for a dwell.
    public var now: @Sendable () -> Date
    /// A clock that only runs, in seconds.
    public var uptime: @Sendable () -> Double

    public init(now: @escaping @Sendable () -> Date, uptime: @escaping @Sendable () -> Double) {
        self.now = now
        self.uptime = uptime
    }

    public static let system = Clocks(
        now: { Date() }, uptime: { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 })
}

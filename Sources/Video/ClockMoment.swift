public import Foundation

/// One moment on three clocks: ours that may step, ours that never does, and the camera's.
public struct ClockMoment: Sendable, Equatable {
    /// The system's clock.
    public var system: Date
    /// A clock that only runs, in seconds.
    public var uptime: Double
    /// The camera's clock, where its RTCP reports tell it.
    public var camera: Date?

    public init(system: Date, uptime: Double, camera: Date? = nil) {
        self.system = system
        self.uptime = uptime
        self.camera = camera
    }

    /// The camera's clock minus the system's, in seconds.
    public var offset: Double? { camera?.timeIntervalSince(system) }
}

public import Foundation

/// One moment on three clocks: ours that may step, ours that never does, and the camera's.
public struct ClockMoment: Sendable, Equatable {
    /// The system's clock.
    public var system: Date
    /// A clock that only runs, in seconds.
    public var uptime: Double
    /// The camera's clock, where its RTCP reports tell it.
    public var camera: Date?
    /// Its reports contradict one another: `camera` is nil from now on.
    public var isCameraDistrusted: Bool

    public init(system: Date, uptime: Double, camera: Date? = nil, isCameraDistrusted: Bool = false) {
        self.system = system
        self.uptime = uptime
        self.camera = camera
        self.isCameraDistrusted = isCameraDistrusted
    }

    /// The camera's clock minus the system's, in seconds.
    public var offset: Double? { camera?.timeIntervalSince(system) }
}

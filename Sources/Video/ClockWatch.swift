import Dispatch
public import Domain
public import Foundation

/// Notices when a clock is set: the camera's or ours. Ours is compared with the clock that only runs, the camera's with
/// its own pictures, so that it is known which of the two it was and late pictures are no step.
public struct ClockWatch: Sendable {
    /// A clock that was set.
    public enum Step: Sendable, Equatable, CustomStringConvertible {
        /// Seconds, forwards positive.
        case camera(Double)
        case system(Double)
        /// The camera's reports contradict one another, and its clock is not used any more. Told once.
        case distrusted

        public var description: String {
            switch self {
            case .camera(let seconds): "clock jump: the camera's clock was set \(Self.text(seconds))"
            case .system(let seconds): "clock jump: the clock of this computer was set \(Self.text(seconds))"
            case .distrusted:
                "the camera's clock is not used: its RTCP reports contradict one another; set its time by NTP, or update "
                    + "its firmware"
            }
        }

        private static func text(_ seconds: Double) -> String {
            "\(Int(abs(seconds).rounded())) s \(seconds < 0 ? "back" : "forward")"
        }
    }

    /// Seconds that count as a step.
    private static let camera = 3.0
    private static let system = 1.0
    /// The same of the camera's clock over pictures that do not tell it. They follow on a reconnect, over which media time
    /// is only as exact as the first picture was on time.
    private static let unseen = 10.0
    /// Pictures from which the offset is told.
    private static let pictures = 10

    private var last: (moment: ClockMoment, time: MediaTime)?
    /// The newest moment at which the camera's clock was known: at a reboot, where it is set, it is not for a while.
    private var known: (camera: Date, time: MediaTime)?
    /// Of the newest pictures since the last step.
    private var offsets: [Double] = []
    private var isDistrusted = false

    public init() {}

    /// The camera's clock minus ours, in seconds, by the one of the newest pictures that came with the least delay; nil
    /// where the newest one does not tell it.
    public var offset: Double? { last?.moment.camera == nil ? nil : offsets.max() }

    /// Takes the moment of a picture and its media time; the step since the one before, the camera's where both were set.
    public mutating func step(_ moment: ClockMoment, at time: MediaTime) -> Step? {
        defer {
            last = (moment, time)
            if let camera = moment.camera { known = (camera, time) }
            offsets = (offsets + [moment.offset].compactMap { $0 }).suffix(Self.pictures)
        }
        let step = steps(moment, at: time)
        if step != nil { offsets = [] }
        return step
    }

    private mutating func steps(_ moment: ClockMoment, at time: MediaTime) -> Step? {
        if moment.isCameraDistrusted, !isDistrusted {
            isDistrusted = true
            return .distrusted
        }
        guard let last else { return nil }
        if let new = moment.camera, let known {
            let step = new.timeIntervalSince(known.camera) - (time - known.time)
            if abs(step) > (last.moment.camera == nil ? Self.unseen : Self.camera) { return .camera(step) }
        }
        let step = moment.system.timeIntervalSince(last.moment.system) - (moment.uptime - last.moment.uptime)
        return abs(step) > Self.system ? .system(step) : nil
    }
}

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

import Dispatch
public import Domain
public import Foundation

/// Detects steps of a clock: the camera's or ours. Ours is compared with the monotonic clock, the camera's with its own
/// pictures, so that the two can be distinguished and late pictures are no step.
public struct ClockWatch: Sendable {
    /// A step of a clock.
    public enum Step: Sendable, Equatable, CustomStringConvertible {
        /// Seconds, forwards positive.
        case camera(Double)
        case system(Double)
        /// The camera's reports contradict one another, and its clock is no longer used. Reported once.
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
    /// The same for the camera's clock across pictures without it. They follow a reconnect, over which media time is
    /// only as exact as the arrival of the first picture.
    private static let unseen = 10.0
    /// Number of pictures over which the offset is measured.
    private static let pictures = 10

    private var last: (moment: ClockMoment, time: MediaTime)?
    /// The newest moment with a known camera clock: after a reboot, when it is set, it is unknown for a while.
    private var known: (camera: Date, time: MediaTime)?
    /// Of the newest pictures since the last step.
    private var offsets: [Double] = []
    private var isDistrusted = false

    public init() {}

    /// The camera's clock minus ours, in seconds, from the recent picture with the least delay; nil where the newest
    /// one does not carry it.
    public var offset: Double? { last?.moment.camera == nil ? nil : offsets.max() }

    /// Takes the moment of a picture and its media time; returns the step since the previous one, the camera's where
    /// both stepped.
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

/// One moment on three clocks: our system clock, our monotonic clock, and the camera's.
public struct ClockMoment: Sendable, Equatable {
    /// The system's clock.
    public var system: Date
    /// The monotonic clock, in seconds.
    public var uptime: Double
    /// The camera's clock, where its RTCP reports carry it.
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

/// The clocks for the time stamps of pictures. Injected, so that tests can set them.
public struct Clocks: Sendable {
    /// The system clock, which may be set at any time: for displayed dates, never for a dwell.
    public var now: @Sendable () -> Date
    /// The monotonic clock, in seconds.
    public var uptime: @Sendable () -> Double

    public init(now: @escaping @Sendable () -> Date, uptime: @escaping @Sendable () -> Double) {
        self.now = now
        self.uptime = uptime
    }

    public static let system = Clocks(
        now: { Date() }, uptime: { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 })
}

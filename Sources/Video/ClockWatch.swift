public import Analytics
import Foundation

/// Notices when a clock is set: the camera's or ours. Ours is compared with the clock that only runs, the camera's with
/// its own pictures, so that it is known which of the two it was and late pictures are no step.
public struct ClockWatch: Sendable {
    /// A clock that was set.
    public enum Step: Sendable, Equatable, CustomStringConvertible {
        /// Seconds, forwards positive.
        case camera(Double)
        case system(Double)

        public var description: String {
            switch self {
            case .camera(let seconds): "clock jump: the camera's clock was set \(Self.text(seconds))"
            case .system(let seconds): "clock jump: the clock of this computer was set \(Self.text(seconds))"
            }
        }

        private static func text(_ seconds: Double) -> String {
            "\(Int(abs(seconds).rounded())) s \(seconds < 0 ? "back" : "forward")"
        }
    }

    /// Seconds that count as a step.
    private static let camera = 3.0
    private static let system = 1.0

    private var last: (moment: ClockMoment, time: MediaTime)?

    public init() {}

    /// The camera's clock minus ours at the newest moment, in seconds.
    public var offset: Double? { last?.moment.offset }

    /// Takes the moment of a picture and its media time; the step since the one before, the camera's where both were set.
    public mutating func step(_ moment: ClockMoment, at time: MediaTime) -> Step? {
        defer { last = (moment, time) }
        guard let last else { return nil }
        if let new = moment.camera, let old = last.moment.camera {
            let step = new.timeIntervalSince(old) - (time - last.time)
            if abs(step) > Self.camera { return .camera(step) }
        }
        let step = moment.system.timeIntervalSince(last.moment.system) - (moment.uptime - last.moment.uptime)
        return abs(step) > Self.system ? .system(step) : nil
    }
}

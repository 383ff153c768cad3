/// Checks whether the clock in a camera's RTCP sender reports is usable (RFC 3550, 6.4.1).
///
/// Each report gives a time and the corresponding stamp of the stream. Between two reports both must advance equally. A
/// clock is accepted, at first and after a step, as soon as a second report confirms it; one whose reports contradict
/// one another, or stand still, is no longer accepted at all.
struct SenderClock {
    private struct Report {
        /// Seconds since 1900, and seconds of the stream's stamps since the first.
        var clock: Double
        var stream: Double
    }

    /// Tolerance of a report in seconds, and as a share of the time since the report it is compared with.
    private static let slack = 1.0
    private static let drift = 0.01
    /// Seconds between two reports of the same moment.
    private static let instant = 0.1
    /// Seconds after which the reference report is replaced, and doubts are forgotten.
    private static let renewal = 60.0
    /// Number of contradicting reports, or consecutive steps, that is too many.
    private static let mostDoubts = 3
    /// 1970, in seconds since 1900: an earlier time is the camera's uptime, or meaningless.
    private static let epoch = 2_208_988_800.0

    private(set) var isDistrusted: Bool
    private let clockRate: Double
    private var stamp: (raw: UInt32, seconds: Double)?
    private var anchor: Report?
    private var candidate: Report?
    private var doubts = 0

    /// - Parameter clockRate: ticks a second of the stream's stamps.
    init(clockRate: Int, isDistrusted: Bool = false) {
        self.clockRate = Double(max(1, clockRate))
        self.isDistrusted = isDistrusted
    }

    /// Takes one report; true where it carries the camera's time.
    ///
    /// - Parameters:
    ///   - ntp: seconds since 1900 in its upper half, and fractions of a second.
    ///   - rtp: the stamp of the stream at that time.
    mutating func believes(ntp: UInt64, rtp: UInt32) -> Bool {
        guard !isDistrusted else { return false }
        let clock = Double(ntp) / 4_294_967_296
        guard clock >= Self.epoch else { return false }
        let seconds =
            stamp.map { $0.seconds + Double(Int32(bitPattern: rtp &- $0.raw)) / clockRate } ?? Double(rtp) / clockRate
        stamp = (rtp, seconds)
        let report = Report(clock: clock, stream: seconds)
        if let anchor, fits(report, anchor) {
            // The one in between was an outlier.
            if candidate != nil { doubt() }
            candidate = nil
            if abs(report.stream - anchor.stream) > Self.renewal {
                self.anchor = report
                doubts = 0
            }
            return !isDistrusted
        }
        let confirms = candidate.map { fits(report, $0) } ?? false
        if candidate != nil { doubt() }
        if confirms { self.anchor = report }
        candidate = confirms ? nil : report
        return confirms && !isDistrusted
    }

    private mutating func doubt() {
        doubts += 1
        isDistrusted = doubts >= Self.mostDoubts
    }

    private func fits(_ report: Report, _ other: Report) -> Bool {
        let (passed, told) = (report.stream - other.stream, report.clock - other.clock)
        // With a constant stamp every report would match the previous one, if only they are frequent enough.
        guard passed != 0 || abs(told) < Self.instant else { return false }
        return abs(told - passed) <= Self.slack + Self.drift * abs(passed)
    }
}

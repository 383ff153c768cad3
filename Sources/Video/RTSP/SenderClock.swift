/// Whether the clock that a camera tells in its RTCP sender reports is one (RFC 3550, 6.4.1).
///
/// Each report says what time it is and which stamp of the stream that is. Between two reports both must run alike. A clock
/// is believed, at first and when it was set, as soon as a second report confirms it; one whose reports contradict one another, or stand still,
/// is no longer believed at all.
struct SenderClock {
    private struct Report {
        /// Seconds since 1900, and seconds of the stream's stamps, from the first on.
        var clock: Double
        var stream: Double
    }

    /// Seconds by which a report may be off, and the share of the time since the one it is held against.
    private static let slack = 1.0
    private static let drift = 0.01
    /// Seconds between two reports of one moment.
    private static let instant = 0.1
    /// Seconds after which it is held against a newer one, and what was doubtful is forgotten.
    private static let renewal = 60.0
    /// Reports that contradict, or steps in a row, that are too many.
    private static let mostDoubts = 3
    /// 1970, in seconds since 1900: what is before is no date but the time since the camera was switched on, or nothing.
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

    /// Takes one report; true where what it says is the camera's time.
    ///
    /// - Parameters:
    ///   - ntp: seconds since 1900 in its upper half, and parts of a second.
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
            // What came between was an outlier.
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
        // Of a stamp that stands still every report would fit the one before, if only they come often enough.
        guard passed != 0 || abs(told) < Self.instant else { return false }
        return abs(told - passed) <= Self.slack + Self.drift * abs(passed)
    }
}

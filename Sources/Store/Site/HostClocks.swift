public import Domain
public import Foundation
import Glibc

/// This machine's clocks at one moment.
public struct HostClocks: Sendable, Codable, Hashable {
    /// The system clock, which may be set at any time; Unix seconds.
    public var date: Double
    /// The kernel's boot id; nil where it is not available.
    public var boot: String?
    /// CLOCK_BOOTTIME: seconds since boot, including sleep, independent of the date.
    public var sinceBoot: Double

    public init(date: Double, boot: String?, sinceBoot: Double) {
        self.date = date
        self.boot = boot
        self.sinceBoot = sinceBoot
    }

    private static let bootID = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))
        .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }

    public static var now: HostClocks {
        var time = timespec()
        let isKnown = clock_gettime(CLOCK_BOOTTIME, &time) == 0
        return HostClocks(
            date: Date().timeIntervalSince1970, boot: isKnown ? bootID : nil,
            sinceBoot: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }
}

/// A moment of a camera's timeline, with clocks that let a later run compute its age.
public struct MomentOfRecord: Sendable, Codable, Hashable {
    public let time: MediaTime
    public let clocks: HostClocks

    public init(_ time: MediaTime, on clocks: HostClocks = .now) {
        self.time = time
        self.clocks = clocks
    }

    /// The current time on the timeline.
    ///
    /// Since boot the monotonic clock tells it; after a reboot only the date can. If the date went backwards meanwhile,
    /// no time has passed.
    public func time(on now: HostClocks) -> MediaTime {
        if let boot = now.boot, boot == clocks.boot, now.sinceBoot >= clocks.sinceBoot {
            return time + (now.sinceBoot - clocks.sinceBoot)
        }
        return time + max(0, now.date - clocks.date)
    }
}

/// Decides when old data may be deleted for its age, on a machine whose date may be wrong.
///
/// A machine without a battery-backed clock starts in 1970 or at the time of its shutdown, and is corrected minutes
/// later; a bad time server sets it years ahead for an hour. Deleting by such a date would delete everything. So a date
/// that stepped by more than a day against the monotonic clock is accepted only once the machine has run a day without
/// another step, or at the latest after a week of running, so that nothing is kept indefinitely because of it.
public struct RetentionClock: Codable, Sendable, Equatable {
    /// Earlier dates, from before this software was written, are rejected.
    static let earliest = Date(timeIntervalSince1970: 1_767_225_600)
    /// In seconds, as are all below. A smaller step changes an age by less.
    static let largestStep = 86_400.0
    private static let probation = 86_400.0
    private static let longestDoubt = 7 * 86_400.0

    private var last: HostClocks
    /// How long the machine still has to run before its date is accepted.
    private var doubt = probation
    /// How long it has run since the date was last accepted.
    private var doubted = 0.0
    /// Days of evidence with an impossible date, and when they were found.
    public private(set) var arrivals: [String: Date] = [:]

    public init(_ clocks: HostClocks) { last = clocks }

    /// Takes the current clocks; returns the date for computing ages, nil where it is not accepted.
    public mutating func advance(to now: HostClocks) -> Date? {
        let isSameBoot = now.boot == last.boot && now.sinceBoot >= last.sinceBoot
        let ran = isSameBoot ? now.sinceBoot - last.sinceBoot : now.sinceBoot
        let ahead = now.date - last.date - ran
        last = now
        doubted += ran
        // The time spent switched off is unknown.
        doubt = abs(ahead) > Self.largestStep ? Self.probation : max(0, doubt - ran)
        guard doubt == 0 || doubted >= Self.longestDoubt, now.date >= Self.earliest.timeIntervalSince1970 else {
            return nil
        }
        doubted = 0
        return Date(timeIntervalSince1970: now.date)
    }

    /// Notes which of these days of evidence (`2026-11-24`) have an impossible date: their age counts from now on.
    public mutating func note(days: [String], at now: Date) {
        func name(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }
        let (first, last) = (name(Self.earliest), name(now.addingTimeInterval(Self.largestStep)))
        let strays = days.filter { $0 < first || $0 > last }
        arrivals = Dictionary(uniqueKeysWithValues: strays.map { ($0, arrivals[$0] ?? now) })
    }
}

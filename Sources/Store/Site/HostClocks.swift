import Foundation
import Glibc

/// This machine's clocks at one moment.
public struct HostClocks: Sendable, Codable, Hashable {
    /// The system's clock, which may be set at any time; Unix seconds.
    public var date: Double
    /// The kernel's id of the time since the machine was started; nil where it does not tell.
    public var boot: String?
    /// CLOCK_BOOTTIME: seconds since then, sleep included, whatever is done to the date.
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

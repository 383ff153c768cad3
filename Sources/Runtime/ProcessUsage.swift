internal import CProcess
import Foundation
import Glibc

/// The resources used by this process.
package enum ProcessUsage {
    /// User and system, in seconds since its start.
    package static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// In bytes; nil where the kernel does not say.
    package static var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// The memory of this process, which contains credentials.
public enum ProcessMemory {
    /// Excludes it from core dumps, including those of systemd-coredump, and from debuggers of the same user.
    public static func forbidDumps() { _ = process_forbid_dumps() }

    /// Keeps what pictures have taken from growing with the number of cameras' threads. Before any thread is started.
    public static func share() { process_share_memory() }
}

import Foundation
import Glibc

/// Whether the system permits as many threads and open files as the cameras need.
public enum LiveRoom {
    /// In addition to one for each camera.
    private static let threads = 32
    private static let files = 64
    /// Of one session, over UDP.
    private static let sockets = 3

    /// The insufficient limit for so many cameras and its remedy; nil where all suffice.
    public static func fault(cameras: Int, overRTSP: Bool) -> String? {
        fault(
            cameras: cameras, files: files + (overRTSP ? cameras * sockets : 0), freeThreads: freeThreads,
            freeFiles: limit(RLIMIT_NOFILE))
    }

    /// - Parameters:
    ///   - files: the needed number.
    ///   - freeThreads, freeFiles: the available numbers; nil where there is no limit.
    static func fault(cameras: Int, files: Int, freeThreads: Int?, freeFiles: Int?) -> String? {
        if let freeThreads, freeThreads < cameras + threads {
            return
                "\(cameras) cameras need \(cameras + threads) threads, and the system leaves this process \(freeThreads): "
                + "raise 'ulimit -u', or pids.max of its control group, or take fewer cameras"
        }
        if let freeFiles, freeFiles < files {
            return "\(cameras) cameras need \(files) open files, and the system leaves this process \(freeFiles): "
                + "raise 'ulimit -n', or take fewer cameras"
        }
        return nil
    }

    /// The least that any limit leaves.
    private static var freeThreads: Int? {
        let running = Int(
            text("/proc/loadavg")?.split(separator: " ").dropFirst(3).first?.split(separator: "/").last ?? "")
        let system = text("/proc/sys/kernel/threads-max").flatMap { Int($0) }.map { $0 - (running ?? 0) }
        // Root is not subject to it.
        let user = getuid() == 0 ? nil : limit(__RLIMIT_NPROC)
        return [system, user, groupThreads].compactMap { $0 }.min()
    }

    /// Of the control group and its parents.
    private static var groupThreads: Int? {
        guard let line = text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        var folder = URL(filePath: "/sys/fs/cgroup" + line.dropFirst(3))
        var least: Int?
        while folder.path.hasPrefix("/sys/fs/cgroup") {
            if let most = text(folder.path + "/pids.max").flatMap({ Int($0) }) {
                let left = most - (text(folder.path + "/pids.current").flatMap { Int($0) } ?? 0)
                least = min(least ?? left, left)
            }
            folder.deleteLastPathComponent()
        }
        return least
    }

    private static func text(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func limit(_ resource: __rlimit_resource) -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else {
            return nil
        }
        return Int(limit.rlim_cur)
    }
}

import Foundation
import Glibc

/// Whether the system lets this process have as many threads and open files as cameras need.
public enum LiveRoom {
    /// Beside one for each camera.
    private static let threads = 32
    private static let files = 64

    /// What is too little for so many cameras and what to do about it; nil where there is enough.
    public static func fault(cameras: Int) -> String? {
        fault(cameras: cameras, threads: freeThreads, files: limit(RLIMIT_NOFILE))
    }

    /// - Parameters: what there is; nil where there is no limit.
    static func fault(cameras: Int, threads: Int?, files: Int?) -> String? {
        if let threads, threads < cameras + Self.threads {
            return
                "\(cameras) cameras need \(cameras + Self.threads) threads, and the system leaves this process \(threads): "
                + "raise 'ulimit -u', or pids.max of its control group, or take fewer cameras"
        }
        if let files, files < Self.files {
            return "it needs \(Self.files) open files, and the system leaves this process \(files): raise 'ulimit -n'"
        }
        return nil
    }

    /// The least that any limit leaves.
    private static var freeThreads: Int? {
        let running = Int(
            text("/proc/loadavg")?.split(separator: " ").dropFirst(3).first?.split(separator: "/").last ?? "")
        let system = text("/proc/sys/kernel/threads-max").flatMap { Int($0) }.map { $0 - (running ?? 0) }
        // Root is not held to it.
        let user = getuid() == 0 ? nil : limit(__RLIMIT_NPROC)
        return [system, user, groupThreads].compactMap { $0 }.min()
    }

    /// Of the control group and those around it.
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

import Glibc

/// Sends notifications to systemd, as sd_notify(3) does. Does nothing outside systemd.
///
/// Never blocks: where earlier messages have not been read, a message is lost, and the service can still be stopped.
public enum SystemdNotify {
    /// `state` is e.g. "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=3 cameras up".
    @discardableResult
    public static func send(_ state: String) -> Bool {
        send(state, to: getenv("NOTIFY_SOCKET").map { String(cString: $0) })
    }

    @discardableResult
    static func send(_ state: String, to path: String?) -> Bool {
        guard let path, path.utf8.count < 108 else { return false }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }

        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        // A leading @ denotes the abstract namespace, which starts with a zero byte.
        if path.hasPrefix("@") { address.sun_path.0 = 0 }
        let length = socklen_t((MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2) + path.utf8.count)

        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                state.withCString {
                    sendto(
                        descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), pointer,
                        length)
                }
            }
        }
        return sent == state.utf8.count
    }

    /// The time stamp that systemd requires with `RELOADING=1`.
    package static var monotonicMicroseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }

    /// Half of WatchdogSec, the interval systemd advises; nil when there is no watchdog.
    public static var watchdogInterval: Duration? {
        guard let text = getenv("WATCHDOG_USEC"), let microseconds = Int64(String(cString: text)) else { return nil }
        return .microseconds(microseconds / 2)
    }
}

internal import CProcess

/// The memory of this process, which holds credentials.
public enum ProcessMemory {
    /// Keeps it out of core dumps, also of those that systemd-coredump takes, and from debuggers of the same user.
    public static func forbidDumps() { _ = process_forbid_dumps() }
}

import Glibc
import Synchronization

/// The memory for the decoded pictures of all cameras together.
final class DecodingBudget: Sendable {
    /// Half of the computer's memory.
    static let shared = DecodingBudget(
        bytes: max(1 << 28, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 2))

    let bytes: Int
    private let taken = Mutex(0)

    init(bytes: Int) { self.bytes = bytes }

    /// Reserves so many bytes in place of an earlier reservation; false where too few are left, and then the earlier
    /// one remains.
    func take(_ bytes: Int, insteadOf old: Int) -> Bool {
        taken.withLock { taken in
            guard bytes <= old || taken - old + bytes <= self.bytes else { return false }
            taken += bytes - old
            return true
        }
    }
}

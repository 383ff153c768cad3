import Glibc

/// Lets a thread wait for a time, or until another one signals.
///
/// Uses the monotonic clock: a semaphore of libdispatch waits by the date on Linux, and for two hours longer where the
/// date is set back by two hours.
// @unchecked: what it holds changes under its own lock only.
public final class MonotonicEvent: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var calls = 0

    public init() {
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Ends one wait, the current or the next one.
    public func signal() {
        pthread_mutex_lock(mutex)
        calls += 1
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Returns after so many seconds, or once signalled.
    public func wait(seconds: Double) {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let nanoseconds = Int((seconds > 0 ? min(seconds, 1e6) : 0) * 1e9) + until.tv_nsec
        until.tv_sec += nanoseconds / 1_000_000_000
        until.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while calls == 0 {
            // Timeout or error.
            if pthread_cond_timedwait(condition, mutex, &until) != 0 { break }
        }
        if calls > 0 { calls -= 1 }
    }
}

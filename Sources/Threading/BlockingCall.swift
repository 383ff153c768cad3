internal import CThread
import Glibc
import Synchronization

/// Blocking work on a thread of its own, for which another thread waits for a limited time.
///
/// Work that is no longer waited for continues until it ends by itself.
public final class BlockingCall<Value: Sendable>: Sendable {
    private struct State {
        /// Nil before the start and after the end: an ended thread must not be interrupted.
        var thread: pthread_t?
        var value: Value?
    }

    private let state = Mutex(State())
    private let done = MonotonicEvent()

    public init(named name: String, _ work: @escaping @Sendable () -> Value) {
        startThread(named: name) { [self] in
            thread_allow_interrupts()
            state.withLock { $0.thread = pthread_self() }
            let value = work()
            state.withLock { state in
                state.thread = nil
                state.value = value
            }
            done.signal()
        }
    }

    /// The result of the work, or nil where it is still running after so many seconds. For one waiting thread.
    public func value(within seconds: Double) -> Value? {
        if let value = state.withLock(\.value) { return value }
        done.wait(seconds: seconds)
        return state.withLock(\.value)
    }

    /// Interrupts the system call in which the work blocks, with EINTR. A host name look-up of the C library continues
    /// all the same.
    public func interrupt() {
        state.withLock { state in if let thread = state.thread { thread_interrupt(thread) } }
    }
}

/// Whether `body` has returned within the time; also false once the task is cancelled. An unfinished `body` continues
/// by itself.
///
/// For calls that may never return, such as one to a disk that hangs: waiting for it must not hang too.
///
/// - Parameter duration: nil waits until the task is cancelled.
@discardableResult
public func finishes(within duration: Duration? = nil, _ body: @escaping @Sendable () async -> Void) async -> Bool {
    let (ends, end) = AsyncStream<Bool>.makeStream()
    Task {
        await body()
        end.yield(true)
    }
    let alarm = duration.map { duration in
        Task {
            try? await Task.sleep(for: duration)
            end.yield(false)
        }
    }
    defer { alarm?.cancel() }
    for await isDone in ends { return isDone }
    return false
}

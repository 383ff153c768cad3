internal import CThread
import Glibc
import Synchronization

/// Blocking work on a thread of its own, for which another thread waits as long as it likes.
///
/// What is not waited for any more goes on until it ends by itself.
public final class BlockingCall<Value: Sendable>: Sendable {
    private struct State {
        /// Nil before it began and after it ended: an ended thread must not be interrupted.
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

    /// What the work has returned, or nil where it still goes on after so many seconds. For one waiting thread.
    public func value(within seconds: Double) -> Value? {
        if let value = state.withLock(\.value) { return value }
        done.wait(seconds: seconds)
        return state.withLock(\.value)
    }

    /// Ends the system call in which the work blocks, with EINTR. The C library's look-up of names goes on all the same.
    public func interrupt() {
        state.withLock { state in if let thread = state.thread { thread_interrupt(thread) } }
    }
}

/// Whether `body` has returned within so long; false too once the task is cancelled. What has not returned goes on by itself.
///
/// For what may never return, such as a call to a disk that hangs: waiting for it must not hang too.
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

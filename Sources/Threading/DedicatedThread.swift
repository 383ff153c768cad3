internal import CThread
import Dispatch
import Glibc
import Synchronization

/// Runs blocking work on a thread of its own; the caller waits without occupying a pool thread.
public func onOwnThread<Result: Sendable>(
    named name: String, _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
        startThread(named: name) { continuation.resume(with: Swift.Result(catching: work)) }
    }
}

/// An executor with its own thread for an actor whose methods block.
public final class DedicatedThread: SerialExecutor, TaskExecutor, Sendable {
    private struct Entry {
        let job: UnownedJob
        let serial: UnownedSerialExecutor
        let task: UnownedTaskExecutor
    }

    /// Owned by the thread, so that releasing the executor ends the thread.
    // @unchecked: a lock guards the entries, and a semaphore may be used from any thread.
    private final class Queue: @unchecked Sendable {
        let entries = Mutex<[Entry?]>([])
        let wake = DispatchSemaphore(value: 0)

        /// nil ends the thread.
        func push(_ entry: Entry?) {
            entries.withLock { $0.append(entry) }
            wake.signal()
        }

        func pop() -> Entry? {
            wake.wait()
            return entries.withLock { $0.removeFirst() }
        }
    }

    private let queue = Queue()

    /// - Parameter yieldsToOthers: whether other threads of the machine get ten times its share of a busy processor.
    public init(name: String, yieldsToOthers: Bool = false) {
        startThread(named: name) { [queue] in
            if yieldsToOthers { thread_yield_to_others() }
            while let entry = queue.pop() {
                entry.job.runSynchronously(isolatedTo: entry.serial, taskExecutor: entry.task)
            }
        }
    }

    deinit { queue.push(nil) }

    public func enqueue(_ job: consuming ExecutorJob) {
        queue.push(Entry(job: UnownedJob(job), serial: asUnownedSerialExecutor(), task: asUnownedTaskExecutor()))
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

/// Runs a blocking loop on a thread of its own, with a name for top and gdb (15 bytes at most).
public func startThread(named name: String, _ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(ThreadBody(name: String(name.prefix(15)), run: run))
    let code = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            let body = Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
            thread_set_name(body.name)
            body.run()
            return nil
        }, body.toOpaque())
    precondition(code == 0, "pthread_create: \(code)")
    pthread_detach(thread)
}

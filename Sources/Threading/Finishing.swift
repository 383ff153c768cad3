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

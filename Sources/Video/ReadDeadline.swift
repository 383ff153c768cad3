internal import CFFmpeg
import Dispatch
import Synchronization

/// Polled by libav while it blocks: limits the time of one read, and detects a stop at once.
final class ReadDeadline: Sendable {
    private let nanoseconds = Atomic<UInt64>(.max)
    private let allowed = Atomic<UInt64>(0)
    private let end = Atomic<UInt64>(.max)
    private let stopped = Atomic<Bool>(false)

    init() {}

    func arm(for seconds: Double) {
        allowed.store(UInt64(seconds * 1000), ordering: .relaxed)
        nanoseconds.store(now() + UInt64(seconds * 1e9), ordering: .relaxed)
    }

    /// From now on nothing goes on for longer than this, whatever it is armed for.
    func limit(to seconds: Double) { end.store(now() + UInt64(seconds * 1e9), ordering: .relaxed) }

    /// The time of `limit` has passed.
    var isAtEnd: Bool { now() > end.load(ordering: .relaxed) }

    func stop() { stopped.store(true, ordering: .relaxed) }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// The limit of the newest call, for messages.
    var text: String { "\(Double(allowed.load(ordering: .relaxed)) / 1000) s" }

    var isOver: Bool { isStopped || now() > nanoseconds.load(ordering: .relaxed) || isAtEnd }

    private func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
}

extension ReadDeadline {
    /// The callback for libav; keep this as long as it blocks.
    var callback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<ReadDeadline>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(self).toOpaque())
    }
}

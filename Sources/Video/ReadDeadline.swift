internal import CFFmpeg
import Dispatch
import Synchronization

/// What libav polls while it blocks: one read may take only so long, and a stop is seen at once.
final class ReadDeadline: Sendable {
    private let nanoseconds = Atomic<UInt64>(.max)
    private let allowed = Atomic<UInt64>(0)
    private let stopped = Atomic<Bool>(false)

    init() {}

    func arm(for seconds: Double) {
        allowed.store(UInt64(seconds * 1000), ordering: .relaxed)
        nanoseconds.store(now() + UInt64(seconds * 1e9), ordering: .relaxed)
    }

    func stop() { stopped.store(true, ordering: .relaxed) }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// What was allowed for the newest call, for messages.
    var text: String { "\(Double(allowed.load(ordering: .relaxed)) / 1000) s" }

    var isOver: Bool { isStopped || now() > nanoseconds.load(ordering: .relaxed) }

    private func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
}

extension ReadDeadline {
    /// For libav to ask while it blocks; keep this as long as it does.
    var callback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<ReadDeadline>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(self).toOpaque())
    }
}

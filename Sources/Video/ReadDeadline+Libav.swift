internal import CFFmpeg

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

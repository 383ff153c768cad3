import Threading
internal import Video

/// Makes JPEGs of frames that may be needed later, on a thread of its own: masking takes seconds, and frames that wait for it
/// would fill the memory.
actor FrameCompressor {
    private let thread = DedicatedThread(name: "compress")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func compress(_ frame: Frame, quality: Int) throws -> [UInt8] { try JPEG.encode(frame, quality: quality) }
}

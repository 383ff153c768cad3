import Hashing

/// Copies so many bytes in memory: the least that moving them takes on this machine.
final class MemoryCopy {
    private let source: UnsafeMutableRawBufferPointer
    private let target: UnsafeMutableRawBufferPointer

    init(bytes: Int) {
        source = .allocate(byteCount: max(1, bytes), alignment: 64)
        target = .allocate(byteCount: max(1, bytes), alignment: 64)
        // Memory that nobody has touched is not there yet.
        _ = source.initializeMemory(as: UInt8.self, repeating: 1)
        _ = target.initializeMemory(as: UInt8.self, repeating: 2)
    }

    deinit {
        source.deallocate()
        target.deallocate()
    }

    func run() { target.copyMemory(from: UnsafeRawBufferPointer(source)) }
}

/// The SHA-256 of 64 KiB: work that depends on nothing but this machine and its libcrypto.
final class HashWork {
    static let what = "the SHA-256 of 64 KiB"
    private let bytes = [UInt8](repeating: 7, count: 64 << 10)

    func run() throws { _ = try SHA256.hex(bytes) }
}

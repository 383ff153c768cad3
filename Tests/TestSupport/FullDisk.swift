public import Foundation
import Glibc
import Synchronization

/// A small file system of its own that can be filled to its last byte; unmounted with the value.
public final class FullDisk: Sendable {
    public let url: URL
    private let filled = Mutex(0)

    /// Nil where mounting is not permitted.
    public init?(in folder: TemporaryFolder, megabytes: Int) throws {
        url = folder.file("disk")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        guard mount("none", url.path, "tmpfs", 0, "size=\(megabytes)m") == 0 else { return nil }
    }

    deinit { umount2(url.path, Int32(MNT_DETACH)) }

    public var count: Int { filled.withLock { $0 } }

    public func fill() {
        let file = open(url.appending(path: "filler").path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(file, block, block.count) > 0 {}
        if errno == ENOSPC { filled.withLock { $0 += 1 } }
    }

    /// Whether nothing may be written, as where the kernel has found a fault. False where that cannot be set.
    public func set(readOnly: Bool) -> Bool {
        mount("none", url.path, "tmpfs", UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0), nil) == 0
    }

    public func free() { unlink(url.appending(path: "filler").path) }
}

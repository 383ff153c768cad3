public import Foundation
import Glibc

/// The last look that was written in full, in a file that outlives the process.
public struct ChaosProgress: Sendable {
    private let descriptor: Int32

    public init(file: URL) throws {
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// 0 where none was. Eight bytes at one place are written whole or not at all.
    public var look: Int {
        var value: Int64 = 0
        return pread(descriptor, &value, 8, 0) == 8 ? Int(value) : 0
    }

    public func write(_ look: Int) {
        var value = Int64(look)
        pwrite(descriptor, &value, 8, 0)
    }
}

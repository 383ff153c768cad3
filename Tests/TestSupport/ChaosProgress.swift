public import Foundation
import Glibc

/// The last look that was written in full, and when each look was begun, in a file that outlives the process.
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

    /// Notes that a look begins, by the clock of the computer; one that is begun again after a kill keeps its time.
    public func begin(_ look: Int) {
        guard date(of: look) == nil else { return }
        var seconds = Date().timeIntervalSince1970
        pwrite(descriptor, &seconds, 8, off_t(8 * look))
    }

    /// When a look was begun for the first time; nil where it never was. Looks count from 1.
    public func date(of look: Int) -> Date? {
        var seconds = 0.0
        guard look > 0, pread(descriptor, &seconds, 8, off_t(8 * look)) == 8, seconds > 0 else { return nil }
        return Date(timeIntervalSince1970: seconds)
    }
}

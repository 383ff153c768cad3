package import Foundation
import Glibc

/// Files that are either complete and on the disk, or absent.
package enum DurableFile {
    package struct Failed: Error, CustomStringConvertible {
        /// What failed, and why.
        package let cause: String

        package var description: String { "\(cause); check its owner and the free space" }
    }

    /// The suffix of a file that is being written; a kill leaves it behind.
    package static let unfinished = ".part"

    /// Writes a file beside its destination, syncs it and renames it; by default owner and group may read it.
    ///
    /// - Parameters:
    ///   - part: its name meanwhile; by default the name with the suffix `unfinished`.
    ///   - prepare: called with the descriptor after writing, before the sync.
    /// - Throws: `Failed`, or the error of `prepare`; then the file is unchanged.
    package static func write(
        _ bytes: [UInt8], to file: URL, mode: mode_t = 0o640, part: String? = nil,
        prepare: (Int32) throws -> Void = { _ in }
    ) throws {
        let part = part ?? file.path + unfinished
        // A file left by a kill may have another mode, or be a link by now.
        unlink(part)
        let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failed("create \(part)") }
        do {
            defer { close(descriptor) }
            try writeAll(bytes, to: descriptor, path: part)
            try prepare(descriptor)
            // Includes owner and mode.
            guard fsync(descriptor) == 0 else { throw failed("bring \(part) to the disk") }
        } catch {
            unlink(part)
            throw error
        }
        guard rename(part, file.path) == 0 else {
            let error = failed("rename \(part)")
            unlink(part)
            throw error
        }
        try syncFolder(file.deletingLastPathComponent())
    }

    /// Writes all bytes and syncs.
    package static func append(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        try writeAll(bytes, to: descriptor, path: path)
        guard fdatasync(descriptor) == 0 else { throw failed("bring \(path) to the disk") }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed("write \(path)") }
            done += count
        }
    }

    /// Makes the names in a folder durable.
    package static func syncFolder(_ folder: URL) throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("open \(folder.path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failed("bring \(folder.path) to the disk") }
    }

    package static func failed(_ operation: String) -> Failed {
        Failed(cause: "could not \(operation): \(String(cString: strerror(errno)))")
    }
}

import Foundation
import Glibc

/// Files that are whole and on the disk, or not there.
enum DurableFile {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// What stands behind a name while the file is written; a kill leaves it.
    static let unfinished = ".part"

    /// Writes a file beside its place, brings it to the disk and moves it there; by default owner and group may read it.
    static func write(_ bytes: [UInt8], to file: URL, mode: mode_t = 0o640) throws {
        let part = file.path + unfinished
        // What a kill has left may have another mode, or be a link by now.
        unlink(part)
        let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failed("create \(part)") }
        do {
            defer { close(descriptor) }
            try append(bytes, to: descriptor, path: part)
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

    /// Writes all bytes and waits for the disk.
    static func append(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed("write \(path)") }
            done += count
        }
        guard fdatasync(descriptor) == 0 else { throw failed("bring \(path) to the disk") }
    }

    /// Makes the names in a folder durable.
    static func syncFolder(_ folder: URL) throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("open \(folder.path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failed("bring \(folder.path) to the disk") }
    }

    static func failed(_ operation: String) -> Failed {
        Failed(
            description: "could not \(operation): \(String(cString: strerror(errno))); "
                + "check its owner and the free space")
    }
}

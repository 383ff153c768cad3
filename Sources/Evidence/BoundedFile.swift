import Foundation
import Glibc
import Hashing

/// Reads regular files in places where others may write: links are not followed, reads do not block, and memory is
/// limited.
enum BoundedFile {
    struct Failed: Error, CustomStringConvertible {
        let description: String
        /// There is no file with that name.
        var isAbsent = false
        /// Permission was denied; otherwise it is not the expected kind of file.
        var isRefused = false
    }

    /// Reads a whole file of at most so many bytes.
    ///
    /// - Parameter inspect: called with owner, mode and size before anything is read.
    static func read(_ path: String, atMost limit: Int, inspect: (stat) -> Void = { _ in }) throws -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed(path) }
        defer { close(descriptor) }
        inspect(try status(descriptor, path))
        return try read(descriptor, path, atMost: limit)
    }

    /// Reads a whole file below a folder; no part of the path may be a link.
    static func read(_ name: String, in folder: URL, atMost limit: Int) throws -> [UInt8] {
        let descriptor = try open(name, in: folder)
        defer { close(descriptor) }
        _ = try status(descriptor, name)
        return try read(descriptor, name, atMost: limit)
    }

    private static func read(_ descriptor: Int32, _ name: String, atMost limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachChunk(descriptor, name) { chunk in
            bytes += chunk
            if bytes.count > limit { throw Failed(description: "\(name) is larger than \(limit) bytes") }
        }
        return bytes
    }

    /// The SHA-256 of a file below a folder; no part of the path may be a link; 64 lower-case digits.
    ///
    /// - Parameter limit: a larger file is not read, in bytes.
    static func hash(_ name: String, in folder: URL, atMost limit: Int) throws -> String {
        let descriptor = try open(name, in: folder)
        defer { close(descriptor) }
        guard try status(descriptor, name).st_size <= limit else {
            throw Failed(description: "\(name) is larger than any file that is written here")
        }
        return try hash(descriptor, name, atMost: limit)
    }

    /// Whether there is a file, reached without links.
    static func exists(_ name: String, in folder: URL) -> Bool {
        guard let descriptor = try? open(name, in: folder) else { return false }
        defer { close(descriptor) }
        return (try? status(descriptor, name)) != nil
    }

    /// To be closed by the caller.
    private static func open(_ name: String, in folder: URL) throws -> Int32 {
        let parts = name.split(separator: "/").map(String.init)
        guard !parts.isEmpty, !parts.contains("..") else { throw Failed(description: "\(name) is no name of a file") }
        var descriptor = Glibc.open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed(folder.path) }
        for (index, part) in parts.enumerated() {
            let kind = index + 1 < parts.count ? O_DIRECTORY : O_NONBLOCK
            let next = openat(descriptor, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind)
            let code = errno
            close(descriptor)
            guard next >= 0 else { throw failed(name, code) }
            descriptor = next
        }
        return descriptor
    }

    private static func hash(_ descriptor: Int32, _ name: String, atMost limit: Int) throws -> String {
        var sum = 0
        let hash: SHA256
        do { hash = try SHA256() } catch { throw Failed(description: "\(error)", isRefused: true) }
        try forEachChunk(descriptor, name) { chunk in
            try hash.update(chunk)
            sum += chunk.count
            if sum > limit { throw Failed(description: "\(name) grows while it is read") }
        }
        return try hash.hex()
    }

    private static func status(_ descriptor: Int32, _ path: String) throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failed(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failed(description: "\(path) is no regular file") }
        return status
    }

    private static func forEachChunk(
        _ descriptor: Int32, _ path: String, _ take: (ArraySlice<UInt8>) throws -> Void
    ) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failed(path) }
            guard count > 0 else { return }
            try take(buffer[..<count])
        }
    }

    private static func failed(_ path: String, _ code: Int32 = errno) -> Failed {
        switch code {
        case ENOENT: Failed(description: "\(path) is not there", isAbsent: true)
        case ELOOP: Failed(description: "\(path) is a link")
        case ENOTDIR: Failed(description: "a folder on the way to \(path) is a link or a file")
        case ENXIO: Failed(description: "\(path) is no regular file")
        default:
            Failed(description: "\(path) cannot be read: \(String(cString: strerror(code)))", isRefused: true)
        }
    }
}

/// The identity of a file or folder on its device, independent of its name.
struct FileIdentity: Equatable {
    let device: UInt64
    let inode: UInt64

    /// Nil where nothing has the name.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Nil where it is not open.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
}

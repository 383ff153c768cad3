public import Foundation
import Glibc

/// Ensures that only one daemon uses a folder: a lock (flock(2)) on a file in it, which the kernel releases when the
/// process ends, however that happens.
public final class FolderLock: Sendable {
    /// Another process holds the lock.
    public struct Held: Error, CustomStringConvertible {
        public let description: String
    }

    /// The lock could not be attempted.
    public struct Unusable: Error, CustomStringConvertible {
        public let description: String
    }

    /// The file in the folder; says who holds the lock, since when.
    public static let name = "daemon.lock"

    private let descriptor: Int32

    /// Takes the lock; creates the folder where it is missing. Throws `Held`, or `Unusable`.
    ///
    /// - Parameters:
    ///   - what: the name of the folder in faults.
    ///   - key: the configuration key of the folder.
    public init(_ folder: URL, what: String, key: String, now: Date = Date()) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        } catch {
            throw Unusable(
                description: "could not make \(what) \(folder.path): \(error.localizedDescription); check that its "
                    + "disk is there and can be written")
        }
        let path = folder.appending(path: Self.name).path
        let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        var descriptor = open(path, O_RDWR | O_CREAT | flags, 0o640)
        // The lock works on a full or read-only disk, too.
        if descriptor < 0 { descriptor = open(path, O_RDONLY | flags) }
        guard descriptor >= 0 else { throw Self.unusable(path, what, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw Self.unusable(path, what, code) }
            throw Held(
                description: "\(what) \(folder.path) is used by another gridwarden\(holder); stop that one, or give "
                    + "this one another folder (\(key))")
        }
        self.descriptor = descriptor
        let text = Array("pid \(getpid()) since \(now.formatted(.iso8601))\n".utf8)
        // The holder's name is only informative: a full disk does not prevent locking.
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    deinit { close(descriptor) }

    private static func unusable(_ path: String, _ what: String, _ code: Int32) -> Unusable {
        Unusable(
            description: "could not lock \(path) in \(what): \(String(cString: strerror(code))); check that the folder "
                + "belongs to the service's user and its disk can be written")
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 80)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        // Anyone with write access could have left something else.
        guard let match = text.firstMatch(of: /^pid [0-9]{1,10} since [0-9TZ:\-]{10,30}\n/) else { return "" }
        return " (\(match.output.dropLast()))"
    }
}

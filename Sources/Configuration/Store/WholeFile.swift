import Foundation
import Glibc
import Runtime

/// The owner and mode of a file.
struct FileOwner {
    let user: uid_t
    let group: gid_t
    let mode: mode_t

    init(of file: URL) throws(ConfigurationStoreFault) {
        var status = stat()
        guard stat(file.path, &status) == 0 else { throw .failed("look at \(file.path)") }
        self.init(user: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o7777)
    }

    private init(user: uid_t, group: gid_t, mode: mode_t) { (self.user, self.group, self.mode) = (user, group, mode) }

    /// The same owner, without access for others.
    var alone: FileOwner { FileOwner(user: user, group: group, mode: 0o600) }

    func take(over descriptor: Int32, _ path: String) throws(ConfigurationStoreFault) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .failed("look at \(path)") }
        if status.st_uid != user || status.st_gid != group {
            guard fchown(descriptor, user, group) == 0 else { throw .failed("give \(path) to the owner of the file") }
        }
        // After the owner: changing that clears mode bits.
        guard fchmod(descriptor, mode) == 0 else { throw .failed("set the rights of \(path)") }
    }
}

/// Files that are either completely written and on the disk, or unchanged.
enum WholeFile {
    /// Writes beside the destination, syncs and renames.
    static func write(_ text: String, to file: URL, owner: FileOwner) throws(ConfigurationStoreFault) {
        // The lock excludes other writers. Only its owner may read it until it has the mode of the file.
        let part = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent).part").path
        do {
            try DurableFile.write(Array(text.utf8), to: file, mode: 0o600, part: part) {
                try owner.take(over: $0, part)
            }
        } catch let fault as ConfigurationStoreFault { throw fault } catch {
            throw ConfigurationStoreFault(unwritable: (error as? DurableFile.Failed)?.cause ?? "\(error)")
        }
    }

    /// Accessible to its owner only.
    static func makeFolder(_ folder: URL, owner: FileOwner) throws(ConfigurationStoreFault) {
        guard mkdir(folder.path, 0o700) != 0 else {
            if geteuid() != owner.user || getegid() != owner.group {
                guard lchown(folder.path, owner.user, owner.group) == 0 else {
                    throw .failed("give \(folder.path) to the owner of the file")
                }
            }
            return
        }
        var status = stat()
        guard errno == EEXIST else { throw .failed("make \(folder.path)") }
        // It must not have been replaced by a link.
        guard lstat(folder.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw ConfigurationStoreFault(.unwritable, "\(folder.path) is no folder: take it away")
        }
    }
}

/// Ensures that only one process changes a file; released with the value, or when the process ends, however that
/// happens.
final class FileLock {
    private let descriptor: Int32

    /// - Parameter patience: seconds to wait for the present holder.
    init(of file: URL, patience: Double) throws(ConfigurationStoreFault) {
        let path = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent).lock").path
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        let made = open(path, flags | O_CREAT | O_EXCL, 0o600)
        descriptor = made >= 0 ? made : open(path, flags)
        guard descriptor >= 0 else { throw .failed("lock \(path)") }
        // The owner of the file must be able to lock it, too. An existing lock file keeps its owner.
        if made >= 0, let owner = try? FileOwner(of: file) { try? owner.alone.take(over: descriptor, path) }
        let end = DispatchTime.now() + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let fault = ConfigurationStoreFault.failed("lock \(path)")
                close(descriptor)
                throw fault
            }
            guard DispatchTime.now() < end else {
                close(descriptor)
                throw ConfigurationStoreFault(
                    .busy, "another process is changing \(file.path): wait for it, and try again")
            }
            usleep(20_000)
        }
    }

    deinit { close(descriptor) }
}

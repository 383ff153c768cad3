import Glibc

/// Reads small files that somebody names: regular ones, and never more than so many bytes.
///
/// A pipe or a device in their place would be waited for, perhaps for ever.
public enum RegularFile {
    public enum Fault: Error, Sendable, Hashable {
        case missing
        case directory
        /// A pipe, a socket or a device.
        case special
        /// By the system's word.
        case unreadable(String)
        case tooLarge

        /// What to say of the file.
        public var text: String {
            switch self {
            case .missing: "there is no such file"
            case .directory: "this is a directory; name a file in it"
            case .special: "this is a pipe, a socket or a device; name a regular file"
            case .unreadable(let reason):
                "it cannot be read (\(reason)); give the user who runs gridwarden the right to read it"
            case .tooLarge: "it is too large for what it should be"
            }
        }
    }

    /// - Parameter most: bytes.
    public static func read(_ path: String, most: Int) throws(Fault) -> [UInt8] {
        // A pipe without a writer is opened at once, too.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw fault(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .directory
        default: throw .special
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= most {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw fault(errno) }
            guard count > 0 else { return bytes }
            bytes += part.prefix(count)
        }
        throw .tooLarge
    }

    /// Whether there is a regular file, which need not be readable.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func fault(_ code: Int32) -> Fault {
        switch code {
        case ENOENT, ENOTDIR: .missing
        // Of a socket.
        case ENXIO: .special
        default: .unreadable(String(cString: strerror(code)))
        }
    }
}

import Glibc

/// Reads small files named by users: regular ones only, up to a size limit.
///
/// Reading a pipe or a device could block indefinitely.
public enum RegularFile {
    public enum Fault: Error, Sendable, Hashable {
        case missing
        case directory
        /// A pipe, a socket or a device.
        case special
        /// With the system's message.
        case unreadable(String)
        case tooLarge

        /// The message for the file.
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
        // Does not block on a pipe without a writer.
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

    /// Whether there is a regular file, readable or not.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func fault(_ code: Int32) -> Fault {
        switch code {
        case ENOENT, ENOTDIR: .missing
        // For a socket.
        case ENXIO: .special
        default: .unreadable(String(cString: strerror(code)))
        }
    }
}

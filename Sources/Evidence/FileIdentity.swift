import Glibc

/// Which file or folder it is on its device, whatever its name.
struct FileIdentity: Equatable {
    let device: UInt64
    let inode: UInt64

    /// Nil where there is nothing under the name.
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

import Foundation
import Glibc
import Runtime

/// Reads a ledger line by line; memory grows neither with its length nor with that of a line.
final class LedgerLines {
    struct Line {
        /// Without the line feed; only the beginning of a line that is too long for a record.
        let bytes: [UInt8]
        /// False for a last line without a line feed.
        let isWhole: Bool
    }

    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    /// Throws a `LedgerError` where there is no regular file.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        let code = errno
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            if descriptor >= 0 { close(descriptor) }
            let reason = descriptor < 0 && code != ELOOP ? String(cString: strerror(code)) : "it is no regular file"
            throw Ledger.LedgerError(
                description:
                    "could not read the ledger \(path): \(reason); name the evidence folder or an exported pack")
        }
    }

    deinit { close(descriptor) }

    /// The current size of the file in bytes.
    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    func next() throws -> Line? {
        var isTooLong = false
        while true {
            if let end = lineFeed() {
                defer { start = end + 1 }
                return Line(bytes: isTooLong ? [] : Array(buffer[start..<end]), isWhole: true)
            }
            buffer.removeFirst(start)
            start = 0
            if buffer.count > LedgerLine.longest {
                isTooLong = true
                buffer = []
            }
            let more = try read()
            guard !more.isEmpty else { break }
            buffer += more
        }
        guard !buffer.isEmpty || isTooLong else { return nil }
        defer { buffer = [] }
        return Line(bytes: buffer, isWhole: false)
    }

    /// The end of the next line; by the C library, since a ledger may have gigabytes.
    private func lineFeed() -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            else { return nil }
            return base.distance(to: UnsafeRawPointer(found))
        }
    }

    private func read() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DurableFile.failed("read the ledger \(path)") }
            return Array(bytes[..<count])
        }
    }
}

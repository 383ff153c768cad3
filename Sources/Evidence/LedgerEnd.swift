import Foundation
import Glibc

/// The end of a ledger as it lies on the disk, read from behind: the time does not grow with its length.
struct LedgerEnd {
    /// So many bytes are looked at; records before that no start reads.
    static let window = 1 << 20

    enum Found {
        /// Nothing is there, or a file without a byte.
        case nothing(isFile: Bool)
        /// Not one record can be read at its end, or it is no regular file.
        case unusable(String)
        case end(LedgerEnd)
    }

    let last: LedgerLine
    /// The newest records before it that could be read, the newest first.
    let before: [LedgerLine]
    /// Bytes through the last record.
    let length: Int64
    /// What follows that and is no record.
    let rest: [UInt8]

    /// Whether what follows is one line that was not written to its end, as a power cut leaves it.
    var isUnfinished: Bool { !rest.isEmpty && !rest.contains(UInt8(ascii: "\n")) }

    /// - Parameter key: that of the site. A last record behind one that it has signed, with a signature that is not its own,
    ///   is damaged: another key would have begun with a record that says so.
    static func read(_ path: String, key: LedgerKey? = nil) throws -> Found {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw DurableFile.failed("find the ledger \(path)") }
            return .nothing(isFile: false)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return .unusable("it is no regular file") }
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFile.failed("open the ledger \(path)") }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0 else { return .nothing(isFile: true) }
        let start = max(0, Int64(size) - Int64(window))
        let bytes = try readAll(descriptor, from: start, path)
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // Behind the last line feed.
        lines.removeLast()
        var good: [LedgerLine] = []
        var ends: [Int] = []
        for line in lines.reversed() where start == 0 || line.startIndex > 0 {
            guard let record = LedgerLine.parse(Array(line)) else { continue }
            ends.append(line.endIndex + 1)
            good.append(record)
        }
        if let key, good.count > 1, good[0].signature != nil, good[0].record.kind != .key, !good[0].isSigned(by: key),
            good[1].isSigned(by: key)
        {
            good.removeFirst()
            ends.removeFirst()
        }
        guard let last = good.first, let end = ends.first else { return .unusable("no record can be read at its end") }
        return .end(
            LedgerEnd(
                last: last, before: Array(good.dropFirst()), length: start + Int64(end), rest: Array(bytes[end...])))
    }

    private static func readAll(_ descriptor: Int32, from start: Int64, _ path: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: window)
        var count = 0
        while count < window {
            let more = bytes[count...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(start) + off_t(count))
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw DurableFile.failed("read the ledger \(path)") }
            guard more > 0 else { break }
            count += more
        }
        return Array(bytes[..<count])
    }
}

import Foundation
import Glibc
import Runtime

/// The end of a ledger on the disk, read backwards: the time does not grow with its length.
struct LedgerEnd {
    /// Bytes that are examined; a start reads no earlier records.
    static let window = 1 << 20

    enum Found {
        /// No file, or an empty one.
        case nothing(isFile: Bool)
        /// No readable record at its end, or not a regular file.
        case unusable(String)
        case end(LedgerEnd)
    }

    let last: LedgerLine
    /// The readable records before it, the newest first.
    let before: [LedgerLine]
    /// Bytes through the last record.
    let length: Int64
    /// The bytes after that, which are no record.
    let rest: [UInt8]

    /// Whether the rest is one unfinished line, as left by a power cut.
    var isUnfinished: Bool { !rest.isEmpty && !rest.contains(UInt8(ascii: "\n")) }

    /// - Parameter key: a record in its section without its signature is damaged.
    static func read(_ path: String, key: LedgerKey?) throws -> Found {
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
        // The part after the last line feed.
        lines.removeLast()
        var good: [(line: LedgerLine, end: Int)] = []
        for line in lines.reversed() where start == 0 || line.startIndex > 0 {
            if let record = LedgerLine.parse(Array(line)) { good.append((record, line.endIndex + 1)) }
        }
        if let key {
            while isDamaged(good.map(\.line), key) { good.removeFirst() }
        }
        guard let last = good.first else { return .unusable("no record can be read at its end") }
        return .end(
            LedgerEnd(
                last: last.line, before: good.dropFirst().map(\.line), length: start + Int64(last.end),
                rest: Array(bytes[last.end...])))
    }

    /// Whether the newest record has an invalid signature although it follows one of ours and no other key has taken
    /// over. The hash does not cover the signature.
    private static func isDamaged(_ lines: [LedgerLine], _ key: LedgerKey) -> Bool {
        guard let last = lines.first, last.signature != nil, !last.isSigned(by: key) else { return false }
        if let named = last.record.key { return named == key.description }
        for line in lines.dropFirst() {
            if line.isSigned(by: key) { return true }
            if line.record.kind == .key { return false }
        }
        return false
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

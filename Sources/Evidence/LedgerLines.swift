import Foundation

/// Reads a ledger line by line; memory does not grow with its length.
final class LedgerLines {
    struct Line {
        /// Without the line feed.
        let bytes: [UInt8]
        /// False for a last line that no line feed ends.
        let isWhole: Bool
    }

    private let file: FileHandle
    private var buffer: [UInt8] = []
    private var start = 0

    init(path: String) throws {
        do { file = try FileHandle(forReadingFrom: URL(filePath: path)) } catch {
            throw Ledger.LedgerError(
                description: "could not read the ledger \(path): \(error.localizedDescription); "
                    + "name the evidence folder or an exported pack")
        }
    }

    deinit { try? file.close() }

    func next() -> Line? {
        while true {
            if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Line(bytes: Array(buffer[start..<end]), isWhole: true)
            }
            buffer.removeFirst(start)
            start = 0
            guard let data = try? file.read(upToCount: 1 << 18), !data.isEmpty else { break }
            buffer += data
        }
        guard !buffer.isEmpty else { return nil }
        defer { buffer = [] }
        return Line(bytes: buffer, isWhole: false)
    }
}

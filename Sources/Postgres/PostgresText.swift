import CPostgres
import Store

/// What PostgreSQL writes otherwise than SQLite.
enum PostgresText {
    /// `?` outside of quotes becomes `$1`, `$2` …
    static func numbered(_ sql: String) -> String {
        var (result, quote, count): ([UInt8], UInt8?, Int) = ([], nil, 0)
        result.reserveCapacity(sql.utf8.count + 16)
        for byte in sql.utf8 {
            switch (byte, quote) {
            case (0x22, nil), (0x27, nil): quote = byte
            // One that is doubled opens the next.
            case (let byte, let open?) where byte == open: quote = nil
            case (0x3F, nil):
                count += 1
                result += Array("$\(count)".utf8)
                continue
            default: break
            }
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The columns of new tables compare by their bytes, as those of SQLite do, whatever the database's own order is: so an
    /// area is a range of an index.
    static func ordered(_ script: String) -> String {
        script.replacing(#/\bTEXT\b/#, with: #"TEXT COLLATE "C""#)
    }

    /// Types by their numbers in the catalogue of PostgreSQL, which never change.
    private enum Kind {
        static let bytes: UInt32 = 17
        static let boolean: UInt32 = 16
        static let integers: Set<UInt32> = [20, 21, 23, 26, 28]
        static let reals: Set<UInt32> = [700, 701]
        static let numeric: UInt32 = 1700
    }

    static func rows(_ result: OpaquePointer) -> [SQLRow] {
        let (rows, columns) = (PQntuples(result), PQnfields(result))
        guard rows > 0, columns > 0 else { return [] }
        let types = (0..<columns).map { PQftype(result, $0) }
        return (0..<rows).map { row in
            SQLRow((0..<columns).map { value(result, row, $0, types[Int($0)]) })
        }
    }

    private static func value(_ result: OpaquePointer, _ row: Int32, _ column: Int32, _ type: UInt32) -> SQLValue {
        guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else { return .null }
        if type == Kind.bytes { return .bytes(bytes(start)) }
        let count = Int(PQgetlength(result, row, column))
        let text = start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
        switch type {
        case Kind.boolean: return .integer(text == "t" ? 1 : 0)
        case _ where Kind.integers.contains(type): return Int64(text).map { .integer($0) } ?? .text(text)
        case _ where Kind.reals.contains(type): return Double(text).map { .real($0) } ?? .text(text)
        // A sum of whole numbers, most often.
        case Kind.numeric:
            return Int64(text).map { .integer($0) } ?? Double(text).map { .real($0) } ?? .text(text)
        default: return .text(text)
        }
    }

    private static func bytes(_ start: UnsafeMutablePointer<CChar>) -> [UInt8] {
        var count = 0
        return start.withMemoryRebound(to: UInt8.self, capacity: 1) { text in
            guard let bytes = PQunescapeBytea(text, &count) else { return [] }
            defer { PQfreemem(bytes) }
            return Array(UnsafeBufferPointer(start: bytes, count: count))
        }
    }
}

/// Values as libpq takes them: one buffer, and where each begins in it. Kept, so that a statement makes no new one.
struct PostgresValues {
    private var buffer: [UInt8] = []
    /// Nil for null.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    /// 0 is text, 1 bytes.
    private var formats: [Int32] = []

    mutating func set(_ values: [SQLValue]) {
        buffer.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        for value in values { add(value) }
    }

    private mutating func add(_ value: SQLValue) {
        let start = buffer.count
        var format: Int32 = 0
        switch value {
        case .null: break
        case .integer(let value): buffer += "\(value)".utf8
        case .real(let value): buffer += "\(value)".utf8
        // PostgreSQL has no text with a zero in it.
        case .text(let text) where text.utf8.contains(0):
            buffer += text.replacing("\u{0}", with: "\u{FFFD}").utf8
        case .text(let text): buffer += text.utf8
        case .bytes(let bytes):
            format = 1
            buffer += bytes
        }
        starts.append(value == .null ? nil : start)
        lengths.append(Int32(buffer.count - start))
        formats.append(format)
        buffer.append(0)
    }

    func send(_ connection: OpaquePointer, _ name: String) -> Bool {
        buffer.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
            return PQsendQueryPrepared(connection, name, Int32(starts.count), pointers, lengths, formats, 0) == 1
        }
    }
}

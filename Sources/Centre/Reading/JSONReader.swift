/// Reads one JSON document in one pass, without a tree and without copies of what nobody asks for.
///
/// A centre reads thousands of messages a second, each from anybody whom the broker lets publish: each call checks what it
/// reads, and nothing recurses deeper than `mostDepth`.
struct JSONReader {
    /// Why a document is refused.
    struct Malformed: Error, Hashable, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// A text between its quotes.
    struct Text {
        let bytes: UnsafeBufferPointer<UInt8>
        let isEscaped: Bool

        var isEmpty: Bool { bytes.isEmpty }

        func equals(_ text: [UInt8]) -> Bool {
            !isEscaped && bytes.count == text.count && bytes.elementsEqual(text)
        }

        var string: String {
            isEscaped ? JSONReader.unescaped(bytes) : String(decoding: bytes, as: UTF8.self)
        }
    }

    private static let mostDepth = 16

    let bytes: UnsafeBufferPointer<UInt8>
    /// Of the next byte.
    var index = 0
    private var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// To be called after the last value.
    mutating func end() throws(Malformed) {
        skipSpace()
        guard index == bytes.count else { throw Malformed("there is something after the JSON object") }
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index += 1 }
    }

    /// The first byte of the next value or sign, which is not consumed.
    mutating func next() throws(Malformed) -> UInt8 {
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            index += 1
        }
        throw Malformed("it ends in the middle")
    }

    mutating func expect(_ byte: UInt8) throws(Malformed) {
        guard try next() == byte else { throw Malformed("it is not JSON") }
        index += 1
    }

    private mutating func enter() throws(Malformed) {
        depth += 1
        guard depth <= Self.mostDepth else { throw Malformed("it is nested more than \(Self.mostDepth) levels deep") }
    }

    // MARK: Objects and lists

    /// Reads an object: `body` is called at the value of each key of the table, and has to read it; other keys are skipped.
    mutating func object<Key: JSONKey>(
        _ table: JSONKeys<Key>, _ body: (inout JSONReader, Key) throws(Malformed) -> Void
    ) throws(Malformed) {
        try expect(UInt8(ascii: "{"))
        try enter()
        var seen: UInt64 = 0
        var isFirst = true
        var hint = 0
        while try next() != UInt8(ascii: "}") {
            if !isFirst { try expect(UInt8(ascii: ",")) }
            isFirst = false
            let name = try text()
            try expect(UInt8(ascii: ":"))
            guard let number = table.index(of: name, from: hint) else {
                try skip()
                continue
            }
            hint = number + 1
            guard seen & 1 << UInt64(number) == 0 else {
                throw Malformed("\(table.keys[number].rawValue) stands twice")
            }
            seen |= 1 << UInt64(number)
            try body(&self, table.keys[number])
        }
        index += 1
        depth -= 1
        let missing = table.required & ~seen
        guard missing == 0 else {
            throw Malformed("\(table.keys[missing.trailingZeroBitCount].rawValue) is missing")
        }
    }

    /// Reads a list: `body` is called at each of its values, and has to read it.
    mutating func list(
        most: Int, _ name: StaticString, _ body: (inout JSONReader, Int) throws(Malformed) -> Void
    ) throws(Malformed) {
        try expect(UInt8(ascii: "["))
        try enter()
        var count = 0
        while try next() != UInt8(ascii: "]") {
            if count > 0 { try expect(UInt8(ascii: ",")) }
            guard count < most else { throw Malformed("\(name) has more than \(most) items") }
            try body(&self, count)
            count += 1
        }
        index += 1
        depth -= 1
    }

    /// Reads a value of any kind.
    mutating func skip() throws(Malformed) {
        switch try next() {
        case UInt8(ascii: "{"): try object(JSONKeys<NoKey>.none) { reader, _ throws(Malformed) in try reader.skip() }
        case UInt8(ascii: "["):
            try list(most: .max, "a list") { reader, _ throws(Malformed) in try reader.skip() }
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: _ = try digits()
        }
    }
}

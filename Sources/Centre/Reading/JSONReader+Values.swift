/// Single values, each checked as it is read.
extension JSONReader {
    mutating func word(_ word: StaticString) throws(Malformed) {
        _ = try next()
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[index..<end].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        else { throw Malformed("it is not JSON") }
        index = end
    }

    /// Reads `null` where it stands next.
    mutating func takeNull() throws(Malformed) -> Bool {
        guard try next() == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    mutating func boolean(_ name: StaticString) throws(Malformed) -> Bool {
        switch try next() {
        case UInt8(ascii: "t"):
            try word("true")
            return true
        case UInt8(ascii: "f"):
            try word("false")
            return false
        default: throw Malformed("\(name) must be true or false")
        }
    }

    mutating func text() throws(Malformed) -> Text {
        try expect(UInt8(ascii: "\""))
        let start = index
        var isEscaped = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = Text(bytes: UnsafeBufferPointer(rebasing: bytes[start..<index]), isEscaped: isEscaped)
                index += 1
                return text
            }
            guard byte >= 0x20 else { throw Malformed("a text holds a control character") }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try checkEscape()
            } else {
                index += 1
            }
        }
        throw Malformed("it ends in the middle")
    }

    private mutating func checkEscape() throws(Malformed) {
        guard index + 1 < bytes.count else { throw Malformed("it ends in the middle") }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        case UInt8(ascii: "u"):
            guard index + 5 < bytes.count, bytes[(index + 2)...(index + 5)].allSatisfy({ Self.hexadecimal($0) != nil })
            else { throw Malformed("an escape is not JSON") }
            index += 6
        default: throw Malformed("an escape is not JSON")
        }
    }

    /// A whole number without a fraction.
    mutating func integer(_ name: StaticString, _ range: ClosedRange<Int>) throws(Malformed) -> Int {
        let digits = try digits()
        guard !digits.isFraction, let value = Int(String(decoding: digits.bytes, as: UTF8.self)), range.contains(value)
        else { throw Malformed("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)") }
        return value
    }

    mutating func number(_ name: StaticString, _ range: ClosedRange<Double>) throws(Malformed) -> Double {
        let digits = try digits()
        let value = digits.isFraction ? Double(String(decoding: digits.bytes, as: UTF8.self)) : Self.whole(digits.bytes)
        guard let value, range.contains(value) else {
            throw Malformed("\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func whole(_ digits: UnsafeBufferPointer<UInt8>) -> Double? {
        digits.count <= 15
            ? Int(String(decoding: digits, as: UTF8.self)).map(Double.init)
            : Double(String(decoding: digits, as: UTF8.self))
    }

    /// A number by the grammar of JSON.
    mutating func digits() throws(Malformed) -> (bytes: UnsafeBufferPointer<UInt8>, isFraction: Bool) {
        _ = try next()
        let start = index
        var isFraction = false
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let first = index
        guard countDigits() > 0, bytes[first] != UInt8(ascii: "0") || index == first + 1 else {
            throw Malformed("it is not JSON")
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isFraction = true
            index += 1
            guard countDigits() > 0 else { throw Malformed("it is not JSON") }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isFraction = true
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard countDigits() > 0 else { throw Malformed("it is not JSON") }
        }
        return (UnsafeBufferPointer(rebasing: bytes[start..<index]), isFraction)
    }

    private mutating func countDigits() -> Int {
        let start = index
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
        return index - start
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 0x30...0x39: UInt16(byte) - 0x30
        case 0x41...0x46: UInt16(byte) - 0x41 + 10
        case 0x61...0x66: UInt16(byte) - 0x61 + 10
        default: nil
        }
    }

    /// A text whose escapes were checked; half of a surrogate pair becomes U+FFFD.
    static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        var (units, plain): ([UInt16], [UInt8]) = ([], [])
        func flush() {
            units += String(decoding: plain, as: UTF8.self).utf16
            plain = []
        }
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            let sign = bytes[index + 1]
            guard sign == UInt8(ascii: "u") else {
                let escapes: [UInt8: UInt8] = [
                    UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
                    UInt8(ascii: "t"): 9,
                ]
                plain.append(escapes[sign] ?? sign)
                index += 2
                continue
            }
            flush()
            units.append((2...5).reduce(0) { $0 << 4 | (hexadecimal(bytes[index + $1]) ?? 0) })
            index += 6
        }
        flush()
        return String(decoding: units, as: UTF16.self)
    }
}

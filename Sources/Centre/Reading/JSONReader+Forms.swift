/// Values in the forms that messages have.
extension JSONReader {
    /// Longest text that is kept, in bytes.
    private static let longest = 1024

    mutating func line(_ name: StaticString, least: Int = 1) throws(Malformed) -> String {
        let text = try text()
        guard text.bytes.count >= least, text.bytes.count <= Self.longest else {
            throw Malformed("\(name) must be a text of \(least) to \(Self.longest) bytes")
        }
        return text.string
    }

    /// A text of one character or more that nobody needs.
    mutating func skipLine(_ name: StaticString) throws(Malformed) {
        guard try !text().isEmpty else { throw Malformed("\(name) is empty") }
    }

    mutating func constant(_ value: StaticString, _ name: StaticString) throws(Malformed) {
        let bytes = UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount)
        let text = try text()
        guard !text.isEscaped, text.bytes.elementsEqual(bytes) else { throw Malformed("\(name) must be \(value)") }
    }

    /// 8-4-4-4-12 lower-case hexadecimal digits.
    ///
    /// - Parameter version: one that it must have, with the variant of RFC 9562; nil for any.
    mutating func uuid(_ name: StaticString, version: UInt8? = nil) throws(Malformed) -> String {
        let bytes = try text().bytes
        var isRight = bytes.count == 36
        if isRight {
            for index in 0..<36 {
                switch index {
                case 8, 13, 18, 23: isRight = isRight && bytes[index] == UInt8(ascii: "-")
                default: isRight = isRight && Self.isLowerHexadecimal(bytes[index])
                }
            }
            if let version {
                isRight =
                    isRight && bytes[14] == version + UInt8(ascii: "0")
                    && [UInt8(ascii: "8"), UInt8(ascii: "9"), UInt8(ascii: "a"), UInt8(ascii: "b")].contains(bytes[19])
            }
        }
        guard isRight else { throw Malformed("\(name) is no UUID" + (version.map { " of version \($0)" } ?? "")) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A SHA-256 in 64 lower-case hexadecimal digits.
    mutating func hash(_ name: StaticString) throws(Malformed) -> String {
        let bytes = try text().bytes
        guard bytes.count == 64, bytes.allSatisfy(Self.isLowerHexadecimal) else {
            throw Malformed("\(name) is no SHA-256")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// 20 digits.
    mutating func sequence() throws(Malformed) -> Int64 {
        let bytes = try text().bytes
        guard bytes.count == 20, let value = Self.digits(bytes, 0, 20), value > 0 else {
            throw Malformed("sequence must have 20 digits")
        }
        return value
    }

    /// The number in `count` digits from `start`; nil where something else stands there, or it is too large.
    private static func digits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int64? {
        var value: Int64 = 0
        for index in start..<(start + count) {
            let digit = Int64(bytes[index]) - 0x30
            guard (0...9).contains(digit) else { return nil }
            let (product, isLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = product.addingReportingOverflow(digit)
            guard !isLarge, !isLarger else { return nil }
            value = sum
        }
        return value
    }

    /// Seconds since 1970 of a date such as `2026-11-24T08:30:05.120+08:00`.
    mutating func date(_ name: StaticString) throws(Malformed) -> Double {
        guard let seconds = Self.seconds(try text().bytes) else {
            throw Malformed("\(name) must be a date such as 2026-11-24T08:30:05.120+08:00")
        }
        return seconds
    }

    static func seconds(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard bytes.count == 24 || bytes.count == 29, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == 0x54,
            bytes[13] == 0x3A, bytes[16] == 0x3A, bytes[19] == 0x2E, let year = digits(bytes, 0, 4),
            let month = digits(bytes, 5, 2), let day = digits(bytes, 8, 2), let hour = digits(bytes, 11, 2),
            let minute = digits(bytes, 14, 2), let second = digits(bytes, 17, 2),
            let millisecond = digits(bytes, 20, 3), (1...12).contains(month), day >= 1, day <= length(month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var offset: Int64 = 0
        if bytes.count == 24 {
            guard bytes[23] == UInt8(ascii: "Z") else { return nil }
        } else {
            guard bytes[23] == UInt8(ascii: "+") || bytes[23] == UInt8(ascii: "-"), bytes[26] == 0x3A,
                let hours = digits(bytes, 24, 2), let minutes = digits(bytes, 27, 2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (bytes[23] == UInt8(ascii: "-") ? -1 : 1)
        }
        let whole = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Double(whole * 1000 + millisecond) / 1000
    }

    private static func length(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970 of a day of the Gregorian calendar, by counting years from March.
    static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

import Foundation

/// The fields of a request: one flat JSON object of texts and whole numbers, parsed strictly.
package struct InboundFields {
    static let mostBytes = 16 * 1024
    private static let mostDepth = 4

    enum Value: Decodable, Equatable {
        case text(String)
        case number(Int64)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .number(try container.decode(Int64.self))
            }
        }
    }

    private let values: [String: Value]

    /// - Parameter known: any other key is refused, so that a misspelt one is not ignored; nil accepts all.
    package init(_ bytes: [UInt8], known: Set<String>?) throws(Rejection) {
        guard bytes.count <= Self.mostBytes else {
            throw Rejection(.tooLarge, "it has \(bytes.count) bytes; at most \(Self.mostBytes) are taken")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Rejection(.malformed, "it is not UTF-8")
        }
        guard let keys = Self.keys(bytes) else {
            throw Rejection(.malformed, "it is nested more than \(Self.mostDepth) levels deep")
        }
        guard Set(keys).count == keys.count else { throw Rejection(.malformed, "a key is given twice") }
        do { values = try JSONDecoder().decode([String: Value].self, from: Data(bytes)) } catch {
            throw Rejection(.malformed, "it must be one JSON object of texts and whole numbers")
        }
        guard values.count == keys.count else { throw Rejection(.malformed, "a key is given twice") }
        if let known, let unknown = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw Rejection(
                .malformed,
                "there is no key \(unknown.prefix(40).debugDescription); the keys are "
                    + known.sorted().joined(separator: ", "))
        }
    }

    /// The raw keys of the outermost object; nil where it is nested too deep. Never recurses.
    private static func keys(_ bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
        var keys: [ArraySlice<UInt8>] = []
        var text: ArraySlice<UInt8>?
        var depth = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth > mostDepth { return nil }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":"):
                if depth == 1, let text { keys.append(text) }
            case UInt8(ascii: "\""):
                let start = index + 1
                index = start
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                text = bytes[start..<max(start, min(index, bytes.count))]
            default: break
            }
            index += 1
        }
        return keys
    }

    /// One line of 1 to `most` characters; nil where there is none.
    package func text(_ key: String, most: Int = 128, lines: Bool = false) throws(Rejection) -> String? {
        guard let value = values[key] else { return nil }
        guard case .text(let text) = value, (1...most).contains(text.count), text.utf8.count <= most * 4,
            lines || !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw Rejection(.malformed, "\(key) must be a text of 1 to \(most) characters") }
        return text
    }

    func required(_ key: String, most: Int = 128) throws(Rejection) -> String {
        guard let text = try text(key, most: most) else { throw Rejection(.malformed, "\(key) is missing") }
        return text
    }

    func date(_ key: String) throws(Rejection) -> Date? {
        guard let text = try text(key, most: 40) else { return nil }
        guard let date = RFC3339.date(from: text) else {
            throw Rejection(.malformed, "\(key) must be a date such as 2026-11-24T08:30:05.120+08:00")
        }
        return date
    }

    /// A number, or its digits as in messages.
    func sequence(_ key: String) throws(Rejection) -> Int64 {
        let number: Int64?
        switch values[key] {
        case nil: throw Rejection(.malformed, "\(key) is missing")
        case .number(let value): number = value
        case .text(let text): number = text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text) : nil
        }
        guard let number, number > 0 else {
            throw Rejection(.malformed, "\(key) must be a sequence such as 1042 or \"00000000000000001042\"")
        }
        return number
    }
}

/// Writes values as YAML: maps as blocks, lists of texts and of numbers on one line.
enum YAMLText {
    /// Quoted where the text needs it, and where other YAML parsers would read another type, as for `0409`.
    static func scalar(_ text: String, inFlow: Bool = false) -> String {
        isPlain(text, inFlow: inFlow) ? text : quoted(text)
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if isPrintable(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    result += (scalar.value <= 0xFFFF ? "\\u" : "\\U")
                    result += String(repeating: "0", count: (scalar.value <= 0xFFFF ? 4 : 8) - digits.count) + digits
                }
            }
        }
        return result + "\""
    }

    /// In single quotes; nil where that is impossible.
    static func apostrophes(_ text: String) -> String? {
        guard text.unicodeScalars.allSatisfy(isPrintable) else { return nil }
        return "'" + text.replacing("'", with: "''") + "'"
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: false
        default: true
        }
    }

    private static func isPlain(_ text: String, inFlow: Bool) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first, let last = scalars.last, scalars.count <= 256,
            isWord(first) || "/._".unicodeScalars.contains(first) || isNumber(text), last != ":"
        else { return false }
        for (index, scalar) in scalars.enumerated() where !isWord(scalar) {
            switch scalar {
            case "-", "_", ".", "/", "+", "(", ")", "%", "@", "=", "~", ";", "<", ">": continue
            case ":":
                // Before a blank, and in places in flow style, it ends a key.
                guard !inFlow, index + 1 < scalars.count, scalars[index + 1] != " " else { return false }
            case " ":
                guard index + 1 < scalars.count, scalars[index + 1] != " " else { return false }
            default: return false
            }
        }
        if text == "." || text == ".." || text == "..." || text.hasPrefix("... ") { return false }
        return !isMistaken(text)
    }

    /// Letters of all scripts, digits, and common punctuation.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || "，。、：；（）《》！？".unicodeScalars.contains(scalar)
    }

    private static func isNumber(_ text: String) -> Bool { Form.number(text) != nil }

    /// Whether others would parse another value than this text.
    private static func isMistaken(_ text: String) -> Bool {
        let lower = text.lowercased()
        if ["~", "null", "y", "n", "yes", "no", "on", "off", ".inf", ".nan"].contains(lower) { return true }
        if ["true", "false"].contains(lower) { return lower != text }
        guard let first = text.unicodeScalars.first, ("0"..."9").contains(first) || "+-.".contains(Character(first))
        else {
            return false
        }
        // Times of YAML 1.1, octal and hexadecimal numbers, and overlong numbers.
        if text.wholeMatch(of: /[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9]*)?/) != nil { return true }
        if text.wholeMatch(of: /[-+]?0[0-9_]+(\.[0-9]*)?/) != nil || lower.hasPrefix("0x") || lower.hasPrefix("0o") {
            return true
        }
        return text.wholeMatch(of: /[-+]?[0-9_]{10,}/) != nil
    }

    /// On one line.
    static func flow(_ value: ConfigurationValue) -> String {
        switch value {
        case .empty: "null"
        case .text(let text): scalar(text, inFlow: true)
        case .list(let items): "[" + items.map(flow).joined(separator: ", ") + "]"
        case .map(let entries):
            "{"
                + entries.map { entry in
                    entry.value == .empty
                        ? "\(key(entry.key)): " : "\(key(entry.key)): \(flow(entry.value))"
                }.joined(separator: ", ") + "}"
        }
    }

    private static func key(_ text: String) -> String { scalar(text, inFlow: true) }

    /// Whether it is more readable over several lines: a map, or a list that contains one.
    static func isBlock(_ value: ConfigurationValue) -> Bool {
        switch value {
        case .empty, .text: false
        case .map(let entries): !entries.isEmpty
        case .list(let items): items.contains(where: isBlock)
        }
    }

    /// `key: value` in lines.
    ///
    /// - Parameter unit: indentation of each further level.
    static func entry(_ name: String, _ value: ConfigurationValue, indent: Int, unit: Int) -> [String] {
        let head = blanks(indent) + key(name) + ":"
        switch value {
        case .empty: return [head]
        case .text(let text): return [head + " " + scalar(text)]
        case .list, .map:
            return isBlock(value)
                ? [head] + lines(value, indent: indent + unit, unit: unit) : [head + " " + flow(value)]
        }
    }

    /// `- value` in lines.
    static func item(_ value: ConfigurationValue, indent: Int) -> [String] {
        guard case .map(let entries) = value, !entries.isEmpty else {
            if case .text(let text) = value { return [blanks(indent) + "- " + scalar(text)] }
            return [blanks(indent) + "- " + flow(value)]
        }
        var result = entries.flatMap { entry($0.key, $0.value, indent: indent + 2, unit: 2) }
        result[0] = blanks(indent) + "- " + result[0].dropFirst(indent + 2)
        return result
    }

    /// A map or a list for which `isBlock` is true.
    static func lines(_ value: ConfigurationValue, indent: Int, unit: Int) -> [String] {
        switch value {
        case .map(let entries): entries.flatMap { entry($0.key, $0.value, indent: indent, unit: unit) }
        case .list(let items): items.flatMap { item($0, indent: indent) }
        case .empty, .text: [blanks(indent) + flow(value)]
        }
    }

    private static func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }
}

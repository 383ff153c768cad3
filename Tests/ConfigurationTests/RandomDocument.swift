import SiteConfiguration
import TestSupport

/// A random tree of values, written in a random way.
struct RandomDocument {
    let value: ConfigurationValue
    private(set) var lines: [String] = []
    /// The lines of each value with its key or dash, by its path.
    private(set) var spans: [String: ClosedRange<Int>] = [:]
    /// Paths of values between brackets.
    private(set) var inFlow: Set<String> = []
    let lineBreak: String
    let text: String

    private static let texts = [
        "a", "b c", "007", "12.5", "true", "null", "~", "", "x: y", "x #y", "# no", "东门 1号", "东门: 3", "it's", "a\"b\\c",
        "two\nlines",
        " padded ", "[x]", "{x}", "- z", "-", "?", "a:", "@b", "%c", "&d", "*e", "!f", "|", ">", "a, b",
        "rtsp://u:p@h/a?x=1",
        "12:30", "0409", "320583102201", "2026-10-01", "\u{85}\u{2028}", "\t", "\u{1F600}", "...", "---", "=", "a\u{7}",
        String(repeating: "long 长 ", count: 30),
    ]
    private static let keys = [
        "a", "b", "id", "parking.motor", "键", "x y", "on", "c#d", "a:b", "e-f", "12", "- g", "{h",
    ]

    static func tree(_ random: inout SeededGenerator, depth: Int) -> ConfigurationValue {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 5), using: &random) {
        case 0: .empty
        case 1...4: .text(texts.randomElement(using: &random) ?? "")
        case 5...7: map(&random, depth: depth)
        default: .list((0..<Int.random(in: 0...3, using: &random)).map { _ in tree(&random, depth: depth - 1) })
        }
    }

    private static func map(_ random: inout SeededGenerator, depth: Int) -> ConfigurationValue {
        let names = keys.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
        return .map(names.map { .init($0, tree(&random, depth: depth - 1)) })
    }

    init(_ random: inout SeededGenerator) {
        var value = ConfigurationValue.map([])
        while value == .map([]) { value = Self.map(&random, depth: 4) }
        self.value = value
        lineBreak = ["\n", "\r\n"].randomElement(using: &random) ?? "\n"
        var writer = Writer(random: random)
        writer.entries(value, indent: 0, path: "")
        random = writer.random
        (lines, spans, inFlow) = (writer.lines, writer.spans, writer.inFlow)
        let mark = Int.random(in: 0..<5, using: &random) == 0 ? "\u{FEFF}" : ""
        text = mark + lines.joined(separator: lineBreak) + (Bool.random(using: &random) ? lineBreak : "")
    }

    /// Writes as people do, and worse.
    private struct Writer {
        var random: SeededGenerator
        var lines: [String] = []
        var spans: [String: ClosedRange<Int>] = [:]
        var inFlow: Set<String> = []

        mutating func chance(_ share: Int) -> Bool { Int.random(in: 0..<share, using: &random) == 0 }

        mutating func noise(_ indent: Int) {
            while chance(4) { lines.append(chance(2) ? "" : blanks(indent) + "# 注释 comment: [\"x\", {y") }
        }

        func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }

        mutating func comment() -> String { chance(4) ? "  # why: 'because" : "" }

        mutating func entries(_ value: ConfigurationValue, indent: Int, path: String) {
            switch value {
            case .map(let entries):
                for entry in entries {
                    noise(indent)
                    let place = path + "[\"\(entry.key)\"]"
                    let first = lines.count
                    put(blanks(indent) + key(entry.key) + ":", entry.value, indent: indent, path: place)
                    spans[place] = first...(lines.count - 1)
                }
            case .list(let items):
                for (index, item) in items.enumerated() {
                    noise(indent)
                    let place = path + "[\(index + 1)]"
                    let first = lines.count
                    put(blanks(indent) + "-", item, indent: indent, path: place)
                    spans[place] = first...(lines.count - 1)
                }
            case .empty, .text: break
            }
        }

        mutating func put(_ head: String, _ value: ConfigurationValue, indent: Int, path: String) {
            switch value {
            case .empty: lines.append(head + (["", " ~", " null"].randomElement(using: &random) ?? "") + comment())
            case .text(let text) where text == "two\nlines" && chance(2):
                lines.append(head + " |-" + comment())
                lines += text.split(separator: "\n").map { blanks(indent + 3) + $0 }
            case .text(let text): lines.append(head + " " + scalar(text, inFlow: false) + comment())
            case .list(let items) where items.isEmpty: lines.append(head + " []" + comment())
            case .map(let items) where items.isEmpty: lines.append(head + " { }" + comment())
            case .list, .map:
                if chance(3) {
                    let first = lines.count
                    lines.append(head + " ")
                    flow(value, path: path)
                    lines[lines.count - 1] += comment()
                    for place in spans.keys where place.hasPrefix(path + "[") { inFlow.insert(place) }
                    spans[path] = first...(lines.count - 1)
                } else if head.hasSuffix("-"), case .map = value, chance(2) {
                    // The first key beside the dash.
                    let count = lines.count
                    var inner = Writer(random: random)
                    inner.entries(value, indent: indent + 2, path: path)
                    random = inner.random
                    while let line = inner.lines.first, line.isEmpty || line.drop(while: { $0 == " " }).hasPrefix("#") {
                        inner.lines.removeFirst()
                        inner.spans = inner.spans.mapValues { ($0.lowerBound - 1)...($0.upperBound - 1) }
                    }
                    inner.lines[0] = head + " " + inner.lines[0].dropFirst(indent + 2)
                    lines += inner.lines
                    for (place, span) in inner.spans {
                        spans[place] = (span.lowerBound + count)...(span.upperBound + count)
                    }
                    inFlow.formUnion(inner.inFlow)
                } else {
                    lines.append(head + comment())
                    var deeper = indent + Int.random(in: 1...4, using: &random)
                    // A list may stand below its key.
                    if case .list = value, head.hasSuffix(":"), chance(3) { deeper = indent }
                    entries(value, indent: deeper, path: path)
                }
            }
        }

        mutating func add(_ text: String) { lines[lines.count - 1] += text }

        mutating func space() {
            guard chance(6) else { return add(" ") }
            if chance(2) { add(" # , ] }") }
            lines.append(String(repeating: " ", count: 30))
        }

        mutating func flow(_ value: ConfigurationValue, path: String) {
            switch value {
            case .empty: add("null")
            case .text(let text): add(scalar(text, inFlow: true))
            case .list(let items):
                add("[")
                for (index, item) in items.enumerated() {
                    let place = path + "[\(index + 1)]"
                    let first = lines.count - 1
                    flow(item, path: place)
                    spans[place] = first...(lines.count - 1)
                    if index + 1 < items.count || chance(4) { add(",") }
                    space()
                }
                add("]")
            case .map(let entries):
                add("{")
                for (index, entry) in entries.enumerated() {
                    let place = path + "[\"\(entry.key)\"]"
                    let first = lines.count - 1
                    add(key(entry.key) + ":")
                    if entry.value == .empty, chance(2) {
                        space()
                    } else {
                        add(" ")
                        flow(entry.value, path: place)
                    }
                    spans[place] = first...(lines.count - 1)
                    if index + 1 < entries.count || chance(4) { add(",") }
                    space()
                }
                add("}")
            }
        }

        mutating func key(_ text: String) -> String {
            let isPlain =
                text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0 == "." || $0 == "-" } && text != "- g"
            return isPlain && !chance(4) ? text : "\"\(text)\""
        }

        mutating func scalar(_ text: String, inFlow: Bool) -> String {
            let isSimple =
                text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0 == " " } && !text.hasPrefix(" ")
                && !text.hasSuffix(" ") && !["", "null", "true"].contains(text)
            if isSimple, !chance(3) { return text }
            let isPrintable = text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0 != "\u{2028}" && $0.value != 0x85
            }
            if isPrintable, chance(2) { return "'" + text.replacing("'", with: "''") + "'" }
            var result = ""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "\u{85}": result += "\\N"
                case "\u{2028}": result += "\\L"
                default:
                    if scalar.value < 0x20 {
                        result += "\\x0" + String(scalar.value, radix: 16)
                    } else {
                        result.unicodeScalars.append(scalar)
                    }
                }
            }
            return "\"\(result)\""
        }
    }
}

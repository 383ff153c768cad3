import Yams

/// The location of each value in the text. libyaml gives the start of a node; its end is found in the text itself.
struct SourceLayout {
    struct Pair {
        let key: String
        let keyStart: Int
        /// After the colon; nil where there is none, or the key is written with a question mark.
        let anchor: Int?
        let value: Part
    }

    struct Item {
        /// Of its dash; in a flow sequence the start of the item.
        let start: Int
        let value: Part
    }

    indirect enum Content {
        case scalar(String, Node.Scalar.Style)
        case map([Pair])
        case list([Item])
    }

    struct Part {
        /// Offsets in Unicode scalars; empty where the value is left out.
        let range: Range<Int>
        let content: Content
        /// In flow style.
        let isFlow: Bool

        var isEmpty: Bool {
            guard case .scalar(let text, .plain) = content else { return false }
            return ["", "~", "null", "Null", "NULL"].contains(text)
        }
    }

    /// The text cannot be followed here.
    struct Lost: Error {}

    let scalars: [Unicode.Scalar]
    /// Starts of lines, as libyaml counts them.
    let lines: [Int]
    private(set) var root: Part

    init(_ text: String, _ node: Node) throws(Lost) {
        scalars = Array(text.unicodeScalars)
        lines = Self.lines(in: scalars)
        root = Part(range: 0..<0, content: .scalar("", .plain), isFlow: false)
        root = try part(node, inFlow: false)
    }

    private static func lines(in scalars: [Unicode.Scalar]) -> [Int] {
        // A byte order mark is not part of the first line.
        var lines = [scalars.first == "\u{FEFF}" ? 1 : 0]
        var index = 0
        while index < scalars.count {
            defer { index += 1 }
            guard isBreak(scalars[index]) else { continue }
            if scalars[index] == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { index += 1 }
            lines.append(index + 1)
        }
        return lines
    }

    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    // MARK: Lines

    func lineStart(_ offset: Int) -> Int { lines.last { $0 <= offset } ?? 0 }

    /// Before its line break.
    func lineEnd(_ offset: Int) -> Int {
        var end = offset
        while end < scalars.count, !Self.isBreak(scalars[end]) { end += 1 }
        return end
    }

    /// After its line break.
    func nextLine(_ offset: Int) -> Int { lines.first { $0 > offset } ?? scalars.count }

    func column(_ offset: Int) -> Int { offset - lineStart(offset) }

    func isBlank(_ range: Range<Int>) -> Bool { scalars[range].allSatisfy(Self.isBlank) }

    func text(_ range: Range<Int>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[range])
        return String(text)
    }

    // MARK: Parts

    private func offset(_ node: Node) throws(Lost) -> Int {
        guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { throw Lost() }
        let offset = lines[mark.line - 1] + mark.column - 1
        guard offset <= scalars.count else { throw Lost() }
        return offset
    }

    private func part(_ node: Node, inFlow: Bool) throws(Lost) -> Part {
        let start = try skipTag(from: offset(node))
        switch node {
        case .scalar(let scalar):
            return Part(
                range: start..<(try end(of: scalar, from: start)), content: .scalar(scalar.string, scalar.style),
                isFlow: inFlow)
        case .mapping(let mapping):
            let isFlow = try isFlow("{", at: start, inFlow: inFlow)
            var pairs: [Pair] = []
            var end = isFlow ? start + 1 : start
            for (key, value) in mapping {
                let first = try offset(key)
                guard let scalar = key.scalar else { throw Lost() }
                let name = try part(key, inFlow: isFlow)
                let isPlain = try skipToToken(from: end) >= first
                let colon = skipBlanks(from: name.range.upperBound)
                let anchor = isPlain && colon < scalars.count && scalars[colon] == ":" ? colon + 1 : nil
                var part = try part(value, inFlow: isFlow)
                // Nothing follows the colon; libyaml gives the position of the next token.
                if let anchor, part.range.isEmpty {
                    part = Part(range: anchor..<anchor, content: part.content, isFlow: isFlow)
                }
                pairs.append(Pair(key: scalar.string, keyStart: first, anchor: anchor, value: part))
                end = max(part.range.upperBound, anchor ?? 0)
            }
            if isFlow { end = try close("}", from: end) }
            return Part(
                range: (isFlow ? start : pairs.first?.keyStart ?? start)..<end, content: .map(pairs), isFlow: isFlow)
        case .sequence(let sequence):
            let isFlow = try isFlow("[", at: start, inFlow: inFlow)
            var items: [Item] = []
            var end = isFlow ? start + 1 : start
            for value in sequence {
                let part = try part(value, inFlow: isFlow)
                let dash = isFlow ? part.range.lowerBound : try skipToToken(from: end)
                if !isFlow { try expect("-", at: dash) }
                items.append(Item(start: dash, value: part))
                end = max(part.range.upperBound, isFlow ? 0 : dash + 1)
            }
            if isFlow { end = try close("]", from: end) }
            return Part(
                range: (isFlow ? start : items.first?.start ?? start)..<end, content: .list(items), isFlow: isFlow)
        case .alias: throw Lost()
        }
    }

    /// Yams does not tell: its style is that of the event at the end, which has none. Neither a plain key nor a dash
    /// begins like this.
    private func isFlow(_ bracket: Unicode.Scalar, at start: Int, inFlow: Bool) throws(Lost) -> Bool {
        let isFlow = start < scalars.count && scalars[start] == bracket
        // A single-pair map in a flow sequence may have no braces.
        guard isFlow || !inFlow else { throw Lost() }
        return isFlow
    }

    private func expect(_ scalar: Unicode.Scalar, at offset: Int) throws(Lost) {
        guard offset < scalars.count, scalars[offset] == scalar else { throw Lost() }
    }

    private func skipBlanks(from start: Int) -> Int {
        var offset = start
        while offset < scalars.count, Self.isBlank(scalars[offset]) { offset += 1 }
        return offset
    }

    /// Skips blanks, breaks and comments.
    func skipSpace(from start: Int) -> Int {
        var offset = start
        while offset < scalars.count {
            if Self.isBlank(scalars[offset]) || Self.isBreak(scalars[offset]) {
                offset += 1
            } else if scalars[offset] == "#",
                offset == 0 || Self.isBlank(scalars[offset - 1])
                    || Self.isBreak(scalars[offset - 1]) || offset == lines[0]
            {
                offset = lineEnd(offset)
            } else {
                break
            }
        }
        return offset
    }

    /// The same, and a comma.
    private func skipToToken(from start: Int) throws(Lost) -> Int {
        let offset = skipSpace(from: start)
        guard offset < scalars.count, scalars[offset] == "," else { return offset }
        return skipSpace(from: offset + 1)
    }

    private func close(_ bracket: Unicode.Scalar, from start: Int) throws(Lost) -> Int {
        let offset = try skipToToken(from: start)
        try expect(bracket, at: offset)
        return offset + 1
    }

    private func skipTag(from start: Int) -> Int {
        guard start < scalars.count, scalars[start] == "!" else { return start }
        var offset = start
        while offset < scalars.count, !Self.isBlank(scalars[offset]), !Self.isBreak(scalars[offset]) { offset += 1 }
        return skipSpace(from: offset)
    }

    private func end(of scalar: Node.Scalar, from start: Int) throws(Lost) -> Int {
        switch scalar.style {
        case .singleQuoted:
            var offset = start + 1
            while offset < scalars.count {
                if scalars[offset] == "'" {
                    guard offset + 1 < scalars.count, scalars[offset + 1] == "'" else { return offset + 1 }
                    offset += 1
                }
                offset += 1
            }
            throw Lost()
        case .doubleQuoted:
            var offset = start + 1
            while offset < scalars.count {
                if scalars[offset] == "\"" { return offset + 1 }
                offset += scalars[offset] == "\\" ? 2 : 1
            }
            throw Lost()
        case .literal, .folded:
            let header = lineEnd(start)
            let last = try match(scalar.string, from: header)
            var end = last == header ? header : lineEnd(last)
            guard scalars[start..<header].prefix(3).contains("+") else { return end }
            // The empty lines after it are its own.
            while nextLine(end) < scalars.count, isBlank(nextLine(end)..<lineEnd(nextLine(end))) {
                end = lineEnd(nextLine(end))
            }
            return end
        case .plain, .any: return scalar.string.isEmpty ? start : try match(scalar.string, from: start)
        }
    }

    /// Parsing changes nothing but blanks and breaks within these.
    private func match(_ text: String, from start: Int) throws(Lost) -> Int {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { Self.isBlank(scalar) || Self.isBreak(scalar) }
        var (offset, end) = (start, start)
        for wanted in text.unicodeScalars where !isSpace(wanted) {
            while offset < scalars.count, isSpace(scalars[offset]) { offset += 1 }
            try expect(wanted, at: offset)
            offset += 1
            end = offset
        }
        return end
    }
}

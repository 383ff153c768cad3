import Yams

/// Applies edits of values to the text.
struct TextEditor {
    /// The longest line into which a flow mapping is written.
    private static let widest = 100

    private let layout: SourceLayout
    private var splices: [(range: Range<Int>, text: String)] = []

    init(_ layout: SourceLayout) { self.layout = layout }

    /// The text with all edits applied.
    var text: String {
        var scalars = layout.scalars
        for (range, text) in splices.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            scalars.replaceSubrange(range, with: Array(text.unicodeScalars))
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private typealias Part = SourceLayout.Part

    /// A value and its anchor in the text.
    private struct Spot {
        let part: Part
        /// After the colon or the dash before it; nil at the top, and where it cannot be edited.
        let anchor: Int?
        /// Of the key or the dash; nil at the top.
        let start: Int?
        /// In flow style.
        let inFlow: Bool
        /// An item of a list.
        let isItem: Bool
        /// The column of the map that contains it.
        let column: Int
    }

    private func spots(_ steps: [ValueStep]) throws(ConfigurationEditFault) -> [Spot] {
        var spots = [
            Spot(part: layout.root, anchor: nil, start: nil, inFlow: layout.root.isFlow, isItem: false, column: 0)
        ]
        for step in steps {
            guard let above = spots.last?.part else { throw Self.lost }
            switch (above.content, step) {
            case (.map(let pairs), .key(let key)):
                guard let pair = pairs.first(where: { $0.key == key }), let anchor = pair.anchor else {
                    throw Self.lost
                }
                spots.append(
                    Spot(
                        part: pair.value, anchor: anchor, start: pair.keyStart, inFlow: above.isFlow, isItem: false,
                        column: layout.column(pair.keyStart)))
            case (.list(let items), .index(let index)):
                let item = items[index]
                spots.append(
                    Spot(
                        part: item.value, anchor: above.isFlow ? item.start : item.start + 1, start: item.start,
                        inFlow: above.isFlow, isItem: true, column: layout.column(item.start)))
            default: throw Self.lost
            }
        }
        return spots
    }

    private static let lost = ConfigurationEditFault(
        .unsupported, "this part of the file is written in a way that cannot be edited here: edit it by hand")

    // MARK: Set

    mutating func set(
        _ found: [ValueStep], _ rest: [String], _ value: ConfigurationValue
    ) throws(ConfigurationEditFault) {
        guard let spot = try spots(found).last else { throw Self.lost }
        guard let key = rest.first else { return try replace(spot, value, prefersBlock: false) }
        let inner = rest.dropFirst().reversed().reduce(value) { .map([.init($1, $0)]) }
        try insert(key, inner, into: spot)
    }

    mutating func add(
        _ found: [ValueStep], _ rest: [String], _ value: ConfigurationValue
    ) throws(ConfigurationEditFault) {
        guard let spot = try spots(found).last else { throw Self.lost }
        guard rest.isEmpty else { return try set(found, rest, .list([value])) }
        guard case .list(let items) = spot.part.content else {
            guard spot.part.isEmpty else {
                throw ConfigurationEditFault(.missing, "what stands there is no list: name a list")
            }
            return try replace(spot, .list([value]), prefersBlock: YAMLText.isBlock(value))
        }
        guard let last = items.last else {
            return try replace(spot, .list([value]), prefersBlock: YAMLText.isBlock(value))
        }
        if spot.part.isFlow {
            append(", \(YAMLText.flow(value))", at: last.value.range.upperBound)
        } else {
            append(lines: YAMLText.item(value, indent: layout.column(last.start)), after: spot.part.range.upperBound)
        }
    }

    private mutating func append(_ text: String, at offset: Int) { splices.append((offset..<offset, text)) }

    /// Below the line of `offset`.
    private mutating func append(lines: [String], after offset: Int) {
        let text = lines.map { lineBreak + $0 }.joined()
        append(text, at: layout.lineEnd(offset))
    }

    /// As in the first line of the file.
    private var lineBreak: String {
        guard let first = layout.scalars.firstIndex(where: SourceLayout.isBreak) else { return "\n" }
        let isPair =
            layout.scalars[first] == "\r" && first + 1 < layout.scalars.count && layout.scalars[first + 1] == "\n"
        return isPair ? "\r\n" : String(Character(layout.scalars[first]))
    }

    private mutating func insert(
        _ key: String, _ value: ConfigurationValue, into spot: Spot
    ) throws(ConfigurationEditFault) {
        let part = spot.part
        if part.isEmpty { return try replace(spot, .map([.init(key, value)]), prefersBlock: true) }
        guard case .map(let pairs) = part.content else {
            throw ConfigurationEditFault(.missing, "what stands there is no map, and can have no key \(key)")
        }
        guard let first = pairs.first, let last = pairs.last else {
            return try replace(spot, .map([.init(key, value)]), prefersBlock: false)
        }
        if part.isFlow {
            let text = YAMLText.flow(.map([.init(key, value)])).dropFirst().dropLast()
            // A comma directly after a colon would be part of the key.
            let comma = last.value.range.isEmpty ? " , " : ", "
            append(comma + text, at: max(last.value.range.upperBound, last.anchor ?? 0))
        } else {
            guard last.anchor != nil else { throw Self.lost }
            var lines = YAMLText.entry(key, value, indent: layout.column(first.keyStart), unit: unit)
            if spot.start == nil, separatesSections(pairs) { lines.insert("", at: 0) }
            append(lines: lines, after: part.range.upperBound)
        }
    }

    /// Indentation of one level.
    private var unit: Int {
        guard case .map(let pairs) = layout.root.content, !layout.root.isFlow else { return 2 }
        for pair in pairs {
            guard case .map(let inner) = pair.value.content, !pair.value.isFlow, let first = inner.first else {
                continue
            }
            let unit = layout.column(first.keyStart)
            if (1...8).contains(unit) { return unit }
        }
        return 2
    }

    private func separatesSections(_ pairs: [SourceLayout.Pair]) -> Bool {
        zip(pairs, pairs.dropFirst()).contains { before, after in
            var offset = layout.nextLine(before.value.range.upperBound)
            while offset < after.keyStart {
                if layout.isBlank(offset..<layout.lineEnd(offset)) { return true }
                offset = layout.nextLine(offset)
            }
            return false
        }
    }

    // MARK: Replace

    private mutating func replace(
        _ spot: Spot, _ value: ConfigurationValue, prefersBlock: Bool
    ) throws(ConfigurationEditFault) {
        let range = spot.part.range
        guard let anchor = spot.anchor else { throw Self.lost }
        if isBlock(spot.part) {
            if YAMLText.isBlock(value) {
                let column = layout.column(range.lowerBound)
                var indent = column
                // A list may be indented like its key; a map may not.
                if case .map = value, !spot.isItem, column <= spot.column { indent = spot.column + unit }
                let lines = YAMLText.lines(value, indent: indent, unit: unit)
                splices.append((range, String(lines.joined(separator: lineBreak).dropFirst(column))))
            } else if layout.isBlank(layout.lineStart(range.lowerBound)..<range.lowerBound) {
                let start = layout.lineStart(range.lowerBound)
                splices.append((start..<layout.nextLine(range.upperBound), ""))
                append(value == .empty && !spot.isItem ? "" : " " + inline(value, inFlow: false), at: anchor)
            } else {
                splices.append((range, inline(value, inFlow: false)))
            }
            return
        }
        let width = layout.column(range.lowerBound)
        let isShort = width + YAMLText.flow(value).count <= Self.widest
        if spot.inFlow || !YAMLText.isBlock(value) || (isShort && !prefersBlock) {
            replaceInline(spot, anchor, value)
        } else if spot.isItem {
            let indent = max(layout.column(anchor) + 1, width)
            let lines = YAMLText.lines(value, indent: indent, unit: unit).joined(separator: lineBreak)
            splices.append((range, (range.isEmpty ? " " : "") + lines.drop { $0 == " " }))
        } else {
            let after = max(range.upperBound, anchor)
            let lines = YAMLText.lines(value, indent: spot.column + unit, unit: unit).map { lineBreak + $0 }.joined()
            let end = layout.lineEnd(after)
            if isBlank(after..<end) {
                splices.append((anchor..<end, lines))
            } else {
                // A comment remains on the line of the key.
                splices.append((anchor..<after, ""))
                append(lines, at: end)
            }
        }
    }

    private func isBlank(_ range: Range<Int>) -> Bool { layout.isBlank(range) }

    /// A map or a list in block style.
    private func isBlock(_ part: Part) -> Bool {
        if case .scalar = part.content { return false }
        return !part.isFlow
    }

    private mutating func replaceInline(_ spot: Spot, _ anchor: Int, _ value: ConfigurationValue) {
        let range = spot.part.range
        if value == .empty, spot.part.isEmpty { return }
        if value == .empty, !spot.isItem, !spot.inFlow {
            splices.append((anchor..<max(anchor, range.upperBound), ""))
            return
        }
        var text = inline(value, inFlow: spot.inFlow)
        if case (.text(let new), .scalar(_, let style)) = (value, spot.part.content) {
            if style == .doubleQuoted { text = YAMLText.quoted(new) }
            if style == .singleQuoted { text = YAMLText.apostrophes(new) ?? text }
        }
        if range.isEmpty, range.lowerBound > 0, !SourceLayout.isBlank(layout.scalars[range.lowerBound - 1]) {
            text = " " + text
        }
        var end = range.upperBound
        if range.isEmpty, spot.inFlow {
            while end < layout.scalars.count, SourceLayout.isBlank(layout.scalars[end]) { end += 1 }
            // The rest of the line moves up, except a comment.
            if end == layout.scalars.count || !",]}".unicodeScalars.contains(layout.scalars[end]) {
                end = range.upperBound
            }
        }
        splices.append((range.lowerBound..<end, text))
    }

    private func inline(_ value: ConfigurationValue, inFlow: Bool) -> String {
        if case .text(let text) = value { return YAMLText.scalar(text, inFlow: inFlow) }
        return YAMLText.flow(value)
    }

    // MARK: Remove

    mutating func remove(_ steps: [ValueStep]) throws(ConfigurationEditFault) {
        let spots = try spots(steps)
        guard spots.count >= 2, let spot = spots.last, let start = spot.start, let anchor = spot.anchor else {
            throw Self.lost
        }
        let above = spots[spots.count - 2]
        let end = max(spot.part.range.upperBound, anchor)
        if spot.inFlow {
            removeInFlow(start..<end, of: above.part)
        } else if count(above.part) == 1 {
            guard above.anchor != nil else {
                throw ConfigurationEditFault(.malformed, "the file would be empty: keep one section at least")
            }
            try replace(above, isList(above.part) ? .list([]) : .map([]), prefersBlock: false)
        } else if isBlank(layout.lineStart(start)..<start) {
            splices.append((layout.lineStart(start)..<layout.nextLine(layout.lineEnd(end)), ""))
        } else {
            splices.append((start..<end, ""))
        }
    }

    private func count(_ part: Part) -> Int {
        switch part.content {
        case .scalar: 0
        case .map(let pairs): pairs.count
        case .list(let items): items.count
        }
    }

    private func isList(_ part: Part) -> Bool { if case .list = part.content { true } else { false } }

    /// Including the comma after it, or before it for the last one.
    private mutating func removeInFlow(_ range: Range<Int>, of above: Part) {
        let after = layout.skipSpace(from: range.upperBound)
        if after < layout.scalars.count, layout.scalars[after] == "," {
            // With the blanks before the comma, and not with a comment there.
            let last = isBlank(range.upperBound..<after) ? after : range.upperBound
            splices.append((range.lowerBound..<last, ""))
            var end = after + 1
            while end < layout.scalars.count, SourceLayout.isBlank(layout.scalars[end]) { end += 1 }
            splices.append((after..<end, ""))
            return
        }
        splices.append((range, ""))
        var before = range.lowerBound
        for end in ends(above) where end < range.lowerBound { before = end }
        guard before < range.lowerBound else { return }
        let comma = layout.skipSpace(from: before)
        guard comma < range.lowerBound, layout.scalars[comma] == "," else { return }
        var end = comma + 1
        while end < range.lowerBound, SourceLayout.isBlank(layout.scalars[end]) { end += 1 }
        splices.append((comma..<end, ""))
    }

    /// The ends of the values of a part, in their order.
    private func ends(_ part: Part) -> [Int] {
        switch part.content {
        case .scalar: []
        case .map(let pairs): pairs.map { max($0.value.range.upperBound, $0.anchor ?? 0) }
        case .list(let items): items.map(\.value.range.upperBound)
        }
    }
}

/// One pass over the text before it is parsed.
struct TextScan {
    /// The first character that YAML forbids.
    private(set) var forbidden: (Unicode.Scalar, Position)?
    /// Where an alias may stand. More than there are, since comments and quotes are not told apart; never fewer.
    private(set) var aliases: [Position] = []

    init(_ text: String) {
        var position = Position()
        /// The last character of the line that is no blank.
        var last: Unicode.Scalar?
        var previous: Unicode.Scalar = "\n"
        for scalar in text.unicodeScalars {
            if forbidden == nil, Self.isForbidden(scalar) { forbidden = (scalar, position) }
            if previous == "*", Self.isName(scalar), let star = aliasStart {
                aliases.append(star)
            }
            aliasStart = nil
            if scalar == "*", last.map({ "-?:,[{".unicodeScalars.contains($0) }) ?? true { aliasStart = position }
            if Self.isBreak(scalar) {
                // A line that ends in CR LF is one line.
                if !(scalar == "\n" && previous == "\r") { position.line += 1 }
                position.column = 1
                last = nil
            } else {
                position.column += 1
                if scalar != " ", scalar != "\t" { last = scalar }
            }
            previous = scalar
        }
    }

    private var aliasStart: Position?

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: false
        case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
        default: false
        }
    }
}

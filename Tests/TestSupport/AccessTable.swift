/// Who may do what, line by line: verb, address, who at least, and what an account finds whose part is elsewhere.
public struct AccessTable: Sendable {
    /// What an account finds that is limited to another part.
    public enum Elsewhere: String, Sendable {
        /// What everybody finds: nothing of it lies anywhere.
        case same
        /// An answer without what lies elsewhere.
        case empty
        /// 404: it is not there for it.
        case absent
        /// 403: it is of the whole.
        case refused
    }

    public struct Row: Sendable {
        /// The name of the least role; `everybody` where it takes none.
        public let least: String
        public let elsewhere: Elsewhere
    }

    /// Whether each line was read, and none stands twice.
    public let isWhole: Bool
    private let rows: [String: Row]

    public init(_ text: String) {
        let lines = text.split(separator: "\n")
        var rows: [String: Row] = [:]
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, let elsewhere = Elsewhere(rawValue: words[3]) else { continue }
            rows[Self.shape(words[0], words[1])] = Row(least: words[2], elsewhere: elsewhere)
        }
        self.rows = rows
        isWhole = rows.count == lines.count
    }

    /// - Parameter shape: see `shape(_:_:)`.
    public subscript(shape: String) -> Row? { rows[shape] }

    /// Whatever the parts of an address are called.
    public static func shape(_ verb: String, _ path: String) -> String {
        verb + " " + path.split(separator: "/").map { $0.hasPrefix(":") ? ":" : String($0) }.joined(separator: "/")
    }

    /// An address that exists.
    ///
    /// - Parameter values: by the part before each; 1 for others.
    public static func address(_ path: String, _ values: [String: String]) -> String {
        var before = ""
        return "/"
            + path.split(separator: "/").map { part -> String in
                defer { before = String(part) }
                guard part.hasPrefix(":") else { return String(part) }
                return values[before] ?? "1"
            }.joined(separator: "/")
    }
}

import Domain
import Yams

/// Collects faults while reading continues.
final class FaultLog {
    private let file: String
    private var entries: [(position: Position, message: String)] = []

    init(file: String) { self.file = file }

    var isEmpty: Bool { entries.isEmpty }

    func report(_ message: String, at position: Position) { entries.append((position, message)) }

    /// In the order of the file.
    var faults: ConfigurationFaults {
        let sorted = entries.enumerated().sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
        return ConfigurationFaults(
            faults: sorted.map(\.element).map {
                ConfigurationFault(
                    file: file, line: $0.position.line, column: $0.position.column, message: $0.message)
            })
    }
}

/// A place in the file, from 1:1, in Unicode scalars.
struct Position: Hashable, Comparable {
    var line = 1
    var column = 1

    init(line: Int = 1, column: Int = 1) {
        self.line = line
        self.column = column
    }

    init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    init(_ node: Node) { self.init(node.mark) }

    static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// The ids of the items of one list.
struct UniqueIDs {
    private let what: String
    private var lines: [String: Int] = [:]

    init(_ what: String) { self.what = what }

    /// The name of the item in faults: its id, or its number where it has none.
    func place(of node: Node, index: Int) -> String {
        guard let id = node.mapping?["id"]?.scalar?.string, Form.isIdentifier(id) else {
            return "\(what) no. \(index + 1)"
        }
        return "\(what) \(id)"
    }

    /// Reports an id that an earlier item has.
    mutating func take(_ node: Node, place: String, _ log: FaultLog) {
        guard let value = node.mapping?["id"], let id = value.scalar?.string, !id.isEmpty else { return }
        let position = Position(value)
        if let line = lines[id] {
            log.report("\(place): line \(line) has the same id: give each \(what) an id of its own", at: position)
        } else {
            lines[id] = position.line
        }
    }
}

/// The wording of values and choices in faults.
enum Wording {
    private static let longest = 40

    /// `text` in quotes and on one line. Possible addresses are hidden: they may contain a password.
    static func quoted(_ text: String) -> String {
        guard !text.contains("@"), !text.contains("://") else { return "an address (hidden)" }
        let short = text.count > longest ? text.prefix(longest) + "…" : text[...]
        return String(short).debugDescription
    }

    /// Without `.0` on whole numbers.
    static func number(_ value: Double) -> String { Field.spelled(value) }

    static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    static func plural(_ noun: String) -> String { noun + (noun.hasSuffix("s") ? "es" : "s") }

    /// The name that was probably meant; nil where none is similar.
    static func nearest(to text: String, among names: [String]) -> String? {
        guard text.count <= longest else { return nil }
        let wanted = normalised(text)
        let limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
        let ranked = names.map { (name: $0, distance: distance(wanted, normalised($0))) }
        return ranked.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.name
    }

    /// - Parameter hint: the remedy where no kind is similar.
    static func noKind(
        _ text: String, _ catalogue: Catalogue,
        otherwise hint: String = "name one of the catalogue's, e.g. parking.motor"
    ) -> String {
        let guess = nearest(to: text, among: catalogue.kinds.map(\.rawValue)).map { "did you mean \($0)?" }
        return "there is no kind \(quoted(text)): \(guess ?? hint)"
    }

    private static func normalised(_ text: String) -> [Character] {
        text.lowercased().map { $0 == "-" ? "_" : $0 }
    }

    /// Insertions, deletions, substitutions and transpositions that turn `a` into `b`.
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var row = [i + 1]
            for (j, y) in b.enumerated() {
                var best = min(last[j] + (x == y ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}

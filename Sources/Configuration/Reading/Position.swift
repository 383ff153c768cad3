import Yams

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

import Yams

/// The ids of the items of one list.
struct UniqueIDs {
    private let what: String
    private var lines: [String: Int] = [:]

    init(_ what: String) { self.what = what }

    /// What faults call the item: its id, or its number where it has none.
    func place(of node: Node, index: Int) -> String {
        guard let id = node.mapping?["id"]?.scalar?.string, Form.isIdentifier(id) else {
            return "\(what) no. \(index + 1)"
        }
        return "\(what) \(id)"
    }

    /// Reports an id that an item before has.
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

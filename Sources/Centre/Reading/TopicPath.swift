import Contract

/// A topic below the root, taken apart: which channel, where, and what comes after that.
struct TopicPath: Sendable, Hashable {
    let channel: AlertTopics.Channel
    /// The levels from the province to the micro-grid, with slashes between them.
    let place: String
    /// 12 digits, by the topic's own word.
    let area: String
    let grid: String
    let microgrid: String
    /// What follows the place: the kind, and what it ends in.
    let rest: [String]

    /// Nil for a topic of another root or form, or whose levels do not lie in each other.
    init?(_ topic: String, root: String) {
        guard topic.utf8.count <= 512, topic.hasPrefix(root + "/") else { return nil }
        let levels = topic.dropFirst(root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        guard levels.count >= 9, let channel = AlertTopics.Channel(rawValue: String(levels[0])) else { return nil }
        let area = levels[5]
        guard area.utf8.count == 12, area.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            zip(levels[1...4], [2, 4, 6, 9]).allSatisfy({ $0 == area.prefix($1) })
        else { return nil }
        self.channel = channel
        self.area = String(area)
        (grid, microgrid) = (String(levels[6]), String(levels[7]))
        place = levels[1...7].joined(separator: "/")
        rest = levels[8...].map(String.init)
    }

    /// The kind with its dot, whichever form the site writes.
    var kind: String {
        guard let kind = rest.first else { return "" }
        return kind.contains(".") ? kind : kind.replacing("_", with: ".", maxReplacements: 1)
    }

    /// Whether a message about this place and kind belongs here.
    func covers(_ record: AlertRecord) -> Bool {
        area == record.area && grid == record.grid && microgrid == record.microgrid
            && (rest.first == record.kind || rest.first == record.kind.replacing(".", with: "_"))
    }
}

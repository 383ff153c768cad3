/// The id of an event: which store, and how far its changes have come. It survives a restart, since the store counts.
struct EventID: Sendable, Hashable {
    let epoch: String
    let change: Int64

    init(epoch: String, change: Int64) { (self.epoch, self.change) = (epoch, change) }

    /// Nil for what is no such id.
    init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), let change = Int64(text[text.index(after: dot)...]), change >= 0,
            dot > text.startIndex, text.utf8.count <= 128
        else { return nil }
        self.init(epoch: String(text[..<dot]), change: change)
    }

    var text: String { "\(epoch).\(change)" }
}

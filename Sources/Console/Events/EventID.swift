/// The id of an event: which store, and how far its changes have come. It survives a restart, since the store counts.
package struct EventID: Sendable, Hashable {
    package let epoch: String
    package let change: Int64

    package init(epoch: String, change: Int64) { (self.epoch, self.change) = (epoch, change) }

    /// Nil for what is no such id.
    package init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), let change = Int64(text[text.index(after: dot)...]), change >= 0,
            dot > text.startIndex, text.utf8.count <= 128
        else { return nil }
        self.init(epoch: String(text[..<dot]), change: change)
    }

    package var text: String { "\(epoch).\(change)" }
}

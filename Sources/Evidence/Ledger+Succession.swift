import Foundation

extension Ledger {
    /// What the ledger says of two stores.
    public struct Succession: Sendable, Equatable {
        /// The store that is asked about has had records in it.
        public let isKnown: Bool
        /// The number of the first record of the store whose records are the last ones; nil where there is none.
        public let begun: Int?
        /// The record that the store remembers is in it.
        public let hasRemembered: Bool
    }

    /// How a store stands to the one whose records are the last ones. Reads all of the ledger.
    ///
    /// - Parameters:
    ///   - epoch: of the store that is asked about.
    ///   - known: the last record of which it knows.
    public func succession(of epoch: String, known: Known?) throws -> Succession {
        let last = head.epoch
        let lines = try LedgerLines(path: path)
        var (isKnown, hasRemembered) = (false, false)
        var begun: Int?
        while let line = try lines.next() {
            guard let line = LedgerLine.parse(line.bytes) else { continue }
            if line.record.epoch == epoch { isKnown = true }
            if begun == nil, line.record.epoch == last { begun = line.record.number }
            if let known, line.record.number == known.number, line.hash == known.hash { hasRemembered = true }
        }
        return Succession(isKnown: isKnown, begun: begun, hasRemembered: hasRemembered)
    }
}

/// The law of the audit log: every entry carries the hash of the one before.
public enum AuditChain {
    /// The `previous` of the first entry ever.
    public static let origin = String(repeating: "0", count: 64)

    /// Where a log is not what was written.
    public struct Break: Error, Equatable, CustomStringConvertible {
        /// The entry at which it shows.
        public let number: Int64
        public let cause: String

        public var description: String { "the audit log is broken at entry \(number): \(cause)" }
    }

    /// Throws at the first entry that was changed, put in or taken out.
    ///
    /// - Parameter anchor: what came before the oldest entry; by default nothing.
    public static func verify(_ entries: [AuditEntry], after anchor: Anchor = Anchor()) throws(Break) {
        var last = anchor
        for entry in entries {
            guard entry.number == last.number + 1 else {
                throw Break(number: entry.number, cause: "entry \(last.number + 1) is missing")
            }
            guard entry.previous == last.hash else {
                throw Break(number: entry.number, cause: "it does not follow from the entry before")
            }
            guard entry.isIntact else { throw Break(number: entry.number, cause: "it was changed") }
            last = Anchor(number: entry.number, hash: entry.hash)
        }
    }

    /// The entry after which a log goes on: the newest of those that were deleted for their age.
    public struct Anchor: Sendable, Hashable {
        public var number: Int64
        public var hash: String

        public init(number: Int64 = 0, hash: String = origin) {
            self.number = number
            self.hash = hash
        }
    }
}

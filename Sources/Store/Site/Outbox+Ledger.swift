import GRDB

/// How far the ledger over the evidence had come, kept where the ledger is not: what was taken from its end shows.
public struct LedgerMark: Sendable, Hashable {
    /// Of the last record.
    public let number: Int
    public let hash: String

    public init(number: Int, hash: String) {
        self.number = number
        self.hash = hash
    }

    fileprivate init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let number = Int(parts[0]) else { return nil }
        self.init(number: number, hash: String(parts[1]))
    }

    fileprivate var text: String { "\(number) \(hash)" }
}

extension Outbox {
    /// Nil before the first one.
    public func ledgerMark() throws(OutboxError) -> LedgerMark? {
        try Self.explaining("read how far the ledger had come") {
            try pool.read { try String.fetchOne($0, sql: "SELECT ledger FROM store").flatMap(LedgerMark.init) }
        }
    }

    public func save(_ mark: LedgerMark) throws(OutboxError) {
        try Self.explaining("keep how far the ledger has come") {
            try pool.write { try $0.execute(sql: "UPDATE store SET ledger = ?", arguments: [mark.text]) }
        }
    }
}

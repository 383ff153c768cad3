import GRDB

extension Outbox {
    /// What was last kept of the end of the evidence's ledger; nil before that.
    public func ledgerHead() throws(OutboxError) -> String? {
        try Self.explaining("read the ledger's head") {
            let text = try pool.read { try String.fetchOne($0, sql: "SELECT ledger FROM store") }
            return text.flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// Keeps the end of the evidence's ledger, so that a ledger that is cut off while nobody looks is noticed.
    public func save(ledgerHead: String) throws(OutboxError) {
        try Self.explaining("keep the ledger's head") {
            try pool.write { try $0.execute(sql: "UPDATE store SET ledger = ?", arguments: [ledgerHead]) }
        }
    }
}

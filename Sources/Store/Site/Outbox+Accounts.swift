import GRDB

/// The accounts of the console are in the store of the site, so that one transaction writes them and the audit log.
extension Outbox: AccountStore {
    package var hasNarrowAccounts: Bool { false }

    package func readAccounts<Result>(
        _ operation: String, _ body: (any SQLConnection) throws -> Result
    ) throws -> Result {
        do { return try pool.read { try body(SQLiteConnection($0)) } } catch let broken as AuditChain.Break {
            throw broken
        } catch {
            throw OutboxError(operation: operation, error)
        }
    }

    package func writeAccounts<Result>(
        _ operation: String, _ body: (any SQLConnection) throws -> Result
    ) throws -> Result {
        try Self.explaining(operation) { try pool.write { try body(SQLiteConnection($0)) } }
    }
}

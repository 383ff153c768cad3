package import Store

/// The accounts of a centre, in its database: several centres on one have the same.
package struct CentreAccounts: AccountStore {
    private let store: any SQLDatabase

    package init(_ store: any SQLDatabase) { self.store = store }

    package var hasNarrowAccounts: Bool { true }

    package func readAccounts<Result>(
        _ operation: String, _ body: (any SQLConnection) throws -> Result
    ) throws -> Result { try store.read(body) }

    package func writeAccounts<Result>(
        _ operation: String, _ body: (any SQLConnection) throws -> Result
    ) throws -> Result { try store.write(body) }
}

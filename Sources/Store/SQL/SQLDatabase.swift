/// A database of SQL, in the part of the language that SQLite and PostgreSQL share: `?` for values, upserts by
/// `ON CONFLICT`, `RETURNING`, no functions of JSON and of dates. What is written for it runs on both.
package protocol SQLDatabase: Sendable {
    /// Runs `body` in one transaction that may write, one at a time; what it throws undoes all of it. Blocks. Throws `SQLFault`, or
    /// what `body` throws.
    ///
    /// `body` may run more than once, where nothing of it was committed: what it leaves outside is set, not added to.
    func write<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result
    /// Runs `body` on one state of the database. Blocks. Throws as `write` does.
    func read<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result
}

/// A transaction of a database.
package protocol SQLConnection {
    /// Several statements without values, such as those of a migration.
    func run(script: String) throws
    /// One statement; returns how many rows it has written.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int
    /// One statement that nobody waits for: a database behind a network sends it with the next one. What it fails with is thrown
    /// by that one, or by the end of the transaction.
    func post(_ sql: String, _ values: [SQLValue]) throws
    /// All rows of a query.
    @discardableResult
    func rows(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow]
    /// Of the database's sessions, which one this is: what a session held, such as locks, is gone where it is another one. 0
    /// where there is only one.
    var session: Int { get }
}

extension SQLConnection {
    package var session: Int { 0 }

    package func post(_ sql: String, _ values: [SQLValue]) throws { try execute(sql, values) }

    /// The first row; nil where there is none.
    package func row(_ sql: String, _ values: [SQLValue] = []) throws -> SQLRow? { try rows(sql, values).first }

    @discardableResult
    package func rows(_ sql: String) throws -> [SQLRow] { try rows(sql, []) }

    @discardableResult
    package func execute(_ sql: String) throws -> Int { try execute(sql, []) }
}

/// The value of a column, or of a `?`.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case bytes([UInt8])

    package static func maybe(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    package static func maybe(_ value: Double?) -> SQLValue { value.map { .real($0) } ?? .null }
    package static func maybe(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
    package static func count(_ value: Int) -> SQLValue { .integer(Int64(value)) }
    package static func flag(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }
}

/// One row of a result, by the numbers of its columns.
package struct SQLRow: Sendable, Hashable {
    package let values: [SQLValue]

    package init(_ values: [SQLValue]) { self.values = values }

    /// Nil where the column is null.
    package func text(_ column: Int) -> String? {
        if case .text(let text) = values[column] { text } else { nil }
    }

    /// Nil where the column is null.
    package func integer(_ column: Int) -> Int64? {
        switch values[column] {
        case .integer(let value): value
        case .real(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// Nil where the column is null.
    package func real(_ column: Int) -> Double? {
        switch values[column] {
        case .real(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// Nil where the column is null.
    package func bytes(_ column: Int) -> [UInt8]? {
        if case .bytes(let bytes) = values[column] { bytes } else { nil }
    }

    /// Of a column that is never null; 0 where it is all the same.
    package func count(_ column: Int) -> Int { Int(integer(column) ?? 0) }
    /// Of a column that is never null; empty where it is all the same.
    package func name(_ column: Int) -> String { text(column) ?? "" }
    package func flag(_ column: Int) -> Bool { integer(column) ?? 0 != 0 }
}

/// Why a database did not do something, and what helps.
package struct SQLFault: Error, CustomStringConvertible {
    package let operation: String
    package let cause: String
    package let remedy: String
    /// Whether what was to be written is to blame: the same would fail again.
    package let isAboutContent: Bool

    package init(operation: String, cause: String, remedy: String, isAboutContent: Bool = false) {
        self.operation = operation
        self.cause = cause
        self.remedy = remedy
        self.isAboutContent = isAboutContent
    }

    package var description: String { "could not \(operation): \(cause); \(remedy)" }
}

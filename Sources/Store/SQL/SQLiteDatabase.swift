package import Foundation
import GRDB
import GRDBSQLite

/// A database of SQLite in one file, with a log that is written ahead: one writer at a time, any number of readers.
///
/// After a power cut the last transactions may be missing (`synchronous` is NORMAL); the file is never damaged by one. Who
/// needs more asks for what is missing.
package final class SQLiteDatabase: SQLDatabase {
    private let pool: DatabasePool
    private let file: URL

    /// Opens the file, or makes it and its folder.
    ///
    /// - Parameter isReadOnly: writing fails, and a missing file is a fault.
    package init(file: URL, isReadOnly: Bool = false) throws(SQLFault) {
        self.file = file
        let operation = "open the database \(file.path)"
        do {
            if !isReadOnly {
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o750])
            }
            var configuration = Configuration()
            configuration.readonly = isReadOnly
            configuration.busyMode = .timeout(10)
            configuration.maximumReaderCount = 4
            // Batches touch many pages: with the default of 2 MB they are read again and again.
            // And each page that has changed goes from the log to the file once in so many pages, here 32 MB: with 4 MB a
            // tenth of a centre's work was to write the same pages of its indexes again.
            configuration.prepareDatabase {
                try $0.execute(sql: "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 8000")
            }
            pool = try DatabasePool(path: file.path, configuration: configuration)
        } catch let error as DatabaseError {
            throw Self.fault(error, operation)
        } catch {
            throw SQLFault(
                operation: operation, cause: error.localizedDescription,
                remedy: "check that the folder's disk is there and can be written")
        }
    }

    package func write<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result {
        do { return try pool.write { try body(SQLiteConnection($0)) } } catch let error as DatabaseError {
            throw Self.fault(error, "write to the database \(file.path)")
        }
    }

    package func read<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result {
        do { return try pool.read { try body(SQLiteConnection($0)) } } catch let error as DatabaseError {
            throw Self.fault(error, "read the database \(file.path)")
        }
    }

    private static func fault(_ error: DatabaseError, _ operation: String) -> SQLFault {
        var isAboutContent = false
        let remedy: String
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            remedy =
                "move the file away and keep it for an inspection, or put back a copy; a new one is made at the next start"
        case .SQLITE_FULL, .SQLITE_IOERR: remedy = "make room on the disk, and check it for faults"
        case .SQLITE_BUSY, .SQLITE_LOCKED: remedy = "check that no other process keeps the file"
        case .SQLITE_CONSTRAINT, .SQLITE_ERROR, .SQLITE_RANGE, .SQLITE_MISMATCH, .SQLITE_TOOBIG:
            remedy = "this is a fault of the software, or of what was to be written"
            isAboutContent = true
        default: remedy = "check that the folder exists, belongs to the service's user and can be written"
        }
        return SQLFault(
            operation: operation, cause: error.message ?? "\(error)", remedy: remedy, isAboutContent: isAboutContent)
    }
}

/// A transaction of SQLite. Statements are GRDB's, prepared once; their values are bound and read by SQLite's own calls, since
/// a centre runs tens of thousands of statements a second.
struct SQLiteConnection: SQLConnection {
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private let database: Database

    init(_ database: Database) { self.database = database }

    func run(script: String) throws { try database.execute(sql: script) }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        let handle = try bound(sql, values)
        defer { release(handle) }
        guard try step(handle, sql) else { return Int(sqlite3_changes(database.sqliteConnection)) }
        while try step(handle, sql) {}
        return Int(sqlite3_changes(database.sqliteConnection))
    }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        let handle = try bound(sql, values)
        defer { release(handle) }
        let columns = sqlite3_column_count(handle)
        var rows: [SQLRow] = []
        while try step(handle, sql) { rows.append(SQLRow((0..<columns).map { value(handle, $0) })) }
        return rows
    }

    private func bound(_ sql: String, _ values: [SQLValue]) throws -> SQLiteStatement {
        let handle = try database.cachedStatement(sql: sql).sqliteStatement
        for (index, value) in values.enumerated() {
            let number = Int32(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(handle, number)
                case .integer(let value): sqlite3_bind_int64(handle, number, value)
                case .real(let value): sqlite3_bind_double(handle, number, value)
                case .text(let text): sqlite3_bind_text(handle, number, text, Int32(text.utf8.count), Self.transient)
                case .bytes(let bytes):
                    bytes.isEmpty
                        ? sqlite3_bind_zeroblob(handle, number, 0)
                        : sqlite3_bind_blob(handle, number, bytes, Int32(bytes.count), Self.transient)
                }
            guard code == SQLITE_OK else { throw fault(code, sql) }
        }
        return handle
    }

    private func release(_ handle: SQLiteStatement) {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Whether there is another row.
    private func step(_ handle: SQLiteStatement, _ sql: String) throws -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw fault(code, sql)
        }
    }

    private func fault(_ code: Int32, _ sql: String) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) }, sql: sql)
    }

    private func value(_ handle: SQLiteStatement, _ column: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(handle, column) else { return .null }
            let count = Int(sqlite3_column_bytes(handle, column))
            return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            guard let bytes = sqlite3_column_blob(handle, column) else { return .bytes([]) }
            let count = Int(sqlite3_column_bytes(handle, column))
            return .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
        }
    }
}

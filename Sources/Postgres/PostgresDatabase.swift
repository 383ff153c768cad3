import Foundation
import Runtime
package import Store
import Synchronization
import Threading

/// A database of PostgreSQL, by a few connections that are made anew where they are lost.
///
/// A transaction is tried again where it is known not to have been committed, so that a server that restarts or fails over is a
/// delay. `body` may therefore run more than once: what it leaves outside of the database is set, not added to. Where the connection was lost
/// while the server committed, the next one asks for the mark that the transaction has left.
package final class PostgresDatabase: SQLDatabase {
    private struct Pool {
        var idle: [PostgresConnection] = []
        var inUse: [Int: PostgresConnection] = [:]
        var opening = 0
        var sessions = 0
        var isClosed = false
        /// Whether the table of the marks is known to be there.
        var hasMarks = false
    }

    package let settings: PostgresSettings
    private let most: Int
    private let name = UUID().uuidString.lowercased()
    private let pool = Mutex(Pool())
    private let returned = MonotonicEvent()

    /// Connects with the first transaction.
    ///
    /// - Parameter most: connections at one time.
    package init(_ settings: PostgresSettings, most: Int = 6) {
        self.settings = settings
        self.most = most
    }

    /// Ends all connections at once, also those that are in use; none is made any more.
    package func close() {
        let inUse = pool.withLock { pool in
            pool.isClosed = true
            pool.idle = []
            return pool.inUse.values
        }
        for connection in inUse { connection.cut() }
    }

    /// Ends the connections, as a network would; others are made.
    package func cut() {
        for connection in pool.withLock({ $0.idle + $0.inUse.values }) { connection.cut() }
    }

    package func write<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result {
        try transaction("write to", isWriting: true, body)
    }

    package func read<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result {
        try transaction("read", isWriting: false, body)
    }

    // MARK: Transactions

    private enum Attempt<Result> {
        case done(Result)
        /// Nothing was committed, for a reason that passes.
        case again(PostgresError)
    }

    private func transaction<Result>(
        _ verb: String, isWriting: Bool, _ body: (any SQLConnection) throws -> Result
    ) throws -> Result {
        let operation = "\(verb) the database \(settings.place)"
        let deadline = ContinuousClock.now + .seconds(settings.patience)
        var backoff = Backoff(shortest: 0.05, longest: 2)
        while true {
            switch try attempt(operation, isWriting: isWriting, until: deadline, body) {
            case .done(let result): return result
            case .again(let error):
                let wait = backoff.next()
                guard ContinuousClock.now + .seconds(wait) < deadline, !pool.withLock(\.isClosed) else {
                    throw error.fault(operation)
                }
                Thread.sleep(forTimeInterval: wait)
            }
        }
    }

    private func attempt<Result>(
        _ operation: String, isWriting: Bool, until deadline: ContinuousClock.Instant,
        _ body: (any SQLConnection) throws -> Result
    ) throws -> Attempt<Result> {
        let connection: PostgresConnection
        do throws(PostgresError) { connection = try take(until: deadline) } catch {
            guard error.passes else { throw error.fault(operation) }
            return .again(error)
        }
        let result: Result
        do {
            try connection.begin(isWriting: isWriting, isFirst: isWriting && !pool.withLock(\.hasMarks))
            result = try body(PostgresTransaction(connection: connection))
        } catch let error as PostgresError {
            undo(connection, error)
            guard error.passes else { throw error.fault(operation) }
            return .again(error)
        } catch {
            undo(connection, nil)
            throw error
        }
        var mark: (session: String, number: Int64)?
        do throws(PostgresError) {
            if isWriting {
                // What was put off fails here, before anything can have been committed.
                try connection.exchange()
                mark = try connection.mark()
            }
            try connection.commit()
        } catch {
            undo(connection, error)
            if case .lost = error, let mark {
                guard try wasCommitted(mark, operation, error, until: deadline) else { return .again(error) }
                return .done(result)
            }
            guard error.passes else { throw error.fault(operation) }
            return .again(error)
        }
        if isWriting { pool.withLock { $0.hasMarks = true } }
        give(connection)
        return .done(result)
    }

    private func undo(_ connection: PostgresConnection, _ error: PostgresError?) {
        guard error?.endsConnection ?? false || !connection.rollback() else { return give(connection) }
        pool.withLock { pool in
            pool.inUse[connection.session] = nil
            // Where one is lost, the others most likely are, too.
            pool.idle = []
            pool.hasMarks = false
        }
        returned.signal()
    }

    /// Whether a transaction whose end was not heard of has been committed. Throws where that cannot be told either.
    ///
    /// Its lock is taken first: it has ended one way or the other by then.
    private func wasCommitted(
        _ mark: (session: String, number: Int64), _ operation: String, _ error: PostgresError,
        until deadline: ContinuousClock.Instant
    ) throws -> Bool {
        var backoff = Backoff(shortest: 0.05, longest: 1)
        let deadline = max(deadline, ContinuousClock.now + .seconds(settings.patience))
        var last = error
        repeat {
            do throws(PostgresError) {
                let connection = try take(until: deadline)
                do throws(PostgresError) {
                    try connection.begin(isWriting: true, isFirst: false)
                    try connection.queue("SELECT number FROM commit_mark WHERE session = ?", [.text(mark.session)])
                    let number = try connection.exchange().rows.first?.integer(0)
                    try connection.commit()
                    give(connection)
                    return number == mark.number
                } catch {
                    undo(connection, error)
                    throw error
                }
            } catch { last = error }
            Thread.sleep(forTimeInterval: backoff.next())
        } while ContinuousClock.now < deadline && !pool.withLock(\.isClosed)
        throw SQLFault(
            operation: operation, cause: "the connection was lost while the server committed: \(last.text)",
            remedy: "whether it was written is not known: ask for the same once more under the same id")
    }

    // MARK: Connections

    private func take(until deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresConnection {
        while true {
            enum Next {
                case ready(PostgresConnection)
                case open(Int)
                case wait, closed
            }
            let next: Next = pool.withLock { pool in
                if pool.isClosed { return .closed }
                if let connection = pool.idle.popLast() {
                    pool.inUse[connection.session] = connection
                    return .ready(connection)
                }
                guard pool.inUse.count + pool.opening < most else { return .wait }
                pool.opening += 1
                pool.sessions += 1
                return .open(pool.sessions)
            }
            switch next {
            case .ready(let connection): return connection
            case .open(let session): return try open(session)
            case .closed: throw .refused(state: "57P01", text: "it is closed")
            case .wait:
                guard ContinuousClock.now < deadline else {
                    throw .refused(state: "53300", text: "all \(most) connections are in use")
                }
                returned.wait(seconds: 0.05)
            }
        }
    }

    private func open(_ session: Int) throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            let connection = try PostgresConnection(settings, session: session, name: "\(name)-\(session)")
            pool.withLock { pool in
                pool.opening -= 1
                pool.inUse[session] = connection
            }
            return connection
        } catch {
            pool.withLock { $0.opening -= 1 }
            returned.signal()
            throw error
        }
    }

    private func give(_ connection: PostgresConnection) {
        pool.withLock { pool in
            pool.inUse[connection.session] = nil
            if !pool.isClosed { pool.idle.append(connection) }
        }
        returned.signal()
    }
}

private struct PostgresTransaction: SQLConnection {
    let connection: PostgresConnection

    var session: Int { connection.session }

    func run(script: String) throws { try connection.run(script: PostgresText.ordered(script)) }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try connection.queue(sql, values)
        return try connection.exchange().count
    }

    func post(_ sql: String, _ values: [SQLValue]) throws { try connection.queue(sql, values) }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        try connection.queue(sql, values)
        return try connection.exchange().rows
    }
}

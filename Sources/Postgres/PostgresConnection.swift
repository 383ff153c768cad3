import CPostgres
import Glibc
import Runtime
import Store

/// A connection to a server. Statements are prepared once, and those that nobody waits for travel together.
// @unchecked: the pool gives it to one thread at a time.
final class PostgresConnection: @unchecked Sendable {
    /// Statements that wait to be sent, at the most: the server's answers must find room meanwhile.
    private static let mostPending = 128
    /// Statements that stay prepared.
    private static let mostPrepared = 300
    /// Of the lock that a writing transaction has, and of the commits' marks.
    private static let writing = 0x4757_3031

    let session: Int
    /// Under which the marks of its commits stand.
    private let name: String
    private let settings: PostgresSettings
    private let handle: OpaquePointer
    private var values = PostgresValues()
    private var prepared: [String: String] = [:]
    private var count = 0
    private var marks: Int64 = 0
    /// What was queued: the statement, and whether it is only prepared.
    private var pending: [(sql: String, isPreparing: Bool)] = []

    struct Answer {
        var rows: [SQLRow] = []
        /// Rows that were written.
        var count = 0
        /// What the server calls it, such as `COMMIT`.
        var tag = ""
    }

    // MARK: Begin and end

    /// Connects; blocks for some seconds at the most for each host.
    init(_ settings: PostgresSettings, session: Int, name: String) throws(PostgresError) {
        (self.settings, self.session, self.name) = (settings, session, name)
        // What stands before the address may be said otherwise by it; what stands after it not.
        var words = [
            ("connect_timeout", "5"), ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"), ("target_session_attrs", "read-write"), ("dbname", settings.address),
            ("client_encoding", "UTF8"), ("application_name", settings.application),
        ]
        if let password = settings.password { words.append(("password", password.text)) }
        let keys: [UnsafePointer<CChar>?] = words.map { UnsafePointer(strdup($0.0)) } + [nil]
        let texts: [UnsafePointer<CChar>?] = words.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for text in keys + texts { free(UnsafeMutablePointer(mutating: text)) } }
        guard let handle = PQconnectdbParams(keys, texts, 1) else { throw .lost("there is no memory for a connection") }
        self.handle = handle
        guard PQstatus(handle) == CONNECTION_OK else { throw .lost(complaint) }
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        guard PQserverVersion(handle) >= 140_000 else {
            throw .refused(state: "0A000", text: "the server is older than PostgreSQL 14")
        }
        guard PQparameterStatus(handle, "server_encoding").map({ String(cString: $0) }) == "UTF8" else {
            throw .refused(
                state: "0A000", text: "the database is not in UTF8: create it with ENCODING 'UTF8' TEMPLATE template0")
        }
        guard PQsetnonblocking(handle, 1) == 0 else { throw .lost(complaint) }
        // A session whose process or machine is gone must not keep its locks for long.
        var script = """
            SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '8s'; \
            SET client_connection_check_interval = '2s'; SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; \
            SET tcp_keepalives_count = 3; SET tcp_user_timeout = 6000; SET extra_float_digits = 1; \
            SET standard_conforming_strings = on;
            """
        if let limit = settings.idleLimit { script += "SET idle_session_timeout = '\(limit)s';" }
        try simple(script, limit: settings.answerLimit)
        guard PQenterPipelineMode(handle) == 1 else { throw .lost(complaint) }
    }

    deinit { PQfinish(handle) }

    /// Ends it at once, whatever is under way, as a cut cable would.
    func cut() { shutdown(PQsocket(handle), Int32(SHUT_RDWR)) }

    // MARK: Transactions

    /// To be called first. Nothing is sent yet.
    func begin(isWriting: Bool, isFirst: Bool) throws(PostgresError) {
        guard isWriting else { return try queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", []) }
        try queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", [])
        // One writer at a time, as with SQLite: what a transaction has read stays true until its end. Given back by its end.
        try queue("SELECT pg_advisory_xact_lock(\(Self.writing), 1)", [])
        guard isFirst else { return }
        try queue(
            "CREATE TABLE IF NOT EXISTS commit_mark (session TEXT PRIMARY KEY, number BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL)",
            [])
        try queue("DELETE FROM commit_mark WHERE at < now() - INTERVAL '1 day'", [])
    }

    /// Names a transaction, so that it can be told later whether it was committed.
    func mark() throws(PostgresError) -> (session: String, number: Int64) {
        marks += 1
        try queue(
            """
            INSERT INTO commit_mark (session, number, at) VALUES (?, ?, now()) ON CONFLICT (session) DO UPDATE SET \
            number = excluded.number, at = excluded.at
            """, [.text(name), .integer(marks)])
        return (name, marks)
    }

    func commit() throws(PostgresError) {
        try queue("COMMIT", [])
        guard try exchange().tag == "COMMIT" else {
            throw .refused(state: "25P02", text: "the server has undone the transaction")
        }
    }

    /// Returns whether the connection can be used again.
    func rollback() -> Bool {
        do throws(PostgresError) {
            _ = try? exchange()
            try queue("ROLLBACK", [])
            try exchange()
            return PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE
        } catch { return false }
    }

    // MARK: Statements

    /// Puts a statement in line; it is sent with the next one that somebody waits for.
    func queue(_ sql: String, _ values: [SQLValue]) throws(PostgresError) {
        if pending.count >= Self.mostPending { try exchange() }
        let known = try prepare(sql)
        self.values.set(values)
        guard self.values.send(handle, known) else { throw failure() }
        pending.append((sql, false))
    }

    private func prepare(_ sql: String) throws(PostgresError) -> String {
        if let known = prepared[sql] { return known }
        if prepared.count >= Self.mostPrepared {
            prepared = [:]
            try exchange()
            guard PQsendQueryParams(handle, "DEALLOCATE ALL", 0, nil, nil, nil, nil, 0) == 1 else { throw failure() }
            pending.append(("DEALLOCATE ALL", false))
        }
        count += 1
        let name = "s\(count)"
        guard PQsendPrepare(handle, name, PostgresText.numbered(sql), 0, nil) == 1 else { throw failure() }
        pending.append((sql, true))
        prepared[sql] = name
        return name
    }

    /// Sends what waits, and takes all answers; returns that of the last statement. Throws the first failure among them.
    @discardableResult
    func exchange() throws(PostgresError) -> Answer {
        guard !pending.isEmpty else { return Answer() }
        let sent = pending
        pending = []
        guard PQpipelineSync(handle) == 1 else { throw failure() }
        let deadline = ContinuousClock.now + .seconds(settings.answerLimit)
        var (answer, failure): (Answer, PostgresError?) = (Answer(), nil)
        for item in sent {
            while let result = try result(until: deadline) {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                    guard !item.isPreparing else { continue }
                    answer = Answer(
                        rows: PostgresText.rows(result), count: Int(String(cString: PQcmdTuples(result))) ?? 0,
                        tag: String(cString: PQcmdStatus(result)))
                default:
                    if item.isPreparing { prepared[item.sql] = nil }
                    if PQresultStatus(result) != PGRES_PIPELINE_ABORTED { failure = failure ?? refusal(result) }
                }
            }
        }
        guard let end = try result(until: deadline) else { throw self.failure() }
        defer { PQclear(end) }
        guard PQresultStatus(end) == PGRES_PIPELINE_SYNC else { throw .lost(complaint) }
        if let failure { throw failure }
        return answer
    }

    /// Several statements without values, in the transaction that is open.
    func run(script: String) throws(PostgresError) {
        try exchange()
        guard PQexitPipelineMode(handle) == 1 else { throw failure() }
        // Tables of millions of rows may get an index.
        try simple(script, limit: settings.answerLimit * 100)
        guard PQenterPipelineMode(handle) == 1 else { throw failure() }
    }

    private func simple(_ script: String, limit: Double) throws(PostgresError) {
        guard PQsendQuery(handle, script) == 1 else { throw failure() }
        let deadline = ContinuousClock.now + .seconds(limit)
        var failure: PostgresError?
        while let result = try result(until: deadline) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
            default: failure = failure ?? refusal(result)
            }
        }
        if let failure {
            // The connection stays in order, and the transaction is undone.
            if PQstatus(handle) == CONNECTION_OK { PQenterPipelineMode(handle) }
            throw failure
        }
        guard PQstatus(handle) == CONNECTION_OK else { throw .lost(complaint) }
    }

    // MARK: The wire

    private func result(until deadline: ContinuousClock.Instant) throws(PostgresError) -> OpaquePointer? {
        try flush(until: deadline)
        while PQisBusy(handle) == 1 {
            try wait(Int16(POLLIN), until: deadline)
            guard PQconsumeInput(handle) == 1 else { throw failure() }
        }
        return PQgetResult(handle)
    }

    private func flush(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                // The server may wait for room for its own answers.
                try wait(Int16(POLLIN | POLLOUT), until: deadline)
                guard PQconsumeInput(handle) == 1 else { throw failure() }
            default: throw failure()
            }
        }
    }

    private func wait(_ events: Int16, until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            guard left > 0 else { throw .lost("the server has not answered within \(Int(settings.answerLimit)) s") }
            var entry = pollfd(fd: PQsocket(handle), events: events, revents: 0)
            guard entry.fd >= 0 else { throw .lost(complaint) }
            let code = poll(&entry, 1, Int32(min(left, 1000) + 1))
            if code > 0 { return }
            guard code == 0 || errno == EINTR else { throw .lost(String(cString: strerror(errno))) }
        }
    }

    /// What a call that failed without an answer means.
    private func failure() -> PostgresError { .lost(complaint) }

    private func refusal(_ result: OpaquePointer) -> PostgresError {
        let text = Self.line(
            PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) } ?? complaint)
        guard PQstatus(handle) == CONNECTION_OK,
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map({ String(cString: $0) })
        else { return .lost(redacted(text)) }
        // The server ends the connection after it.
        if ["57P01", "57P02", "57P05", "25P03"].contains(state) { return .lost(redacted(text)) }
        return .refused(state: state, text: redacted(text))
    }

    private var complaint: String {
        let text = Self.line(PQerrorMessage(handle).map { String(cString: $0) } ?? "")
        return text.isEmpty ? "the connection is gone" : redacted(text)
    }

    private func redacted(_ text: String) -> String {
        guard let password = settings.password?.text, !password.isEmpty else { return text }
        return text.replacing(password, with: KnownSecrets.mark)
    }

    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: "; ")
    }
}

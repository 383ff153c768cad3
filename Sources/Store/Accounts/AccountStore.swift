package import Domain
package import Foundation

/// Where accounts, their sessions and the audit log are kept: in the store of a site, or in the database of a centre. One code
/// for both; what changes an account is in the audit log, in the same transaction.
package protocol AccountStore: Sendable {
    /// Whether its accounts may be limited to a grid and to a department, besides an area.
    var hasNarrowAccounts: Bool { get }
    /// Runs `body` on one state of the tables. Blocks.
    ///
    /// - Parameter operation: what cannot be done where it fails, e.g. "read the accounts".
    func readAccounts<Result>(_ operation: String, _ body: (any SQLConnection) throws -> Result) throws -> Result
    /// Runs `body` in one transaction. Blocks.
    func writeAccounts<Result>(_ operation: String, _ body: (any SQLConnection) throws -> Result) throws -> Result
}

/// What a code is good for.
package enum CodeUse: Sendable, Hashable {
    case firstAdministrator
    case password(of: String)
}

extension AccountStore {
    /// Of `console_users`, in the order in which `account` takes them.
    private var columns: String {
        let narrow = hasNarrowAccounts ? "u.grid, u.department" : "NULL, NULL"
        return "u.name, u.role, u.area, u.salt, u.key, u.cost, u.created, \(narrow)"
    }

    private func read(_ row: SQLRow) throws -> Account {
        guard let role = Account.Role(rawValue: row.name(1)) else {
            throw SQLFault(
                operation: "read an account", cause: "it has the unknown role \(row.name(1))",
                remedy: "a later version of gridwarden has written it: install that version again")
        }
        return Account(
            name: row.name(0), role: role, area: try row.text(2).map { try AreaCode($0) }, grid: row.text(7),
            department: row.text(8), hasPassword: row.bytes(4) != nil,
            created: Date(timeIntervalSince1970: row.real(6) ?? 0))
    }

    package func accounts() throws -> [Account] {
        try readAccounts("read the accounts") { db in
            try db.rows("SELECT \(columns) FROM console_users u ORDER BY u.name").map(read)
        }
    }

    /// Nil where there is none of that name.
    package func account(_ name: String) throws -> (account: Account, password: PasswordKey?)? {
        try readAccounts("read an account") { db in
            guard let row = try userRow(name, db) else { return nil }
            guard let salt = row.bytes(3), let key = row.bytes(4), let cost = row.integer(5) else {
                return (try read(row), nil)
            }
            return (try read(row), PasswordKey(salt: salt, key: key, cost: Int(cost)))
        }
    }

    private func userRow(_ name: String, _ db: any SQLConnection) throws -> SQLRow? {
        try db.row("SELECT \(columns) FROM console_users u WHERE u.name = ?", [.text(name)])
    }

    private func known(_ name: String, _ db: any SQLConnection) throws -> Account? {
        try userRow(name, db).map(read)
    }

    /// Adds an account without a password.
    ///
    /// - Parameter address: of who adds it; empty for the box itself.
    package func add(_ account: Account, by: String, from address: String = "", at date: Date) throws -> AccountChange {
        try writeAccounts("write account \(account.name)") { db in
            guard try known(account.name, db) == nil else { return .knownAccount }
            try db.execute(
                "INSERT INTO console_users (name, role, area, created) VALUES (?, ?, ?, ?)",
                [
                    .text(account.name), .text(account.role.rawValue), .maybe(account.area.map(Self.text)),
                    .real(date.timeIntervalSince1970),
                ])
            try narrow(account, db)
            try audit(account, "added", by: by, from: address, at: date, db)
            return .done
        }
    }

    /// Changes role and limits of an account, whose sessions and tokens then end.
    package func change(
        _ name: String, to role: Account.Role, area: AreaCode?, grid: String? = nil, department: String? = nil,
        by: String, from address: String = "", at date: Date
    ) throws -> AccountChange {
        try writeAccounts("write account \(name)") { db in
            guard let old = try known(name, db) else { return .unknownAccount }
            guard try role == .admin || !isLastAdministrator(old, db) else { return .lastAdministrator }
            let account = Account(
                name: name, role: role, area: area, grid: grid, department: department, created: old.created)
            try db.execute(
                "UPDATE console_users SET role = ?, area = ? WHERE name = ?",
                [.text(role.rawValue), .maybe(area.map(Self.text)), .text(name)])
            try narrow(account, db)
            try db.execute("DELETE FROM console_sessions WHERE \"user\" = ?", [.text(name)])
            try audit(account, "changed", by: by, from: address, at: date, db)
            return .done
        }
    }

    private func narrow(_ account: Account, _ db: any SQLConnection) throws {
        guard hasNarrowAccounts else { return }
        try db.execute(
            "UPDATE console_users SET grid = ?, department = ? WHERE name = ?",
            [.maybe(account.grid), .maybe(account.department), .text(account.name)])
    }

    /// Whether nobody else has a password and may let others in. One without a password is none yet.
    private func isLastAdministrator(_ account: Account, _ db: any SQLConnection) throws -> Bool {
        guard account.role == .admin, account.hasPassword else { return false }
        let others = try db.row(
            "SELECT COUNT(*) FROM console_users WHERE role = 'admin' AND key IS NOT NULL AND name <> ?",
            [.text(account.name)])
        return others?.count(0) == 0
    }

    private func audit(
        _ account: Account, _ what: String, by: String, from address: String, at date: Date, _ db: any SQLConnection
    ) throws {
        var facts = ["account": account.name, "role": account.role.rawValue, "what": what]
        facts["area"] = account.area.map(Self.text)
        (facts["grid"], facts["department"]) = (account.grid, account.department)
        try AuditLog.add(.accountChanged, by: by, facts: facts.from(address), at: date, db)
    }

    /// Sets a password; all sessions of the account end, and so do its codes.
    package func set(
        _ password: PasswordKey, of name: String, by: String, from address: String = "", at date: Date
    ) throws {
        try writeAccounts("write a password") { db in
            try db.execute(
                "UPDATE console_users SET salt = ?, key = ?, cost = ? WHERE name = ?",
                [.bytes(password.salt), .bytes(password.key), .count(password.cost), .text(name)])
            try db.execute("DELETE FROM console_sessions WHERE \"user\" = ? AND kind = 'session'", [.text(name)])
            try db.execute("DELETE FROM console_codes WHERE \"user\" = ?", [.text(name)])
            let facts = ["account": name, "what": "password"].from(address)
            try AuditLog.add(.accountChanged, by: by, facts: facts, at: date, db)
        }
    }

    /// Removes an account with its sessions, tokens and codes.
    package func remove(
        account name: String, by: String, from address: String = "", at date: Date
    ) throws -> AccountChange {
        try writeAccounts("remove account \(name)") { db in
            guard let old = try known(name, db) else { return .unknownAccount }
            guard try !isLastAdministrator(old, db) else { return .lastAdministrator }
            try db.execute("DELETE FROM console_users WHERE name = ?", [.text(name)])
            let facts = ["account": name, "what": "removed"].from(address)
            try AuditLog.add(.accountChanged, by: by, facts: facts, at: date, db)
            return .done
        }
    }

    /// Keeps a one-time code by its hash, in place of those that the account had.
    ///
    /// - Parameters:
    ///   - user: nil for the first administrator.
    ///   - by: who asked for it; empty for the box itself.
    package func issue(
        code hash: String, of user: String?, tries: Int, expires: Date, by: String = "", from address: String = "",
        at date: Date
    ) throws {
        try writeAccounts("write a code") { db in
            if let user {
                try db.execute("DELETE FROM console_codes WHERE \"user\" = ?", [.text(user)])
            } else {
                try db.execute("DELETE FROM console_codes WHERE \"user\" IS NULL")
            }
            try db.execute("DELETE FROM console_codes WHERE expires < ?", [.real(date.timeIntervalSince1970)])
            try db.execute(
                "INSERT INTO console_codes (hash, \"user\", expires, tries) VALUES (?, ?, ?, ?)",
                [.text(hash), .maybe(user), .real(expires.timeIntervalSince1970), .count(tries)])
            let facts = ["account": user ?? "", "what": "code"].from(address)
            try AuditLog.add(.accountChanged, by: by, facts: facts, at: date, db)
        }
    }

    /// What a code is good for, which is then used up; nil for a wrong or old one, which costs each code that it could
    /// have been one of its tries.
    package func use(code hash: String, for user: String, at date: Date) throws -> CodeUse? {
        try writeAccounts("check a code") { db in
            let row = try db.row(
                """
                SELECT "user" FROM console_codes \
                WHERE hash = ? AND expires >= ? AND tries > 0 AND ("user" IS NULL OR "user" = ?)
                """, [.text(hash), .real(date.timeIntervalSince1970), .text(user)])
            guard let row else {
                try db.execute(
                    "UPDATE console_codes SET tries = tries - 1 WHERE \"user\" IS NULL OR \"user\" = ?", [.text(user)])
                return nil
            }
            try db.execute("DELETE FROM console_codes WHERE hash = ?", [.text(hash)])
            return row.text(0).map(CodeUse.password) ?? .firstAdministrator
        }
    }

    private static func text(_ area: AreaCode) -> String { area.segment(area.level) }

    // MARK: Sessions

    /// A session or token, known by the SHA-256 of what the browser or the program has.
    ///
    /// - Parameter by: who has it made; nil is the account itself.
    package func open(
        session hash: String, _ kind: AccountSession.Kind, of user: String, expires: Date, address: String,
        by: String? = nil, at date: Date
    ) throws {
        try writeAccounts("write a session") { db in
            let now = date.timeIntervalSince1970
            try db.execute(
                "DELETE FROM console_sessions WHERE expires < ? OR kind = 'session' AND seen < ?",
                [.real(now), .real(now - SessionRules.longestIdle)])
            let others = try db.rows(
                "SELECT hash FROM console_sessions WHERE \"user\" = ? AND kind = ? ORDER BY created DESC, hash",
                [.text(user), .text(kind.rawValue)])
            for row in others.dropFirst(SessionRules.most - 1) {
                try db.execute("DELETE FROM console_sessions WHERE hash = ?", [.text(row.name(0))])
            }
            try db.execute(
                """
                INSERT INTO console_sessions (hash, "user", kind, created, seen, expires, address) \
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(hash), .text(user), .text(kind.rawValue), .real(now), .real(now),
                    .real(expires.timeIntervalSince1970), .text(address),
                ])
            var facts = ["address": address, "kind": kind.rawValue]
            if by != nil { facts["account"] = user }
            try AuditLog.add(.sessionOpened, by: by ?? user, facts: facts, at: date, db)
        }
    }

    /// Nil where there is none, or where it has ended.
    package func session(_ hash: String, at date: Date) throws -> AccountSession? {
        let now = date.timeIntervalSince1970
        let found: (session: AccountSession, seen: Double)? = try readAccounts("read a session") { db in
            let row = try db.row(
                """
                SELECT \(columns), s.kind, s.seen, s.expires FROM console_sessions s \
                JOIN console_users u ON u.name = s."user" WHERE s.hash = ? AND s.expires >= ?
                """, [.text(hash), .real(now)])
            guard let row, let kind = AccountSession.Kind(rawValue: row.name(9)) else { return nil }
            let session = AccountSession(
                account: try read(row), kind: kind, expires: Date(timeIntervalSince1970: row.real(11) ?? 0))
            return (session, row.real(10) ?? 0)
        }
        guard let found else { return nil }
        let rest = now - found.seen
        guard found.session.kind == .token || rest <= SessionRules.longestIdle else { return nil }
        // Not with each request: this is a write.
        if rest > 300 {
            _ = try writeAccounts("write a session") { db in
                try db.execute("UPDATE console_sessions SET seen = ? WHERE hash = ?", [.real(now), .text(hash)])
            }
        }
        return found.session
    }

    /// Signs out.
    package func end(session hash: String, from address: String, at date: Date) throws {
        try writeAccounts("end a session") { db in
            let row = try db.row("SELECT \"user\" FROM console_sessions WHERE hash = ?", [.text(hash)])
            guard let user = row?.text(0) else { return }
            try db.execute("DELETE FROM console_sessions WHERE hash = ?", [.text(hash)])
            try AuditLog.add(.sessionClosed, by: user, facts: ([:] as [String: String]).from(address), at: date, db)
        }
    }

    /// The sessions and tokens that are open, newest first.
    ///
    /// - Parameter user: nil for those of all accounts.
    package func sessions(of user: String? = nil, at date: Date) throws -> [SessionRow] {
        try readAccounts("read the sessions") { db in
            let now = date.timeIntervalSince1970
            let condition = user == nil ? "" : "\"user\" = ? AND "
            return try db.rows(
                """
                SELECT hash, "user", kind, created, seen, expires, address FROM console_sessions \
                WHERE \(condition)expires >= ? AND (kind = 'token' OR seen >= ?) ORDER BY created DESC, hash
                """, (user.map { [.text($0)] } ?? []) + [.real(now), .real(now - SessionRules.longestIdle)]
            ).compactMap { row in
                guard let kind = AccountSession.Kind(rawValue: row.name(2)) else { return nil }
                func date(_ column: Int) -> Date { Date(timeIntervalSince1970: row.real(column) ?? 0) }
                return SessionRow(
                    id: SessionRules.name(of: row.name(0)), user: row.name(1), kind: kind, created: date(3),
                    seen: date(4), expires: date(5), address: row.name(6))
            }
        }
    }

    /// Ends one session or token of an account by its name in a list; false where there is none.
    package func end(
        sessionNamed id: String, of user: String, by: String, from address: String, at date: Date
    ) throws -> Bool {
        try writeAccounts("end a session") { db in
            let count = try db.execute(
                "DELETE FROM console_sessions WHERE \"user\" = ? AND substr(hash, 1, 16) = ?", [.text(user), .text(id)])
            guard count > 0 else { return false }
            let facts = ["account": user, "session": id].from(address)
            try AuditLog.add(.sessionClosed, by: by, facts: facts, at: date, db)
            return true
        }
    }

    /// Ends all sessions and tokens of an account; returns their number.
    ///
    /// - Parameter kept: the hash of one that stays, and with it all tokens: somebody signs out everywhere else.
    @discardableResult
    package func endSessions(
        of user: String, except kept: String? = nil, by: String, from address: String = "", at date: Date
    ) throws -> Int {
        try writeAccounts("end the sessions of \(user)") { db in
            let condition = kept == nil ? "" : " AND kind = 'session' AND hash <> ?"
            let count = try db.execute(
                "DELETE FROM console_sessions WHERE \"user\" = ?\(condition)",
                [.text(user)] + (kept.map { [.text($0)] } ?? []))
            guard count > 0 else { return 0 }
            let facts = ["account": user, "sessions": "\(count)"].from(address)
            try AuditLog.add(.sessionClosed, by: by, facts: facts, at: date, db)
            return count
        }
    }

    // MARK: Audit log

    /// Adds an entry to the log.
    package func audit(
        _ event: AuditEntry.Event, by: String = "", facts: [String: String], at date: Date
    ) throws {
        try writeAccounts("write to the audit log") { try AuditLog.add(event, by: by, facts: facts, at: date, $0) }
    }

    /// Checks the next entries, so that nobody waits for the whole log. Throws an `AuditChain.Break` where it differs from what
    /// was written.
    ///
    /// - Parameter last: the end of the part before; nil, or one that is not kept any more, begins at the oldest entry.
    package func verifyAudit(after last: AuditChain.Anchor?, limit: Int) throws -> AuditPart {
        try readAccounts("read the audit log") { try AuditLog.verify(after: last, limit: limit, $0) }
    }

    /// The entries of a filter, newest first.
    ///
    /// - Parameter number: only those before it.
    package func auditLines(_ filter: AuditFilter, before number: Int64? = nil, limit: Int) throws -> [AuditLine] {
        try readAccounts("read the audit log") { try AuditLog.lines(filter, before: number, limit: limit, $0) }
    }
}

/// How long sessions last, and how they are named.
package enum SessionRules {
    /// How long a session may rest, in seconds.
    package static let longestIdle = 43_200.0
    /// Of one account; beyond this number the oldest end.
    static let most = 20

    /// By which a list names a session.
    package static func name(of hash: String) -> String { String(hash.prefix(16)) }
}

extension [String: String] {
    /// With the address of who did it, where there is one.
    func from(_ address: String) -> [String: String] {
        address.isEmpty ? self : merging(["address": address]) { known, _ in known }
    }
}

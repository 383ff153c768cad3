import Domain
package import Foundation
import GRDB

/// The accounts of the console. What changes one is in the audit log, in the same transaction.
extension Outbox {
    package func accounts() throws(OutboxError) -> [Account] {
        try Self.explaining("read the accounts") {
            try pool.read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM console_users ORDER BY name").map(Self.account)
            }
        }
    }

    /// Nil where there is none of that name.
    package func account(_ name: String) throws(OutboxError) -> (account: Account, password: PasswordKey?)? {
        try Self.explaining("read an account") {
            try pool.read { db in
                let sql = "SELECT * FROM console_users WHERE name = ?"
                guard let row = try Row.fetchOne(db, sql: sql, arguments: [name]) else { return nil }
                let (salt, key, cost): (Data?, Data?, Int?) = (row["salt"], row["key"], row["cost"])
                guard let salt, let key, let cost else { return (try Self.account(row), nil) }
                return (try Self.account(row), PasswordKey(salt: Array(salt), key: Array(key), cost: cost))
            }
        }
    }

    /// Adds an account, or changes role and area of one, whose sessions then end.
    package func save(_ account: Account, by: String, at date: Date) throws(OutboxError) {
        try Self.explaining("write account \(account.name)") {
            try pool.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO console_users (name, role, area, created) VALUES (?, ?, ?, ?)
                        ON CONFLICT (name) DO UPDATE SET role = excluded.role, area = excluded.area
                        """,
                    arguments: [
                        account.name, account.role.rawValue, account.area.map(Self.text),
                        date.timeIntervalSince1970,
                    ])
                try db.execute(sql: "DELETE FROM console_sessions WHERE user = ?", arguments: [account.name])
                var facts = ["account": account.name, "role": account.role.rawValue]
                facts["area"] = account.area.map(Self.text)
                try Self.audit(.accountChanged, by: by, facts: facts, at: date, db)
            }
        }
    }

    /// Sets a password; all sessions of the account end, and so do its codes.
    package func set(_ password: PasswordKey, of name: String, by: String, at date: Date) throws(OutboxError) {
        try Self.explaining("write a password") {
            try pool.write { db in
                try db.execute(
                    sql: "UPDATE console_users SET salt = ?, key = ?, cost = ? WHERE name = ?",
                    arguments: [Data(password.salt), Data(password.key), password.cost, name])
                try db.execute(
                    sql: "DELETE FROM console_sessions WHERE user = ? AND kind = 'session'", arguments: [name])
                try db.execute(sql: "DELETE FROM console_codes WHERE user = ?", arguments: [name])
                try Self.audit(
                    .accountChanged, by: by, facts: ["account": name, "what": "password"], at: date, db)
            }
        }
    }

    /// Removes an account with its sessions; false where there is none of that name.
    package func remove(account name: String, by: String, at date: Date) throws(OutboxError) -> Bool {
        try Self.explaining("remove account \(name)") {
            try pool.write { db in
                try db.execute(sql: "DELETE FROM console_users WHERE name = ?", arguments: [name])
                guard db.changesCount > 0 else { return false }
                try Self.audit(.accountChanged, by: by, facts: ["account": name, "what": "removed"], at: date, db)
                return true
            }
        }
    }

    /// Keeps a one-time code by its hash, in place of those that the account had.
    ///
    /// - Parameter user: nil for the first administrator.
    package func issue(
        code hash: String, of user: String?, tries: Int, expires: Date, at date: Date
    ) throws(OutboxError) {
        try Self.explaining("write a code") {
            try pool.write { db in
                try db.execute(
                    sql: "DELETE FROM console_codes WHERE user IS ? OR expires < ?",
                    arguments: [user, date.timeIntervalSince1970])
                try db.execute(
                    sql: "INSERT INTO console_codes VALUES (?, ?, ?, ?)",
                    arguments: [hash, user, expires.timeIntervalSince1970, tries])
                try Self.audit(
                    .accountChanged, by: "", facts: ["account": user ?? "", "what": "code"], at: date, db)
            }
        }
    }

    /// What a code is good for.
    package enum CodeUse: Sendable, Hashable {
        case firstAdministrator
        case password(of: String)
    }

    /// What a code is good for, which is then used up; nil for a wrong or old one, which costs each code that it could
    /// have been one of its tries.
    package func use(code hash: String, for user: String, at date: Date) throws(OutboxError) -> CodeUse? {
        try Self.explaining("check a code") {
            try pool.write { db in
                let now = date.timeIntervalSince1970
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT user FROM console_codes \
                        WHERE hash = ? AND expires >= ? AND tries > 0 AND (user IS NULL OR user = ?)
                        """, arguments: [hash, now, user])
                guard let row else {
                    try db.execute(
                        sql: "UPDATE console_codes SET tries = tries - 1 WHERE user IS NULL OR user = ?",
                        arguments: [user])
                    return nil
                }
                try db.execute(sql: "DELETE FROM console_codes WHERE hash = ?", arguments: [hash])
                let owner: String? = row[0]
                return owner.map(CodeUse.password) ?? .firstAdministrator
            }
        }
    }

    private static func text(_ area: AreaCode) -> String { String(area.digits.prefix(area.level.rawValue)) }

    static func account(_ row: Row) throws -> Account {
        let (name, role, area, key): (String, String, String?, Data?) = (
            row["name"], row["role"], row["area"], row["key"]
        )
        guard let role = Account.Role(rawValue: role) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an account of an unknown role")
        }
        return Account(
            name: name, role: role, area: try area.map { try AreaCode($0) }, hasPassword: key != nil,
            created: Date(timeIntervalSince1970: row["created"]))
    }
}

package import Foundation
import GRDB

/// The sessions of the console, known by the SHA-256 of what the browser has.
extension Outbox {
    /// How long a session may rest, in seconds.
    package static let longestIdle = 43_200.0
    /// Of one account; beyond this number the oldest end.
    private static let mostSessions = 20

    package func open(
        session hash: String, _ kind: AccountSession.Kind, of user: String, expires: Date, address: String,
        at date: Date
    ) throws(OutboxError) {
        try Self.explaining("write a session") {
            try pool.write { db in
                let now = date.timeIntervalSince1970
                try db.execute(
                    sql: "DELETE FROM console_sessions WHERE expires < ?1 OR kind = 'session' AND seen < ?1 - ?2",
                    arguments: [now, Self.longestIdle])
                try db.execute(
                    sql: """
                        DELETE FROM console_sessions WHERE hash IN (SELECT hash FROM console_sessions \
                        WHERE user = ? AND kind = ? ORDER BY created DESC, hash LIMIT -1 OFFSET ?)
                        """, arguments: [user, kind.rawValue, Self.mostSessions - 1])
                try db.execute(
                    sql: "INSERT INTO console_sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        hash, user, kind.rawValue, now, now, expires.timeIntervalSince1970, address,
                    ])
                try Self.audit(
                    .sessionOpened, by: user, facts: ["address": address, "kind": kind.rawValue], at: date, db)
            }
        }
    }

    /// Nil where there is none, or where it has ended.
    package func session(_ hash: String, at date: Date) throws(OutboxError) -> AccountSession? {
        try Self.explaining("read a session") {
            let now = date.timeIntervalSince1970
            let found: (session: AccountSession, seen: Double)? = try pool.read { db in
                let sql = """
                    SELECT u.*, s.kind AS session_kind, s.seen AS session_seen, s.expires AS session_expires \
                    FROM console_sessions s JOIN console_users u ON u.name = s.user WHERE s.hash = ? AND s.expires >= ?
                    """
                guard let row = try Row.fetchOne(db, sql: sql, arguments: [hash, now]),
                    let kind = AccountSession.Kind(rawValue: row["session_kind"])
                else { return nil }
                let session = AccountSession(
                    account: try Self.account(row), kind: kind,
                    expires: Date(timeIntervalSince1970: row["session_expires"]))
                return (session, row["session_seen"])
            }
            guard let found else { return nil }
            let rest = now - found.seen
            guard found.session.kind == .token || rest <= Self.longestIdle else { return nil }
            // Not with each request: this is a write.
            if rest > 300 {
                try pool.write {
                    try $0.execute(
                        sql: "UPDATE console_sessions SET seen = ? WHERE hash = ?", arguments: [now, hash])
                }
            }
            return found.session
        }
    }

    package func end(session hash: String, at date: Date) throws(OutboxError) {
        try Self.explaining("end a session") {
            try pool.write {
                try $0.execute(sql: "DELETE FROM console_sessions WHERE hash = ?", arguments: [hash])
            }
        }
    }

    /// Ends all sessions and tokens of an account.
    package func endSessions(of user: String) throws(OutboxError) {
        try Self.explaining("end the sessions of \(user)") {
            try pool.write {
                try $0.execute(sql: "DELETE FROM console_sessions WHERE user = ?", arguments: [user])
            }
        }
    }
}

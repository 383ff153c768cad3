import Contract
package import Domain
package import Foundation
import Hashing
package import Store

/// Accounts from the command line of the box, over the status socket: who may open it is root or of the service's group.
/// Codes are shown once and kept by their hash; no password passes here.
package struct AccountDesk: Sendable {
    private static let codeLetters = 20
    private static let codeTries = 5
    /// Seconds: the first administrator sits at the box; others get their code from somebody.
    private static let (setupLife, codeLife) = (1800.0, 86_400.0)
    private static let mostDays = 3650

    /// What the command prints.
    package struct Answer: Codable, Sendable, Hashable {
        package struct Row: Codable, Sendable, Hashable {
            package let name: String
            package let role: String
            package let area: String?
            package let hasPassword: Bool
        }

        package var code: String?
        package var token: String?
        /// RFC 3339.
        package var expires: String?
        package var accounts: [Row]?
        /// Why it was not done.
        package var refused: String?

        package static func refusal(_ why: String) -> Answer { Answer(refused: why) }
    }

    private let outbox: Outbox
    private let site: SiteIdentity
    private let now: @Sendable () -> Date

    package init(_ outbox: Outbox, site: SiteIdentity, now: @escaping @Sendable () -> Date = { Date() }) {
        (self.outbox, self.site, self.now) = (outbox, site, now)
    }

    /// Does what a path asks for; nil for one that is none of its own. Blocks for the disk.
    ///
    /// - Parameter path: `/console/` and: `users`, `setup`, `add/NAME/ROLE[/AREA]`, `reset/NAME`, `remove/NAME`,
    ///   `token/NAME/DAYS`; the parts are percent-encoded.
    package func answer(_ path: String) -> Answer? {
        let parts = path.split(separator: "/").map { $0.removingPercentEncoding ?? "" }
        guard parts.first == "console", parts.count >= 2 else { return nil }
        do {
            switch (parts[1], parts.count) {
            case ("users", 2): return try list()
            case ("setup", 2): return try setup()
            case ("add", 4), ("add", 5): return try add(parts[2], parts[3], parts.count > 4 ? parts[4] : nil)
            case ("reset", 3): return try reset(parts[2])
            case ("remove", 3): return try remove(parts[2])
            case ("token", 4): return try token(parts[2], parts[3])
            default: return nil
            }
        } catch { return Answer(refused: "\(error)") }
    }

    private func list() throws -> Answer {
        Answer(
            accounts: try outbox.accounts().map {
                .init(
                    name: $0.name, role: $0.role.rawValue, area: $0.area.map { $0.segment($0.level) },
                    hasPassword: $0.hasPassword)
            })
    }

    private func setup() throws -> Answer {
        guard try !outbox.accounts().contains(where: { $0.role == .admin && $0.hasPassword }) else {
            return Answer(refused: "there is an administrator already: use users add, or users reset NAME")
        }
        return try code(of: nil, for: Self.setupLife)
    }

    private func add(_ name: String, _ role: String, _ area: String?) throws -> Answer {
        guard Account.isName(name) else {
            return Answer(refused: "a name has 1 to 64 letters, digits, dots, hyphens and underscores")
        }
        guard let role = Account.Role(rawValue: role) else {
            return Answer(
                refused: "a role is one of " + Account.Role.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard try outbox.account(name) == nil else { return Answer(refused: "there is an account \(name) already") }
        try outbox.save(
            Account(name: name, role: role, area: try area.map { try AreaCode($0) }, created: now()), by: "", at: now())
        return try code(of: name, for: Self.codeLife)
    }

    /// The old password does not open it any more once the new one is set; its sessions end now.
    private func reset(_ name: String) throws -> Answer {
        guard try outbox.account(name) != nil else { return Self.unknown(name) }
        try outbox.endSessions(of: name)
        return try code(of: name, for: Self.codeLife)
    }

    private func remove(_ name: String) throws -> Answer {
        let others = try outbox.accounts().filter { $0.name != name }
        guard try outbox.account(name)?.account.role != .admin || others.contains(where: { $0.role == .admin }) else {
            return Answer(refused: "\(name) is the last administrator: add another one first")
        }
        return try outbox.remove(account: name, by: "", at: now()) ? Answer() : Self.unknown(name)
    }

    private func token(_ name: String, _ days: String) throws -> Answer {
        guard try outbox.account(name) != nil else { return Self.unknown(name) }
        guard let days = Int(days), (1...Self.mostDays).contains(days) else {
            return Answer(refused: "days are a whole number from 1 to \(Self.mostDays)")
        }
        let (token, expires) = (Secrets.token(), now().addingTimeInterval(Double(days) * 86_400))
        try outbox.open(
            session: try SHA256.hex(Array(token.utf8)), .token, of: name, expires: expires, address: "", at: now())
        return Answer(token: token, expires: text(expires))
    }

    private func code(of user: String?, for seconds: Double) throws -> Answer {
        let (code, expires) = (Secrets.code(Self.codeLetters), now().addingTimeInterval(seconds))
        try outbox.issue(
            code: try SHA256.hex(Array(code.utf8)), of: user, tries: Self.codeTries, expires: expires, at: now())
        return Answer(code: code, expires: text(expires))
    }

    private func text(_ date: Date) -> String { RFC3339.string(from: date, in: site.timeZone) }
    private static func unknown(_ name: String) -> Answer { Answer(refused: "there is no account \(name)") }
}

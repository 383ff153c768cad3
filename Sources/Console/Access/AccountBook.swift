import Domain
import Foundation
import HTTPTypes
import Hashing
import Store

/// Who asks for a change, as the audit log has it.
struct Requester: Sendable {
    /// Empty for the box itself.
    let name: String
    let address: String

    static let box = Requester(name: "", address: "")
}

/// What is done to accounts, whoever asks for it: the command line of the box, or an administrator on the page. Codes and
/// tokens are given out once and kept by their hash; no password passes here. Blocks for the disk.
struct AccountBook: Sendable {
    private static let codeLetters = 20
    private static let codeTries = 5
    /// Seconds: the first administrator sits at the box; others get their code from somebody.
    private static let (setupLife, codeLife) = (1800.0, 86_400.0)
    static let mostDays = 3650
    private static let mostAccounts = 1000

    /// What an account may, and in which part of the whole; empty is no limit.
    struct Rights: Sendable, Decodable {
        let role: String
        var area: String?
        var grid: String?
        var department: String?
    }

    /// A code or a token, and until when it is good for something.
    struct Issued: Sendable {
        let secret: String
        let expires: Date
    }

    private let store: any AccountStore
    private let roles: [Account.Role]
    private let command: String
    private let now: @Sendable () -> Date

    init(_ store: any AccountStore, _ rules: AccessDesk.Rules, now: @escaping @Sendable () -> Date) {
        (self.store, roles, command, self.now) = (store, rules.roles, rules.command, now)
    }

    /// A code for the first administrator.
    func setUp(_ requester: Requester) throws -> Issued {
        guard try !store.accounts().contains(where: { $0.role == .admin && $0.hasPassword }) else {
            throw AccountRefusal.isSetUp(command)
        }
        return try code(of: nil, for: Self.setupLife, requester)
    }

    /// Adds an account, and returns the code with which its owner chooses a password.
    func add(_ name: String, _ rights: Rights, _ requester: Requester) throws -> Issued {
        guard Account.isName(name) else { throw AccountRefusal.name }
        let account = try account(name, rights)
        guard try store.accounts().count < Self.mostAccounts else { throw AccountRefusal.tooMany }
        try check(store.add(account, by: requester.name, from: requester.address, at: now()), name)
        return try code(of: name, for: Self.codeLife, requester)
    }

    func change(_ name: String, _ rights: Rights, _ requester: Requester) throws {
        let account = try account(name, rights)
        try check(
            store.change(
                name, to: account.role, area: account.area, grid: account.grid, department: account.department,
                by: requester.name, from: requester.address, at: now()), name)
    }

    /// Ends all sessions and tokens now, and returns a code for another password. The old password opens it until then.
    func reset(_ name: String, _ requester: Requester) throws -> Issued {
        guard try store.account(name) != nil else { throw AccountRefusal.unknown(name) }
        try store.endSessions(of: name, by: requester.name, from: requester.address, at: now())
        return try code(of: name, for: Self.codeLife, requester)
    }

    func remove(_ name: String, _ requester: Requester) throws {
        try check(store.remove(account: name, by: requester.name, from: requester.address, at: now()), name)
    }

    func token(of name: String, days: Int?, _ requester: Requester) throws -> Issued {
        guard try store.account(name) != nil else { throw AccountRefusal.unknown(name) }
        guard let days, (1...Self.mostDays).contains(days) else { throw AccountRefusal.days }
        let (token, expires) = (Secrets.token(), now().addingTimeInterval(Double(days) * 86_400))
        try store.open(
            session: try SHA256.hex(Array(token.utf8)), .token, of: name, expires: expires,
            address: requester.address, by: requester.name, at: now())
        return Issued(secret: token, expires: expires)
    }

    private func account(_ name: String, _ rights: Rights) throws -> Account {
        guard let role = Account.Role(rawValue: rights.role), roles.contains(role) else {
            throw AccountRefusal.role(roles)
        }
        func given(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
        let (area, grid, department) = (given(rights.area), given(rights.grid), given(rights.department))
        var code: AreaCode?
        if let area { do { code = try AreaCode(area) } catch { throw AccountRefusal.area(error) } }
        // Who lets others in for everywhere is not limited himself.
        guard role != .admin || area == nil && grid == nil && department == nil else {
            throw AccountRefusal.administratorWithArea
        }
        guard store.hasNarrowAccounts || grid == nil && department == nil else { throw AccountRefusal.narrow }
        guard grid == nil || code?.level == .village && Self.isSlug(grid) else { throw AccountRefusal.grid }
        guard department == nil || Self.isSlug(department) else { throw AccountRefusal.department }
        return Account(name: name, role: role, area: code, grid: grid, department: department, created: now())
    }

    private static func isSlug(_ text: String?) -> Bool {
        (1...64).contains(text?.utf8.count ?? 0)
            && text?.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 } ?? false
    }

    private func code(of user: String?, for seconds: Double, _ requester: Requester) throws -> Issued {
        let (code, expires) = (Secrets.code(Self.codeLetters), now().addingTimeInterval(seconds))
        try store.issue(
            code: try SHA256.hex(Array(code.utf8)), of: user, tries: Self.codeTries, expires: expires,
            by: requester.name, from: requester.address, at: now())
        return Issued(secret: code, expires: expires)
    }

    private func check(_ change: AccountChange, _ name: String) throws {
        switch change {
        case .done: return
        case .knownAccount: throw AccountRefusal.known(name)
        case .unknownAccount: throw AccountRefusal.unknown(name)
        case .lastAdministrator: throw AccountRefusal.lastAdministrator(name)
        }
    }
}

/// Why nothing was done to an account, in both languages.
enum AccountRefusal: Error {
    case isSetUp(String)
    case name
    case role([Account.Role])
    case narrow
    case grid
    case department
    case area(AreaCode.Malformed)
    case administratorWithArea
    case days
    case tooMany
    case known(String)
    case unknown(String)
    case lastAdministrator(String)

    var fault: Fault {
        switch self {
        case .isSetUp(let command):
            Fault(
                .conflict, "users_exist", zh: "已有管理员；请用 \(command) add 或 reset 名称。",
                en: "there is an administrator already: use users add, or users reset NAME")
        case .name:
            Fault(
                .unprocessableContent, "name", zh: "账号为 1 至 64 个字母、数字、点、横线或下划线。",
                en: "An account is 1 to 64 letters, digits, dots, hyphens or underscores.")
        case .role(let roles):
            Fault(
                .unprocessableContent, "role_unknown",
                zh: "角色为 " + roles.map(\.rawValue).joined(separator: "、") + " 之一。",
                en: "A role is one of " + roles.map(\.rawValue).joined(separator: ", ") + ".")
        case .narrow:
            Fault(
                .unprocessableContent, "narrow", zh: "此处的账号只能限定区划。",
                en: "An account is limited to an area here, and to nothing else.")
        case .grid:
            Fault(
                .unprocessableContent, "grid", zh: "网格须与 12 位区划代码同时填写，由小写字母、数字和横线组成。",
                en: "A grid is lower-case letters, digits and hyphens, with the 12 digits of its village as area.")
        case .department:
            Fault(
                .unprocessableContent, "department", zh: "部门由小写字母、数字和横线组成。",
                en: "A department is lower-case letters, digits and hyphens.")
        case .area(let malformed):
            Fault(
                .unprocessableContent, "area", zh: "区划代码为 2、4、6、9 或 12 位数字。", en: "\(malformed)")
        case .administratorWithArea:
            Fault(
                .unprocessableContent, "area", zh: "管理员不能限定区划。",
                en: "An administrator is not limited to an area.")
        case .days:
            Fault(
                .unprocessableContent, "days", zh: "天数为 1 至 \(AccountBook.mostDays) 的整数。",
                en: "Days are a whole number from 1 to \(AccountBook.mostDays).")
        case .tooMany: Fault(.conflict, "too_many_users", zh: "账号数量已达上限。", en: "There are too many accounts.")
        case .known(let name):
            Fault(.conflict, "user_exists", zh: "已有账号 \(name)。", en: "There is an account \(name) already.")
        case .unknown(let name):
            Fault(.notFound, "unknown_user", zh: "没有账号 \(name)。", en: "There is no account \(name).")
        case .lastAdministrator(let name):
            Fault(
                .conflict, "last_administrator", zh: "\(name) 是最后一位管理员；请先添加另一位，并由其设定口令。",
                en: "\(name) is the last administrator: add another one first, who chooses a password.")
        }
    }
}

import Domain
import Foundation
import HTTPTypes
import Hashing
import Store
import Synchronization

/// Who comes in: passwords, one-time codes, and what is made of them.
final class SignIn: Sendable {
    /// Seconds for which a session lasts.
    static let longest = 604_800.0

    /// What a browser gets.
    struct Opened: Sendable {
        let token: String
        let account: Account
        let expires: Date
    }

    private let desk: AccessDesk
    private let passwords: PasswordDesk
    private let throttle = Mutex(SignInThrottle())

    init(_ desk: AccessDesk, passwords: PasswordDesk = PasswordDesk()) {
        self.desk = desk
        self.passwords = passwords
    }

    /// Throws a `Fault`: 401 for what is wrong, 429 where too much was.
    func signIn(_ user: String, _ password: String, from address: String) async throws -> Opened {
        try check(user, from: address)
        let date = desk.now
        let found = try await desk.run { try $0.account(user) }
        guard try await passwords.isRight(String(password.prefix(PasswordDesk.longest)), for: found?.password),
            let account = found?.account
        else { throw try await refuse(user, "bad_credentials", from: address, at: date) }
        throttle.withLock { $0.succeed(user, from: address) }
        return try await open(account, from: address, at: date)
    }

    /// A one-time code makes the first administrator, or sets the password of an account.
    func redeem(_ code: String, _ user: String, _ password: String, from address: String) async throws -> Opened {
        guard Account.isName(user) else { throw AccountRefusal.name.fault }
        try Self.check(password)
        try check(user, from: address)
        let date = desk.now
        let key = try await passwords.key(of: password)
        let hash = try SHA256.hex(Array(code.lowercased().filter(\.isLetter).utf8))
        let command = desk.rules.command
        let account: Account? = try await desk.run { accounts in
            guard let use = try accounts.use(code: hash, for: user, at: date) else { return nil }
            if use == .firstAdministrator {
                guard try !accounts.accounts().contains(where: { $0.role == .admin && $0.hasPassword }) else {
                    throw Fault(
                        .conflict, "users_exist", zh: "已有管理员；请用 \(command) add 添加账号。",
                        en: "There is an administrator already: add accounts with \(command) add.")
                }
                let administrator = Account(name: user, role: .admin, created: date)
                if try accounts.add(administrator, by: user, from: address, at: date) == .knownAccount {
                    _ = try accounts.change(user, to: .admin, area: nil, by: user, from: address, at: date)
                }
            }
            try accounts.set(key, of: user, by: user, from: address, at: date)
            return try accounts.account(user)?.account
        }
        guard let account else { throw try await refuse(user, "bad_code", from: address, at: date) }
        return try await open(account, from: address, at: date)
    }

    /// Changes an account's own password. All its sessions end.
    func change(_ account: Account, from old: String, to new: String, address: String) async throws -> Opened {
        try Self.check(new)
        try check(account.name, from: address)
        let date = desk.now
        let found = try await desk.run { try $0.account(account.name) }
        guard try await passwords.isRight(String(old.prefix(PasswordDesk.longest)), for: found?.password) else {
            throw try await refuse(account.name, "bad_credentials", from: address, at: date)
        }
        let key = try await passwords.key(of: new)
        try await desk.run { try $0.set(key, of: account.name, by: account.name, from: address, at: date) }
        return try await open(account, from: address, at: date)
    }

    private func open(_ account: Account, from address: String, at date: Date) async throws -> Opened {
        let token = Secrets.token()
        let expires = date.addingTimeInterval(Self.longest)
        let hash = try SHA256.hex(Array(token.utf8))
        try await desk.run {
            try $0.open(
                session: hash, .session, of: account.name, expires: expires, address: address, at: date)
        }
        return Opened(token: token, account: account, expires: expires)
    }

    private func check(_ user: String, from address: String) throws(Fault) {
        let date = desk.now
        let seconds = throttle.withLock { $0.wait(user, from: address, at: date) }
        guard seconds <= 0 else {
            let wait = Int(seconds.rounded(.up))
            throw Fault(
                .tooManyRequests, "too_many", zh: "尝试次数过多；请在 \(wait) 秒后再试。",
                en: "Too many attempts: try again in \(wait) s.", retryAfter: wait)
        }
    }

    /// Counts it. The audit log has those that make others wait, so that an attack does not fill it.
    private func refuse(
        _ user: String, _ name: String, from address: String, at date: Date
    ) async throws -> Fault {
        let seconds = throttle.withLock { throttle in
            throttle.fail(user, from: address, at: date)
            return throttle.wait(user, from: address, at: date)
        }
        if seconds > 0 {
            let facts = ["account": String(user.prefix(64)), "address": address]
            try await desk.run { try $0.audit(.sessionRefused, facts: facts, at: date) }
        }
        let wait = Int(seconds.rounded(.up))
        let isCode = name == "bad_code"
        return Fault(
            .unauthorized, name, zh: isCode ? "启动码不对或已失效。" : "账号或口令不对。",
            en: isCode ? "The code is wrong or too old." : "Account or password is wrong.",
            retryAfter: wait > 0 ? wait : nil)
    }

    private static func check(_ password: String) throws(Fault) {
        guard (PasswordDesk.shortest...PasswordDesk.longest).contains(password.count) else {
            throw Fault(
                .unprocessableContent, "password", zh: "口令为 \(PasswordDesk.shortest) 至 \(PasswordDesk.longest) 个字符。",
                en: "A password has \(PasswordDesk.shortest) to \(PasswordDesk.longest) characters.")
        }
    }
}

package import Domain
package import Foundation

/// Who may use the console.
package struct Account: Sendable, Hashable {
    /// What an account may do; each may what those before it may.
    package enum Role: String, Sendable, Codable, CaseIterable, Comparable {
        /// Looks.
        case viewer
        /// Also judges.
        case `operator`
        /// Also configures.
        case admin

        package static func < (a: Role, b: Role) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    package let name: String
    package let role: Role
    /// There and below; nil is everywhere.
    package let area: AreaCode?
    package let hasPassword: Bool
    package let created: Date

    package init(name: String, role: Role, area: AreaCode? = nil, hasPassword: Bool = false, created: Date) {
        self.name = name
        self.role = role
        self.area = area
        self.hasPassword = hasPassword
        self.created = created
    }

    /// 1 to 64 letters, digits, dots, hyphens and underscores, in any script.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.count) && text.utf8.count <= 128
            && text.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
    }

    /// Whether it may see what lies in this area.
    package func covers(_ area: some StringProtocol) -> Bool { self.area?.covers(area) ?? true }
}

/// A password as it is kept.
package struct PasswordKey: Sendable, Hashable {
    package let salt: [UInt8]
    package let key: [UInt8]
    /// scrypt's N is two to this power.
    package let cost: Int

    package init(salt: [UInt8], key: [UInt8], cost: Int) {
        self.salt = salt
        self.key = key
        self.cost = cost
    }
}

/// What proves who asks: a browser's session, or a program's token.
package struct AccountSession: Sendable, Hashable {
    package enum Kind: String, Sendable { case session, token }

    package let account: Account
    package let kind: Kind
    package let expires: Date
}

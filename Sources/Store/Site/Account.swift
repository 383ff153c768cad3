package import Domain
package import Foundation

/// Who may use the console.
package struct Account: Sendable, Hashable {
    /// What an account may do; each may what those before it may. A site and a centre each have some of them.
    package enum Role: String, Sendable, Codable, CaseIterable, Comparable {
        /// Looks.
        case viewer
        /// Of a centre: also takes the steps of a grid worker, or of the department that the account is limited to.
        case worker
        /// Of a site: also judges.
        case `operator`
        /// Of a centre: also accepts, declines and sends on.
        case dispatcher
        /// Also configures.
        case admin

        /// Those of a site's console.
        package static let ofSite: [Role] = [.viewer, .operator, .admin]
        /// Those of a centre.
        package static let ofCentre: [Role] = [.viewer, .worker, .dispatcher, .admin]

        package static func < (a: Role, b: Role) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    package let name: String
    package let role: Role
    /// There and below; nil is everywhere.
    package let area: AreaCode?
    /// Of a centre: only this grid of the area, which is a village.
    package let grid: String?
    /// Of a centre: only cases of this department.
    package let department: String?
    package let hasPassword: Bool
    package let created: Date

    package init(
        name: String, role: Role, area: AreaCode? = nil, grid: String? = nil, department: String? = nil,
        hasPassword: Bool = false, created: Date
    ) {
        self.name = name
        self.role = role
        self.area = area
        self.grid = grid
        self.department = department
        self.hasPassword = hasPassword
        self.created = created
    }

    /// 1 to 64 letters, digits, dots, hyphens and underscores, in any script; dots alone would be a way up in an address.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.count) && text.utf8.count <= 128
            && text.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) } && !text.allSatisfy { $0 == "." }
    }

    /// Whether it may see what lies in this area.
    package func covers(_ area: some StringProtocol) -> Bool { self.area?.covers(area) ?? true }

    /// Whether it sees all that lies in this area.
    package func isUnlimited(in area: some StringProtocol) -> Bool {
        covers(area) && grid == nil && department == nil
    }
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

/// A session or token as a list shows it.
package struct SessionRow: Sendable, Hashable {
    /// The beginning of its hash: enough to name it, and good for nothing else.
    package let id: String
    package let user: String
    package let kind: AccountSession.Kind
    package let created: Date
    /// When it was last used, to within five minutes.
    package let seen: Date
    package let expires: Date
    /// Where it was opened; empty for the box itself.
    package let address: String
}

/// What became of a change to the accounts.
package enum AccountChange: Sendable, Hashable {
    case done
    case unknownAccount
    case knownAccount
    /// Nobody would be left who may let others in.
    case lastAdministrator
}

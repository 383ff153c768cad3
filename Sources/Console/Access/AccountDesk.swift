import Contract
package import Domain
package import Foundation
package import Store

/// Accounts from the command line of the box, over the status socket: who may open it is root or of the service's group.
package struct AccountDesk: Sendable {
    /// What the command prints.
    package struct Answer: Codable, Sendable, Hashable {
        package struct Row: Codable, Sendable, Hashable {
            package let name: String
            package let role: String
            package let area: String?
            package var grid: String?
            package var department: String?
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

    private let store: any AccountStore
    private let book: AccountBook
    private let timeZone: TimeZone

    package init(_ outbox: Outbox, site: SiteIdentity, now: @escaping @Sendable () -> Date = { Date() }) {
        self.init(
            outbox,
            .init(
                roles: Account.Role.ofSite, area: site.place.area.digits, timeZone: site.timeZone,
                command: "gridwarden users"), now: now)
    }

    package init(_ store: any AccountStore, _ rules: AccessDesk.Rules, now: @escaping @Sendable () -> Date) {
        (self.store, timeZone) = (store, rules.timeZone)
        book = AccountBook(store, rules, now: now)
    }

    /// Does what a path asks for; nil for one that is none of its own. Blocks for the disk.
    ///
    /// - Parameter path: `/console/` and: `users`, `setup`, `add/NAME/ROLE[/AREA[/GRID/DEPARTMENT]]`, `reset/NAME`,
    ///   `remove/NAME`, `token/NAME/DAYS`; the parts are percent-encoded, and a hyphen stands for none.
    package func answer(_ path: String) -> Answer? {
        let parts = path.split(separator: "/").map { $0.removingPercentEncoding ?? "" }
        guard parts.first == "console", parts.count >= 2 else { return nil }
        do {
            switch (parts[1], parts.count) {
            case ("users", 2): return try list()
            case ("setup", 2): return code(try book.setUp(.box))
            case ("add", 4), ("add", 5), ("add", 7):
                let limits: [String?] =
                    parts.dropFirst(4).map { $0 == "-" ? nil : $0 } + [nil, nil, nil]
                return code(
                    try book.add(
                        parts[2], .init(role: parts[3], area: limits[0], grid: limits[1], department: limits[2]), .box))
            case ("reset", 3): return code(try book.reset(parts[2], .box))
            case ("remove", 3):
                try book.remove(parts[2], .box)
                return Answer()
            case ("token", 4):
                let token = try book.token(of: parts[2], days: Int(parts[3]), .box)
                return Answer(token: token.secret, expires: text(token.expires))
            default: return nil
            }
        } catch let refusal as AccountRefusal {
            return .refusal(refusal.fault.title.en)
        } catch {
            return .refusal("\(error)")
        }
    }

    private func list() throws -> Answer {
        Answer(
            accounts: try store.accounts().map {
                .init(
                    name: $0.name, role: $0.role.rawValue, area: $0.area.map { $0.segment($0.level) }, grid: $0.grid,
                    department: $0.department, hasPassword: $0.hasPassword)
            })
    }

    private func code(_ issued: AccountBook.Issued) -> Answer {
        Answer(code: issued.secret, expires: text(issued.expires))
    }

    private func text(_ date: Date) -> String { RFC3339.string(from: date, in: timeZone) }
}

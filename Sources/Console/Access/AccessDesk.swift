package import Foundation
package import Store
import Threading

/// Accounts, sessions and the audit log of a page, and what blocks for them, on one thread: the same code lets people into the
/// console of a site and into a centre.
package actor AccessDesk {
    /// What is different from page to page.
    package struct Rules: Sendable {
        /// That an account may have here.
        package let roles: [Account.Role]
        /// All that there is: digits that the areas of everything here begin with.
        package let area: String
        /// In which times are said.
        package let timeZone: TimeZone
        /// By which accounts are managed at the machine itself, e.g. `gridwarden users`.
        package let command: String

        package init(roles: [Account.Role], area: String, timeZone: TimeZone, command: String) {
            (self.roles, self.area, self.timeZone, self.command) = (roles, area, timeZone, command)
        }
    }

    private nonisolated let executor: DedicatedThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let store: any AccountStore
    package nonisolated let rules: Rules
    private nonisolated let clock: @Sendable () -> Date

    package nonisolated var now: Date { clock() }
    nonisolated var timeZone: TimeZone { rules.timeZone }

    /// - Parameter thread: nil for one of its own.
    init(
        _ store: any AccountStore, _ rules: Rules, thread: DedicatedThread?, now: @escaping @Sendable () -> Date
    ) {
        (self.store, self.rules, clock) = (store, rules, now)
        executor = thread ?? DedicatedThread(name: "accounts")
    }

    package init(_ store: any AccountStore, _ rules: Rules, now: @escaping @Sendable () -> Date) {
        self.init(store, rules, thread: nil, now: now)
    }

    package func run<Result: Sendable>(_ body: @Sendable (any AccountStore) throws -> Result) throws -> Result {
        try body(store)
    }
}

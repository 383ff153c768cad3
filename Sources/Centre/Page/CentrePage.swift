package import Console
import Contract
import Domain
package import Foundation
package import Logging
package import ServiceLifecycle
package import Store

/// The page of a centre and its API, behind the same gate as the console of a site.
package struct CentrePage: Sendable {
    /// The addresses that a browser may ask for.
    static let addresses = [
        "/", "/case", "/list", "/sites", "/deliveries", "/signin", "/setup", "/account", "/users", "/audit",
    ]

    private let desk: PageDesk
    private let feed: ChangeFeed
    private let access: AccessDesk

    /// Brings the database up to date. Throws `SQLFault`, or where the built-in catalogue cannot be read.
    package init(
        _ settings: CentreSettings, _ store: any SQLDatabase, _ cases: CaseDesk,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        try CentreSchema.migrate(store)
        desk = PageDesk(
            PageParts(
                id: settings.id, area: settings.area, software: settings.software, store: store,
                rules: settings.rules, catalogue: try Catalogue.builtIn(),
                pictures: PictureFolder(url: settings.pictures), desk: cases, now: now,
                epoch: try CaseChanges.epoch(store)))
        access = AccessDesk(CentreAccounts(store), Self.rules(settings), now: now)
        feed = ChangeFeed(desk, access)
    }

    private static func rules(_ settings: CentreSettings) -> AccessDesk.Rules {
        .init(
            roles: Account.Role.ofCentre, area: settings.area.segment(settings.area.level),
            timeZone: settings.rules.timeZone, command: "gridwarden centre users")
    }

    /// What it answers.
    var routes: [Route] {
        ShellRoutes.all(Self.library, pages: Self.addresses) + Routes.access(access) + ScreenRoutes(desk, access).all
            + CaseRoutes(desk, access).all + [TableRoute(desk, access).route, feed.route]
    }

    /// - Parameter isBound: told of the port once it listens.
    package func server(
        _ settings: ConsoleServer.Settings, logger: Logger,
        isBound: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) -> any Service {
        ConsoleServer(
            settings, access, routes: routes, mostConnections: 512, begin: {}, end: { [feed] in feed.end() },
            logger: logger, isBound: isBound
        )
    }

    /// Accounts, over the socket beside the database; nil for another path. Blocks.
    static func accounts(_ path: String, _ settings: CentreSettings, _ store: any SQLDatabase) -> String? {
        guard path.hasPrefix("/console/") else { return nil }
        let answer: AccountDesk.Answer? =
            settings.page == nil
            ? .refusal("the page is off: set centre.console.listen, and restart the service")
            : AccountDesk(CentreAccounts(store), rules(settings), now: { Date() }).answer(path)
        return answer.map { String(decoding: WireJSON.bytes($0), as: UTF8.self) + "\n" }
    }

    /// What it shares with the console, and its own.
    static let library = AssetLibrary(
        AssetLibrary.embedded.filter { shared.contains($0.name) } + AssetLibrary.ofCentre, shell: "centre.html")

    static let shared: Set<String> = [
        "account.js", "api.js", "audit.js", "dialog.js", "i18n.js", "icon.svg", "picture.js", "sign.js",
        "style.css", "texts.js", "ui.js", "users.js",
    ]
}

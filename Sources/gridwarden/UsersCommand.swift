import ArgumentParser
import Edge
import Foundation
import SiteConfiguration

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Accounts of the console: who may sign in, and with which role.",
        discussion: """
            It asks the running daemon over the socket in its state folder: run it as root or as a member of the service's
            group. Codes are shown once. Who has one chooses a password with it on the page.
            """,
        subcommands: [Setup.self, Add.self, Reset.self, Token.self, List.self, Remove.self])

    struct Options: ParsableArguments {
        @Option(help: "The configuration file.") var config: String

        func client() throws -> AccountClient {
            let configuration = try ConfigurationFile.load(config)
            return AccountClient(
                folder: URL(filePath: configuration.site.stateDirectory), program: "daemon",
                page: "the page /setup of the console")
        }
    }

    struct Setup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A code for the first administrator, valid for 30 minutes.")
        @OptionGroup var options: Options

        func run() async throws { try options.client().printCode(["setup"]) }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an account, and prints the code with which its owner sets the password; valid for a day.")
        @OptionGroup var options: Options
        @Argument(help: "The name, as it stands with each verdict.") var name: String
        @Option(help: "viewer (looks), operator (also judges) or admin (also configures).") var role = "operator"
        @Option(help: "The area code that it is limited to, with all below.") var area: String?

        func run() async throws { try options.client().printCode(["add", name, role] + (area.map { [$0] } ?? [])) }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A code for another password; ends all sessions and tokens of the account.")
        @OptionGroup var options: Options
        @Argument var name: String

        func run() async throws { try options.client().printCode(["reset", name]) }
    }

    struct Token: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A token for a program, which sends it as Authorization: Bearer TOKEN.")
        @OptionGroup var options: Options
        @Argument var name: String
        @Option(help: "Days for which it is valid.") var days = 365

        func run() async throws { try options.client().printToken(name, days: days) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All accounts.")
        @OptionGroup var options: Options
        @Flag(help: "Print them as JSON.") var json = false

        func run() async throws {
            let accounts = try options.client().ask(["users"]).accounts ?? []
            guard !json else { return try JSONText.print(["accounts": accounts]) }
            let rows = accounts.map { [$0.name, $0.role, $0.area ?? "-", $0.hasPassword ? "yes" : "no"] }
            for line in TextTable.lines(["NAME", "ROLE", "AREA", "PASSWORD"], rows) { print(line) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes an account and all its sessions.")
        @OptionGroup var options: Options
        @Argument var name: String

        func run() async throws { try options.client().ask(["remove", name]) }
    }
}

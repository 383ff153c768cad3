import ArgumentParser
import Centre
import Edge
import Foundation
import SiteConfiguration

extension CentreCommand {
    struct Users: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accounts of the page: who may sign in, with which role, and what each sees.",
            discussion: """
                It asks the running centre over the socket beside its database: run it as root or as the centre's user. Codes
                are shown once. Who has one chooses a password with it on the page.
                """,
            subcommands: [Setup.self, Add.self, Reset.self, Token.self, List.self, Remove.self])

        struct Options: ParsableArguments {
            @OptionGroup var file: File

            func client() throws -> AccountClient {
                AccountClient(
                    folder: URL(filePath: try file.load().folderPath), socket: CentreSettings.socketName,
                    program: "centre", page: "/setup of the page")
            }
        }

        struct Setup: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "A code for the first administrator, valid for 30 minutes.")
            @OptionGroup var options: Options

            func run() throws { try options.client().printCode(["setup"]) }
        }

        struct Add: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract:
                    "Adds an account, and prints the code with which its owner sets the password; valid for a day.")
            @OptionGroup var options: Options
            @Argument(help: "The name, as it stands in the history of cases.") var name: String
            @Option(
                help:
                    "viewer (looks), worker (checks; handles, with --department), dispatcher (also accepts, sends on) or admin."
            ) var role = "worker"
            @Option(help: "The area code that it is limited to, with all below.") var area: String?
            @Option(help: "The grid of that village that it is limited to.") var grid: String?
            @Option(help: "The department for which it speaks, and whose cases are all that it sees.")
            var department: String?

            func run() throws {
                let all = [area, grid, department].map { $0 ?? "-" }
                let limits = grid == nil && department == nil ? [area].compactMap(\.self) : all
                try options.client().printCode(["add", name, role] + limits)
            }
        }

        struct Reset: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "A code for another password; ends all sessions and tokens of the account.")
            @OptionGroup var options: Options
            @Argument var name: String

            func run() throws { try options.client().printCode(["reset", name]) }
        }

        struct Token: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract:
                    "A token for a program, such as a department's desk: it sends it as Authorization: Bearer TOKEN.")
            @OptionGroup var options: Options
            @Argument var name: String
            @Option(help: "Days for which it is valid.") var days = 365

            func run() throws { try options.client().printToken(name, days: days) }
        }

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "All accounts.")
            @OptionGroup var options: Options
            @Flag(help: "Print them as JSON.") var json = false

            func run() throws {
                let accounts = try options.client().ask(["users"]).accounts ?? []
                guard !json else { return try JSONText.print(["accounts": accounts]) }
                let rows = accounts.map {
                    [
                        $0.name, $0.role, $0.area ?? "-", $0.grid ?? "-", $0.department ?? "-",
                        $0.hasPassword ? "yes" : "no",
                    ]
                }
                for line in TextTable.lines(["NAME", "ROLE", "AREA", "GRID", "DEPARTMENT", "PASSWORD"], rows) {
                    print(line)
                }
            }
        }

        struct Remove: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Removes an account and all its sessions.")
            @OptionGroup var options: Options
            @Argument var name: String

            func run() throws { try options.client().ask(["remove", name]) }
        }
    }
}

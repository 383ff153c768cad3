import ArgumentParser
import Runtime

struct Gridwarden: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "gridwarden",
        abstract: "Watches street cameras for violations and alerts the department with the power to act.",
        discussion: """
            Exit codes: 0 done, 1 failed, 64 wrong usage, 66 no input, 69 no daemon, 75 try again later, 78 wrong configuration or something that it names is missing.
            """,
        version: version,
        subcommands: [
            RunCommand.self, CheckCommand.self, ConfigCommand.self, StatusCommand.self, WatchCommand.self,
            UsersCommand.self,
            BenchCommand.self,
            ModelsCommand.self,
            VerifyCommand.self, ExportCommand.self, GapsCommand.self,
            CentreCommand.self, SimulateCommand.self,
        ])
}

@main
enum Program {
    static func main() async {
        // Before anything else.
        ProcessMemory.share()
        if runsAService(CommandLine.arguments.dropFirst()) { StartSignals.take() }
        await Gridwarden.main()
    }

    /// A command that runs until a signal: `run`, and `centre` without another verb.
    private static func runsAService(_ arguments: ArraySlice<String>) -> Bool {
        switch arguments.first {
        case RunCommand.configuration.commandName?: true
        case CentreCommand.configuration.commandName?:
            arguments.dropFirst().first.map { $0.hasPrefix("-") || $0 == "run" } ?? true
        default: false
        }
    }
}

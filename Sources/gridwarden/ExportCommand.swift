import ArgumentParser
import Evidence
import Foundation

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copies the evidence and messages of one incident, with the ledger, into a new folder.",
        discussion: """
            The folder is there as a whole or, where something fails, not at all. It can be handed on and checked anywhere \
            with 'gridwarden verify DIR --pack INCIDENT --key KEY'.
            """)

    @Argument(help: "The id of the incident.") var incident: String
    @Argument(help: "The new folder.") var target: String
    @Option(help: "The evidence folder of the site.") var evidence = "/var/lib/gridwarden/evidence"

    func validate() throws {
        if UUID(uuidString: incident) == nil { throw ValidationError("\(incident) is no id of an incident") }
    }

    func run() throws {
        guard let id = UUID(uuidString: incident) else { return }
        do {
            let count = try LedgerPack.export(
                incident: id, from: URL(filePath: evidence), to: URL(filePath: target))
            let gone = count.gone == 0 ? "" : "; \(count.gone) of its files are not there any more"
            print("\(target): \(count.files) files of incident \(incident), and the ledger\(gone)")
        } catch {
            Console.complain("\(error)")
            throw ExitCode.failure
        }
    }
}

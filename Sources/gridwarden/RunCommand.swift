import Analytics
import ArgumentParser
import Domain
import Edge
import Foundation
import Inference
import Logging
import MQTT
import Pipeline
import Runtime
import SiteConfiguration

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the daemon until SIGTERM or SIGINT.",
        discussion: """
            A wrong configuration is refused with all its faults and exit code 78. SIGHUP takes the changed file over:
            cameras, and all else that needs no restart; where one is needed, the file is refused as a whole.

            What the machine lacks at the moment (a full or read-only disk) is waited for, and tried again. A damaged
            database is set aside as outbox.sqlite.damaged-DATE, and a new one begun. Exit codes: 0 stopped by a signal,
            75 another daemon uses a folder of this one, or a service failed (start it again later), 78 the
            configuration is wrong, or a file that it names cannot be had.
            """)

    @Option(help: "The configuration file.") var config: String

    func run() async throws {
        ProcessMemory.forbidDumps()
        let configuration = try ConfigurationFile.load(config)
        let threshold = LogThreshold(Logger.Level(rawValue: configuration.logging.level.rawValue) ?? .info)
        let secrets = KnownSecrets()
        LoggingSystem.bootstrap { label in
            RedactingLog(
                handler: JournalLog.isConnected ? JournalLog() : StreamLogHandler.standardError(label: label),
                secrets: secrets, threshold: threshold)
        }
        let software = "gridwarden \(Gridwarden.version)"
        var settings: DaemonSettings
        do {
            settings = try DaemonSettings(configuration, file: config, software: software, secrets: secrets)
            settings.configurationFile = config
        } catch {
            Console.complain("\(error)")
            throw ExitCode(DaemonRun.Code.configuration)
        }
        let run = DaemonRun(
            settings, logger: Logger(label: "gridwarden"),
            rereading: { [config] in
                try DaemonSettings(reading: config, insteadOf: configuration, software: software, secrets: secrets)
            }, adopting: { threshold.level = $0.logLevel })
        let code = await run.run()
        if code != 0 { throw ExitCode(code) }
    }
}

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a configuration: every fault with file:line:column, and the files that it names.",
        discussion: """
            Exit code 0 where all is right, else 78. Folders that this user cannot write to are faults here, although the
            daemon would wait for them: run it as the daemon's user.
            """)

    @Option(help: "The configuration file.") var config: String
    @Flag(help: "Print the faults as JSON.") var json = false

    func run() async throws {
        let configuration = try ConfigurationFile.load(config, json: json)
        let settings: DaemonSettings
        do {
            settings = try DaemonSettings(
                configuration, file: config, software: "gridwarden \(Gridwarden.version)")
            try settings.checkMachine(for: configuration, file: config)
            if settings.evidenceFolder != nil { warn(settings.masking) }
            if settings.accessPolicy != nil, let warning = settings.broker.inboundWarning {
                Console.complain("\(config): inbound: \(warning)")
            }
            if let address = configuration.metrics.listen?.address, MetricsSettings.isPublic(address) {
                let fault = configuration.fault(
                    "note: anybody who reaches \(address) may read the metrics, there is no access control: name an "
                        + "address that only the monitoring reaches", at: ["metrics", "listen"], in: config)
                Console.complain("\(fault)")
            }
        } catch {
            let faults =
                (error as? ConfigurationFaults)?.faults
                ?? [ConfigurationFault(file: config, line: 1, column: 1, message: "\(error)")]
            if json { try ConfigurationFile.printJSON(faults) }
            for fault in faults { Console.complain("\(fault)") }
            throw ExitCode(78)
        }
        guard !json else { return try ConfigurationFile.printJSON([]) }
        print("\(config): right; \(configuration)")
        compareWithRunning(settings)
        try list(configuration, Catalogue.builtIn())
        list(settings.models, settings.cameras)
        list(settings.models.all, configuration)
        list(settings.cameras, settings.models.all, configuration)
        for note in settings.broker.notes { print("  broker: note: \(note)") }
        for camera in settings.cameras {
            for note in camera.notes { print("  \(camera.identity.id): note: \(note)") }
            if camera.detail != nil, settings.evidenceFolder == nil {
                print("  \(camera.identity.id): note: detail_url does nothing: evidence.enabled is false")
            }
        }
    }
}

extension CheckCommand {
    /// Compares the running daemon's file and configuration; the file is this one unless it was started with another.
    private func compareWithRunning(_ settings: DaemonSettings) {
        guard let standing = try? StatusClient.configuration(of: settings.stateFolder) else { return }
        if !standing.needsRestart.isEmpty {
            print(
                "  the running daemon: note: needs a restart for \(standing.needsRestart.joined(separator: ", ")), and goes on "
                    + "with the old configuration until then")
        } else if standing.file == settings.site.configurationSHA256, standing.running != standing.file {
            print("  the running daemon: note: has not taken this file over: systemctl reload gridwarden")
        }
    }

    /// The kinds of each zone with their maturity, and expired permits.
    private func list(_ configuration: Configuration, _ catalogue: Catalogue) {
        for camera in configuration.cameras {
            for preset in camera.presets where !camera.zones.contains(where: { $0.preset == preset.id }) {
                print("  \(camera.id), preset \(preset.id): note: no zone was drawn on it")
            }
            for settings in camera.zones {
                let preset = settings.preset.map { " (preset \($0))" } ?? ""
                let place = "  \(camera.id), \(settings.zone.id)\(preset)"
                let kinds = settings.rules.kinds.map { kind in
                    "\(kind) (\(catalogue[kind]?.maturity.rawValue ?? "unknown"))"
                }
                print("\(place): \(kinds.sorted().joined(separator: ", "))")
                for kind in settings.rules.kinds {
                    for note in settings.rules[kind]?.notes(at: Date()) ?? [] { print("\(place): note: \(note)") }
                }
            }
        }
    }

    /// Which networks look at the cameras' pictures.
    private func list(_ models: DetectorModels, _ cameras: [CameraService.Settings]) {
        let forVehicles = cameras.count { $0.zones.areForVehicles }
        guard models.vehicles != models.all, forVehicles > 0 else { return print("  detector: \(models.all.name)") }
        let others = cameras.count - forVehicles
        print(
            "  detector: \(models.vehicles.name)"
                + (others == 0
                    ? ""
                    : " for \(forVehicles) of \(cameras.count) cameras, which are watched for motor vehicles alone; "
                        + "\(models.all.name) for the others"))
    }

    /// The network's input for pictures of each displayed shape.
    private func list(_ model: DetectionModel, _ configuration: Configuration) {
        for shape in ["16:9", "4:3", "1:1", "9:16"].compactMap({ Aspect($0) }) {
            print("  detector: \(shape) pictures go to \(model.input(width: shape.width, height: shape.height).size)")
        }
        for camera in configuration.cameras {
            guard let shape = camera.aspect else { continue }
            let input = model.input(width: shape.width, height: shape.height).size
            print("  \(camera.id): its pictures are shown as \(shape) and go to \(input)")
        }
    }

    /// The smallest car in each zone with parking. A camera's picture size is known only once it is connected; until
    /// then the most common height is assumed.
    private func list(_ cameras: [CameraService.Settings], _ model: DetectionModel, _ configuration: Configuration) {
        let lines = 1080
        for (camera, named) in zip(cameras, configuration.cameras) {
            let shape = named.aspect.map { Double($0.width) / Double($0.height) } ?? 16.0 / 9
            let width = Int((Double(lines) * shape).rounded())
            let input = model.input(width: width, height: lines)
            var tiles = ZoneTiles(
                zones: camera.zones.withParking, isOn: camera.hasTiles)
            _ = tiles.next(width: width, height: lines, input: (input.width, input.height), hasChanged: true)
            for seen in tiles.sharpness {
                print(
                    "  \(camera.identity.id), \(seen.zone): cars are found from a width of \(seen.smallestCar) pixels on, in "
                        + "pictures of \(width)x\(lines), with \(seen.tiles) \(seen.tiles == 1 ? "tile" : "tiles")")
            }
        }
    }

    /// Not a fault of the configuration: the daemon runs, and its alerts have no pictures.
    private func warn(_ masking: MaskingModels) {
        do { _ = try masking.verified() } catch { Console.complain("\(config): evidence will be withheld: \(error)") }
    }
}

enum ConfigurationFile {
    /// Loads, or prints all faults and ends with exit code 78.
    static func load(_ path: String, json: Bool = false) throws -> Configuration {
        do { return try Configuration.load(path: path) } catch {
            if json { try printJSON(error.faults) }
            for fault in error.faults { Console.complain("\(fault)") }
            throw ExitCode(78)
        }
    }

    static func printJSON(_ faults: [ConfigurationFault]) throws {
        struct Row: Encodable {
            let file: String
            let line: Int
            let column: Int
            let message: String
        }
        let rows = faults.map { Row(file: $0.file, line: $0.line, column: $0.column, message: $0.message) }
        try JSONText.print(["faults": rows])
    }
}

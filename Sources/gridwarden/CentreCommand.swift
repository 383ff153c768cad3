import ArgumentParser
import Centre
import Contract
import Domain
import Edge
import Foundation
import Logging
import Postgres
import Runtime
import SiteConfiguration
import Store

struct CentreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "centre",
        abstract: "Runs a grid centre: the messages of all sites of an area in a database, and the cases made of them.",
        discussion: """
            Without a verb it runs until SIGTERM or SIGINT. The other verbs read the database of a centre that runs or has
            stopped, or take a step with a case beside it. A change of the configuration needs a restart.

            Exit codes: 0 done, or stopped by a signal; 1 refused: the step does not fit, there is no such case; 66 there is \
            no database to read; 69 no centre answers; 75 another centre uses the folder, or the database cannot be used \
            now (start it again later); 78 the configuration is wrong, or a file that it names cannot be had.
            """,
        subcommands: [
            Run.self, Check.self, Status.self, Cases.self, Show.self, Step.self, Merge.self, Split.self, Reopen.self,
            Sites.self, Refusals.self, Deliveries.self, Users.self,
        ], defaultSubcommand: Run.self)

    /// The configuration of a centre.
    struct File: ParsableArguments {
        @Option(help: "The configuration file of the centre.") var config = "/etc/gridwarden-centre/centre.yaml"

        static let software = "gridwarden \(Gridwarden.version)"

        func load(json: Bool = false) throws -> CentreConfiguration {
            do { return try CentreConfiguration.load(path: config) } catch {
                if json { try ConfigurationFile.printJSON(error.faults) }
                for fault in error.faults { Console.complain("\(fault)") }
                throw ExitCode(78)
            }
        }

        func settings(
            _ configuration: CentreConfiguration, secrets: KnownSecrets = KnownSecrets(), json: Bool = false
        ) throws -> CentreSettings {
            do {
                return try CentreSettings(configuration, file: config, software: Self.software, secrets: secrets)
            } catch {
                let faults =
                    (error as? ConfigurationFaults)?.faults
                    ?? [ConfigurationFault(file: config, line: 1, column: 1, message: "\(error)")]
                if json { try ConfigurationFile.printJSON(faults) }
                for fault in faults { Console.complain("\(fault)") }
                throw ExitCode(78)
            }
        }

        /// The database of the centre, which must be there.
        func database(isReadOnly: Bool = true) throws -> any SQLDatabase {
            let configuration = try load()
            do {
                if let postgres = try CentreSettings.postgres(configuration, file: config) {
                    return PostgresDatabase(postgres)
                }
            } catch let faults as ConfigurationFaults {
                for fault in faults.faults { Console.complain("\(fault)") }
                throw ExitCode(78)
            }
            let file = URL(filePath: configuration.store)
            guard FileManager.default.fileExists(atPath: file.path) else {
                Console.complain("there is no database \(file.path): no centre has run with \(config)")
                throw ExitCode(66)
            }
            do { return try SQLiteDatabase(file: file, isReadOnly: isReadOnly) } catch {
                Console.complain("\(error)")
                throw ExitCode(66)
            }
        }

        func queries() throws -> CentreQueries {
            CentreQueries(try database(), routes: CaseRules(try load()).routes)
        }

        /// What people do with cases.
        func desk() throws -> CaseDesk {
            let configuration = try load()
            return CaseDesk(
                try database(isReadOnly: false), CaseRules(configuration),
                topics: .init(root: configuration.brokers.first?.topicRoot ?? "mg/v1"))
        }

        /// Ends with 1 where the centre refuses, with 75 where the database cannot be used.
        func refusing<Result>(_ body: () throws -> Result) throws -> Result {
            do { return try body() } catch let refusal as CaseRefusal {
                Console.complain("\(refusal)")
                throw ExitCode(1)
            } catch let fault as SQLFault {
                Console.complain("\(fault)")
                throw ExitCode(75)
            }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Runs the centre until SIGTERM or SIGINT.")

        @OptionGroup var file: File

        func run() async throws {
            ProcessMemory.forbidDumps()
            let configuration = try file.load()
            let secrets = KnownSecrets()
            let threshold = LogThreshold(Logger.Level(rawValue: configuration.logging.level.rawValue) ?? .info)
            LoggingSystem.bootstrap { label in
                RedactingLog(
                    handler: JournalLog.isConnected ? JournalLog() : StreamLogHandler.standardError(label: label),
                    secrets: secrets, threshold: threshold)
            }
            let settings = try file.settings(configuration, secrets: secrets)
            let logger = Logger(label: "gridwarden.centre")
            do {
                let lock = try FolderLock(
                    settings.store.deletingLastPathComponent(),
                    what: configuration.isPostgres ? "the folder of the centre" : "the folder of the database",
                    key: configuration.isPostgres ? "centre.folder" : "centre.store")
                try await Centre(settings, logger: logger).run()
                withExtendedLifetime(lock) {}
            } catch {
                logger.critical("\(error)")
                throw ExitCode(75)
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a configuration: every fault with file:line:column, and the files that it names.",
            discussion: "Exit code 0 where all is right, else 78.")

        @OptionGroup var file: File
        @Flag(help: "Print the faults as JSON.") var json = false

        func run() throws {
            let configuration = try file.load(json: json)
            let settings = try file.settings(configuration, json: json)
            guard !json else { return try ConfigurationFile.printJSON([]) }
            let area = settings.area.segment(settings.area.level)
            print(
                "\(file.config): right; centre \(settings.id) of \(area), \(settings.brokers.count) brokers, "
                    + "\(configuration.places.count) places, \(configuration.routes.count) routes")
            for route in configuration.routes where route.webhook?.url.hasPrefix("http://") ?? false {
                print("  note: route \(route.id) posts cases in the clear: give its webhook an address with https://")
            }
            for route in configuration.routes where route.webhook != nil && route.webhook?.secretFile == nil {
                print("  note: posts of route \(route.id) are not signed: add secret_file")
            }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks the running centre how it stands.",
            discussion: "Exit code 0 with an answer, 69 where no centre answers.")

        @OptionGroup var file: File
        @Flag(help: "Print the status as JSON.") var json = false

        func run() throws {
            let folder = URL(filePath: try file.load().folderPath)
            let socket = LocalSocket.file(folder.appending(path: CentreSettings.socketName).path)
            guard let answer = try? StatusClient.get("/status", from: socket),
                let (code, body) = StatusClient.parts(of: answer), code == 200,
                let status = try? CentreStatus(json: body)
            else {
                Console.complain("no centre answers at \(socket): start it, or run this as its user")
                throw ExitCode(69)
            }
            guard !json else { return try JSONText.print(status) }
            show(status)
        }

        private func show(_ status: CentreStatus) {
            func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
            print(
                """
                centre \(status.id) of \(status.area): \(status.software), since \(status.began)
                brokers \(status.connected) of \(status.brokers) connected
                messages \(status.stored) stored, \(status.repeated) repeated, \(status.waiting) wait, \(status.pictures) pictures
                delay p50 \(seconds(status.delay.p50)), p95 \(seconds(status.delay.p95)), p99 \(seconds(status.delay.p99)), \
                longest \(seconds(status.delay.longest)); slowest batch \(seconds(status.slowestBatch))
                memory \((status.memory ?? 0) >> 20) MiB, processor \(seconds(status.processorSeconds))
                """)
            for holder in status.leases ?? [] {
                print(
                    "\(holder.isOurs ? "this one," : "also") \(holder.name): \(holder.shares) of 64 shares of the sites"
                        + holder.duties.map { ", \($0)" }.joined())
            }
            if status.dropped > 0 { print("DROPPED \(status.dropped) for want of room: they are asked for again") }
            for (reason, count) in status.refused.sorted(by: { $0.key < $1.key }) {
                print("refused \(reason): \(count); gridwarden centre refusals has the newest")
            }
            for (site, count) in status.missing.sorted(by: { $0.key < $1.key }) {
                print("MISSING of \(site): \(count), asked for")
            }
        }
    }
}

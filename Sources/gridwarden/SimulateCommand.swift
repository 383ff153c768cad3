import ArgumentParser
import Centre
import Contract
import Domain
import Foundation
import MQTT
import Postgres
import Runtime
import SiteConfiguration
import Store

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulates sites for a grid centre: real messages over real MQTT, and the truth to hold it against.",
        discussion: """
            Each site has a connection of its own, cameras and incidents, answers reviews and commands, and sends again what it \
            is asked for. With --troubles networks break, daemons restart, databases are lost, alerts make room and clocks are \
            wrong. The same seed makes the same choices. Nothing of it looks at a camera.

            At the end the truth is written to --truth (or printed with --json): every message, what nobody can have any \
            more, and each incident. `gridwarden simulate check` holds the database of a centre against it.

            Never run it against a broker that real sites use. Exit codes: 0 done, 1 something was not taken by the broker or \
            could not be set up, 64 wrong usage, 66 no input, 78 a wrong configuration.
            """,
        subcommands: [Run.self, Check.self, Places.self], defaultSubcommand: Run.self)

    struct Options: ParsableArguments {
        @Option(help: "The broker's host.") var host = "127.0.0.1"
        @Option(help: "The broker's port.") var port = 1883
        @Option(help: "User name at the broker.") var username: String?
        @Option(help: "File that holds the password.") var passwordFile: String?
        @Flag(
            name: .customLong("mqtt3"),
            help: "Speak MQTT 3.1.1 alone; otherwise 5, or 3.1.1 where the broker does not take that.") var isOld =
            false
        @Option(help: "Root of the topics.") var root = "mg/v1"
        @Flag(
            help:
                "Kinds stand in topics with an underscore (parking_motor), for a broker that takes no dot there, such as NATS."
        )
        var underscored = false
        @Option(help: "Area code, 2 to 12 digits; the sites are spread over it.") var area = "320583"
        @Option(help: "From which all choices follow.") var seed: UInt64 = 1
        @Option(help: "How many sites.") var sites = 10
        @Option(help: "Cameras of each site.") var cameras = 4
        @Option(help: "Messages about incidents a second, of each site.") var rate = 0.1
        @Option(help: "Seconds.") var seconds = 60.0
        @Option(help: "The share of messages that follow from a review at the site, 0 to 0.3.") var reviews = 0.05
        @Option(help: "The share of incidents that a second site sees at the same place, 0 to 1.") var twins = 0.0
        @Flag(help: "Let networks, daemons, databases, cameras and clocks fail.") var troubles = false
        @Flag(help: "Send a picture of each incident.") var pictures = false
        @Flag(help: "Publish no retained states of incidents.") var noOpen = false
        @Option(help: "Seconds between two reports of a site.") var reportEvery = 20.0
        @Option(help: "Seconds for which what is left is sent after the end.") var patience = 60.0

        func validate() throws {
            guard (1...65_535).contains(port) else { throw ValidationError("--port takes 1 to 65535") }
            guard (1...5000).contains(sites) else { throw ValidationError("--sites takes 1 to 5000") }
            guard (1...99).contains(cameras) else { throw ValidationError("--cameras takes 1 to 99") }
            guard rate > 0, rate <= 1000 else { throw ValidationError("--rate takes more than 0 and at most 1000") }
            guard seconds > 0, seconds <= 1e6 else { throw ValidationError("--seconds takes more than 0") }
            guard (0...0.3).contains(reviews) else { throw ValidationError("--reviews takes 0 to 0.3") }
            guard (0...1).contains(twins) else { throw ValidationError("--twins takes 0 to 1") }
            guard reportEvery > 0, patience >= 0 else { throw ValidationError("times must not be negative") }
            _ = try code()
        }

        private func code() throws -> AreaCode {
            do { return try AreaCode(area) } catch { throw ValidationError("\(error)") }
        }

        func simulation() throws -> Simulation {
            var password: Secret?
            if let passwordFile {
                guard let text = try? String(contentsOfFile: passwordFile, encoding: .utf8) else {
                    throw ValidationError(
                        "could not read the password file \(passwordFile); check the path and its rights")
                }
                password = Secret(text.trimmingCharacters(in: .newlines))
            }
            var simulation = Simulation(
                area: try code(),
                broker: MQTTSettings(
                    host: host, port: port, clientID: "", username: username, password: password,
                    version: isOld ? .v311 : nil))
            (simulation.seed, simulation.sites, simulation.cameras) = (seed, sites, cameras)
            (simulation.rate, simulation.duration) = (rate, seconds)
            simulation.topics = AlertTopics(root: root, kinds: underscored ? .underscored : .dotted)
            (simulation.reviews, simulation.twins) = (reviews, twins)
            if troubles { simulation.troubles = .many }
            (simulation.pictures, simulation.retains) = (pictures, !noOpen)
            (simulation.reportEvery, simulation.patience) = (reportEvery, patience)
            return simulation
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Runs the simulation.")

        @OptionGroup var options: Options
        @Option(help: "File for the truth.") var truth: String?
        @Flag(help: "Print the truth as JSON.") var json = false
        @Option(help: "Configuration of a centre on this machine, at whose cases simulated people work.") var desk:
            String?
        @Option(help: "Steps a second of these people.") var steps = 2.0
        @Option(help: "Seconds for which the sites go on answering after the end, such as replays.") var linger = 0.0

        func validate() throws {
            guard steps > 0, steps <= 1000 else { throw ValidationError("--steps takes more than 0 and at most 1000") }
            guard linger >= 0 else { throw ValidationError("--linger takes 0 and more") }
        }

        func run() async throws {
            let simulation = try options.simulation()
            let people = try people(simulation)
            let simulator: Simulator
            do { simulator = try Simulator(simulation) } catch {
                Console.complain("\(error)")
                throw ExitCode(1)
            }
            let expected = Double(simulation.sites) * simulation.rate * simulation.duration
            let sites = simulation.sites
            let watching = Task {
                let bar = ProgressBar(label: "simulating \(sites) sites")
                while !Task.isCancelled {
                    bar.show(Double(simulator.count) / max(1, expected))
                    try? await Task.sleep(for: .milliseconds(500))
                }
                bar.clear()
            }
            var result: Truth
            do { result = try await simulator.run(desk: people) } catch {
                Console.complain("\(error)")
                throw ExitCode(1)
            }
            watching.cancel()
            await watching.value
            if linger > 0 { try? await Task.sleep(for: .seconds(linger)) }
            result = await simulator.truth(of: result)
            await simulator.close()
            let text = try result.json()
            if let truth { try text.write(to: URL(filePath: truth), options: .atomic) }
            if json { print(String(decoding: text, as: UTF8.self)) } else { show(result) }
            if result.unsent > 0 {
                Console.complain("\(result.unsent) messages were not taken by the broker")
                throw ExitCode(1)
            }
        }

        private func people(_ simulation: Simulation) throws -> SimulatedDesk? {
            guard let desk else { return nil }
            let configuration: CentreConfiguration
            do { configuration = try CentreConfiguration.load(path: desk) } catch {
                for fault in error.faults { Console.complain("\(fault)") }
                throw ExitCode(78)
            }
            do {
                let postgres = try CentreSettings.postgres(configuration, file: desk)
                let database: any SQLDatabase =
                    if let postgres { PostgresDatabase(postgres) } else {
                        try SQLiteDatabase(file: URL(filePath: configuration.store))
                    }
                return SimulatedDesk(
                    database, CaseRules(configuration),
                    topics: simulation.topics, seed: simulation.seed, perSecond: steps)
            } catch {
                Console.complain("\(error)")
                throw ExitCode(66)
            }
        }

        private func show(_ truth: Truth) {
            let incidents = truth.sites.reduce(0) { $0 + $1.incidents.count }
            print(
                "\(truth.messages) messages of \(incidents) incidents at \(truth.sites.count) sites, "
                    + "\(truth.sites.reduce(0) { $0 + $1.epochs.count }) epochs; \(truth.lost) lost on the way, "
                    + "\(truth.unsent) not taken by the broker, \(truth.steps.count) steps of people")
            let troubles = truth.sites.reduce(into: [String: Int]()) { $0.merge($1.troubles, uniquingKeysWith: +) }
            for (name, count) in troubles.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Holds the database of a centre against the truth of a simulation.",
            discussion: """
                What is lost, there twice, at a wrong stage or missing without a name is a problem. Exit code 0 where there is \
                none, 1 where there are some, 66 where a file cannot be read.
                """)

        @Option(help: "The truth that a simulation has written.") var truth: String
        @Option(help: "The database of the centre: a file, or postgresql://user@host/database.") var store: String
        @Option(help: "A file whose first line is the password of a database of PostgreSQL.")
        var storePasswordFile: String?
        @Flag(help: "Print the outcome as JSON.") var json = false

        private func database() throws -> any SQLDatabase {
            guard store.contains("://") else { return try SQLiteDatabase(file: URL(filePath: store), isReadOnly: true) }
            let password = try storePasswordFile.map {
                try SecretFile.lines(of: $0, "the password file", count: 1, form: "write the password into it")[0]
            }
            return PostgresDatabase(try PostgresSettings(address: store, password: password.map { Secret($0) }))
        }

        func run() throws {
            let check: TruthCheck
            do {
                check = try TruthCheck(
                    try Truth(json: try Data(contentsOf: URL(filePath: truth))),
                    try database())
            } catch {
                Console.complain("\(error)")
                throw ExitCode(66)
            }
            if json {
                try JSONText.print(check)
            } else {
                print(
                    "\(check.written) written, \(check.stored) stored; lost and named \(check.named), gone with a store "
                        + "\(check.goneWithStore), never heard of \(check.unheard); \(check.incidents) incidents, "
                        + "\(check.cases) cases, \(check.steps) steps")
                for (kind, count) in check.problems.sorted(by: { $0.key < $1.key }) {
                    print("PROBLEM \(kind): \(count)")
                }
                for example in check.examples { print("  \(example)") }
            }
            if !check.isRight { throw ExitCode(1) }
        }
    }

    struct Places: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the places at which two sites see the same, for centre.places of the configuration.")

        @OptionGroup var options: Options

        func run() throws {
            for place in try options.simulation().places {
                print("    - {id: \(place.id), zones: [\(place.zones.joined(separator: ", "))]}")
            }
        }
    }
}

import Domain
import Foundation
import Logging
import MQTT
import Store
import Synchronization
import TestSupport
import Testing

@testable import Centre
@testable import Contract

/// A whole centre against a real mosquitto, and simulated sites that fail in every way that they know.
@Suite(.waiting(minutes: 3)) struct CentreBrokerTests {
    private func settings(_ broker: Broker, _ folder: TemporaryFolder, version: MQTTSettings.Version? = nil) throws
        -> CentreSettings
    {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: broker.port, clientID: "centre-\(UUID().uuidString)", keepAlive: 5,
            version: version)
        (settings.shortestWait, settings.longestWait) = (0.1, 0.5)
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        var rules = CaseRules(name: "kunshan", calendar: WorkingCalendar(hours: [], timeZone: zone), timeZone: zone)
        rules.selfResolvedAfter = 2
        return CentreSettings(
            id: "kunshan", area: try AreaCode("320583"), topics: AlertTopics(), brokers: [settings],
            store: folder.file("centre.sqlite"), rules: rules, software: "test")
    }

    private func simulation(_ broker: Broker) throws -> Simulation {
        var simulation = Simulation(
            area: try AreaCode("320583"), broker: MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: ""))
        (simulation.sites, simulation.rate, simulation.duration) = (6, 4, 12)
        (simulation.reportEvery, simulation.patience) = (2, 30)
        return simulation
    }

    /// Runs a centre until the body has returned.
    private func withCentre<Result>(
        _ settings: CentreSettings, _ body: (Centre) async throws -> Result
    ) async throws -> Result {
        let centre = try Centre(settings, logger: noLogger)
        let running = Task { try await centre.work() }
        let result: Result
        do { result = try await body(centre) } catch {
            running.cancel()
            _ = try? await running.value
            throw error
        }
        running.cancel()
        try await running.value
        return result
    }

    private func compared(_ truth: Truth, _ settings: CentreSettings) throws -> TruthCheck {
        try TruthCheck(truth, SQLiteDatabase(file: settings.store, isReadOnly: true))
    }

    @Test(arguments: [MQTTSettings.Version.v5, .v311])
    func `all of a quiet day is stored once, over MQTT 5 and 3.1.1`(version: MQTTSettings.Version) async throws {
        let (folder, broker) = (try TemporaryFolder(), try Broker())
        let settings = try settings(broker, folder, version: version)
        var simulation = try simulation(broker)
        simulation.duration = 5
        simulation.pictures = true
        let simulator = try Simulator(simulation)
        let truth = try await withCentre(settings) { centre in
            #expect(try await eventually { centre.status.connected == 1 })
            let truth = try await simulator.run()
            #expect(try await eventually { centre.status.stored == truth.messages })
            #expect(try await eventually { centre.status.pictures > 0 })
            return truth
        }
        await simulator.close()
        let check = try compared(truth, settings)
        #expect(check.isRight, "\(check.examples)")
        #expect(check.written == 6 * 4 * 5 && check.stored == check.written && truth.unsent == 0)
    }

    @Test func `through outages, restarts, lost databases, drops and wrong clocks nothing is lost without a name`()
        async throws
    {
        let (folder, broker) = (try TemporaryFolder(), try Broker(lines: ["max_queued_messages 0"]))
        var settings = try settings(broker, folder)
        var simulation = try simulation(broker)
        simulation.troubles = .many
        simulation.troubles.outages = 200
        (simulation.twins, simulation.duration) = (0.5, 20)
        for place in simulation.places { for zone in place.zones { settings.rules.places[zone] = place.id } }
        let simulator = try Simulator(simulation)
        let truth = try await withCentre(settings) { centre in
            let desk = SimulatedDesk(
                try SQLiteDatabase(file: settings.store), settings.rules, topics: settings.topics, seed: 1, perSecond: 5
            )
            let truth = try await simulator.run(desk: desk)
            // Replays come five seconds after a gap is noticed, and again half a minute later.
            _ = try await eventually(seconds: 50) { try compared(truth, settings).isRight }
            return truth
        }
        let last = await simulator.truth(of: truth)
        await simulator.close()
        let check = try compared(last, settings)
        #expect(check.isRight, "\(check.examples)")
        #expect(check.stored > 300 && truth.steps.count > 10 && truth.sites.contains { $0.epochs.count > 1 })
        // Sites send by themselves after each of it, and not only what they are asked for.
        #expect(truth.unsent == 0)
    }

    @Test func `a centre that is stopped in the middle asks for what it has missed`() async throws {
        // A broker that keeps ten messages for who is away: the rest is for replay.
        let (folder, broker) = (try TemporaryFolder(), try Broker(lines: ["max_queued_messages 10"]))
        let settings = try settings(broker, folder)
        let simulator = try Simulator(try simulation(broker))
        let running = Task { try await simulator.run() }
        for wait in [3.0, 3] {
            try await withCentre(settings) { _ in try await Task.sleep(for: .seconds(wait)) }
            try await Task.sleep(for: .seconds(2))
        }
        let truth = try await withCentre(settings) { centre in
            let truth = try await running.value
            _ = try await eventually(seconds: 45) { try compared(truth, settings).isRight }
            // The figures are those of the last second.
            #expect(try await eventually { centre.status.missing.isEmpty })
            return truth
        }
        let last = await simulator.truth(of: truth)
        await simulator.close()
        let check = try compared(last, settings)
        #expect(check.isRight && check.stored == check.written, "\(check.examples)")
    }

    @Test func `two brokers are heard, and a site is asked where it was last heard of`() async throws {
        let folder = try TemporaryFolder()
        let (one, two) = (try Broker(), try Broker())
        var settings = try settings(one, folder)
        settings.brokers += try self.settings(two, folder).brokers
        var simulation = try simulation(two)
        (simulation.sites, simulation.duration) = (2, 3)
        let simulator = try Simulator(simulation)
        try await withCentre(settings) { centre in
            #expect(try await eventually { centre.status.connected == 2 })
            let truth = try await simulator.run()
            #expect(try await eventually { centre.status.stored == truth.messages })
            let item = try #require(
                try CentreQueries(SQLiteDatabase(file: settings.store)).cases(.init(), limit: 100).first {
                    $0.stage == .found
                })
            _ = try centre.desk.take(.step(.accept, isConfirmed: true), case: item.id)
            #expect(
                try await eventually {
                    try CentreQueries(SQLiteDatabase(file: settings.store)).find(item.id)?.requests.first?.outcome
                        != nil
                })
        }
        await simulator.close()
    }
}

import Contract
import Domain
import Foundation
import Synchronization

/// Runs a simulation: all its sites at once, then what is left to be sent; and tells what was done.
package final class Simulator: Sendable {
    private let simulation: Simulation
    private let sites: [SimulatedSite]
    private let delivered: Counter

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func add(_ more: Int) { count.withLock { $0 += more } }
        var value: Int { count.withLock(\.self) }
    }

    package init(_ simulation: Simulation) throws {
        self.simulation = simulation
        let catalogue = try Catalogue.builtIn()
        let counter = Counter()
        delivered = counter
        sites = try (0..<simulation.sites).map {
            try SimulatedSite(simulation, number: $0, catalogue: catalogue) { counter.add($0) }
        }
    }

    /// Messages that a broker has taken so far.
    package var count: Int { delivered.value }

    /// Runs to its end. Throws where a client cannot be set up.
    ///
    /// - Parameter desk: people who work at the cases meanwhile.
    package func run(desk: SimulatedDesk? = nil) async throws -> Truth {
        let began = Date()
        let start = ContinuousClock.now + .seconds(1)
        let people = desk.map { desk in Task { await desk.work(until: start + .seconds(simulation.duration)) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for site in sites { group.addTask { try await site.play(from: start) } }
            try await group.waitForAll()
        }
        await people?.value
        let unsent = await withTaskGroup(of: Int.self) { group in
            for site in sites { group.addTask { await site.finish(within: self.simulation.patience) } }
            return await group.reduce(0, +)
        }
        let steps = await desk?.steps ?? []
        var truths: [Truth.Site] = []
        for site in sites { truths.append(await site.truth) }
        return Truth(
            seed: simulation.seed, began: RFC3339.string(from: began, in: .gmt),
            ended: RFC3339.string(from: Date(), in: .gmt), sites: truths, steps: steps, unsent: unsent)
    }

    /// Goes on answering requests, such as for messages that a centre misses, until it is closed.
    package func close() async {
        await withTaskGroup(of: Void.self) { group in
            for site in sites { group.addTask { await site.close() } }
        }
    }

    /// As it is now, after more requests.
    package func truth(of earlier: Truth) async -> Truth {
        var truth = earlier
        truth.sites = []
        for site in sites { truth.sites.append(await site.truth) }
        return truth
    }
}

import Domain
import Foundation
import MQTT
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Contract

@Suite struct SimulationTests {
    private func simulation() throws -> Simulation {
        var simulation = Simulation(
            area: try AreaCode("320583"), broker: MQTTSettings(host: "127.0.0.1", port: 1, clientID: ""))
        (simulation.rate, simulation.duration, simulation.troubles) = (2, 600, .many)
        return simulation
    }

    private func text(_ simulation: Simulation, _ site: Int) -> String {
        let script = SiteScript(simulation, site: site)
        return script.events.map { "\($0.at) \($0.event)" }.joined(separator: "\n") + "\(script.clock)"
    }

    @Test func `the same seed makes the same choices, another one others`() throws {
        var simulation = try simulation()
        let first = text(simulation, 3)
        #expect(text(simulation, 3) == first && text(simulation, 4) != first)
        simulation.sites = 500
        #expect(text(simulation, 3) == first)
        simulation.seed = 2
        #expect(text(simulation, 3) != first)
    }

    @Test(.heavy) func `a script tells as many messages as its rate says, and ends only what has begun`() throws {
        var simulation = try simulation()
        simulation.troubles = Simulation.Troubles()
        for site in 0..<5 {
            let script = SiteScript(simulation, site: site)
            #expect(script.events.count == 1200 && script.clock == 0)
            var open: Set<Int> = []
            for (_, event) in script.events {
                switch event {
                case .open(let number, _, _, _): #expect(open.insert(number).inserted)
                case .update(let number): #expect(open.contains(number))
                case .clear(let number): #expect(open.remove(number) != nil)
                case .review(let number, let verdict):
                    #expect(open.contains(number))
                    if verdict != .confirmed { open.remove(number) }
                default: Issue.record("a trouble")
                }
            }
        }
    }

    @Test func `twins see the same at the same time`() throws {
        var simulation = try simulation()
        (simulation.twins, simulation.sites) = (0.5, 4)
        let twins = (0..<2).map { site in
            SiteScript(simulation, site: site).events.compactMap { at, event -> (Double, Int)? in
                if case .open(_, _, _, let twin?) = event { (at, twin) } else { nil }
            }
        }
        #expect(twins[0].count > 100 && twins[0].map(\.1) == twins[1].map(\.1))
        #expect(zip(twins[0], twins[1]).allSatisfy { abs($0.0 - $1.0) < 60 })
        #expect(simulation.places.count == 2)
    }

    @Test func `an outbox knows what was taken, dropped and told`() {
        var outbox = SimulatedOutbox(epoch: "e")
        for number in 1...6 {
            outbox.append(
                .init(
                    id: "\(number)", incident: "i", revision: number, state: "opened", review: "pending", topic: "",
                    openTopic: "", isOpen: true, payload: [1]))
        }
        #expect(outbox.pending(limit: 3).map(\.sequence) == [1, 2, 3])
        outbox.deliver(1)
        outbox.deliver(3)
        outbox.drop(2)
        #expect(outbox.dropped == [2...2, 4...4] && outbox.pending(limit: 9).map(\.sequence) == [5, 6])
        #expect(outbox.replay(1...9).held == [1, 3, 5, 6] && outbox.replay(1...9).missing == [2...2, 4...4])
        #expect(outbox.lost(isCurrent: true) == [2...2, 4...4] && outbox.lost(isCurrent: false) == [2...2, 4...6])
        #expect(outbox.heard == 3)
        outbox.tell()
        #expect(outbox.heard == 6)
    }

    /// The checker finds what is planted.
    @Test func `a message that is gone, an incident in another state and a stage out of order are problems`() throws {
        let (room, street) = (try Room(), try Street())
        let incidents = (0..<3).map { _ in street.incident(at: room.time.now) }
        let messages = try incidents.enumerated().map { try street.message($0.element, Int64($0.offset) + 1) }
        room.take(messages.map { MQTTMessage(topic: $0.topic, payload: $0.payload) })
        func truth(lost: [[Int64]] = []) -> Truth {
            Truth(
                seed: 1, began: "", ended: "",
                sites: [
                    .init(
                        id: street.site.id, area: "320583102201", clock: 0,
                        epochs: [
                            .init(
                                epoch: street.epoch, ids: messages.map(\.id.text), lost: lost, heard: 3, isCurrent: true
                            )
                        ],
                        incidents: incidents.map {
                            .init(
                                id: $0.id.text, revision: 1, state: "opened", review: "pending", kind: $0.kind.rawValue)
                        }, troubles: [:], requests: 0)
                ], steps: [], unsent: 0)
        }
        func problems(_ truth: Truth, _ script: String = "") throws -> [String: Int] {
            try room.store.write { try $0.run(script: script) }
            return try TruthCheck(truth, room.store, now: room.time.date).problems
        }
        #expect(try problems(truth()) == [:])
        #expect(
            try problems(truth(), "UPDATE incident SET state = 'closed' WHERE id = '\(incidents[0].id.text)'") == [
                "wrong state": 1
            ])
        #expect(
            try problems(
                truth(),
                "UPDATE incident SET state = 'opened'; UPDATE casefile SET stage = 'closed' WHERE lead = '\(incidents[0].id.text)'"
            )
                == ["wrong stage": 1, "wrong sums": 1])
        #expect(
            try problems(truth(), "UPDATE casefile SET stage = 'found'; DELETE FROM message WHERE sequence = 2") == [
                "lost": 1
            ])
        #expect(try problems(truth(lost: [[2, 2]])) == ["lost without a name": 1])
        #expect(
            try problems(truth(lost: [[2, 2]]), "INSERT INTO gap VALUES (1, 2, 2, 0, 0, NULL, NULL, 'lost', 0)") == [:])
        #expect(try problems(truth()) == ["named lost, but held": 1])
    }
}

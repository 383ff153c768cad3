import Contract
import Domain
import EdgeSupport
import Foundation
import MQTT
import Runtime
import Store
import TestSupport
import Testing

@testable import Edge

/// What a reload takes over besides cameras and webhooks: how the broker is reached, who is listened to, pictures, limits, metrics.
@Suite(.waiting) struct EdgeReloadTests {
    private static let car = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    /// A site at which a parked car has been told.
    private func site(_ change: (inout DaemonSettings) -> Void = { _ in }) async throws -> EdgeHarness {
        let site = try EdgeHarness()
        site.configure(change)
        site.park([Self.car])
        try await site.start()
        try await site.look(from: 0, through: 30)
        #expect(try await eventually { site.alerts.states() == ["opened"] })
        return site
    }

    private func review(_ site: EdgeHarness, _ incident: String) -> MQTTMessage {
        MQTTMessage(
            topic: site.settings.topics.inbound(.review, site.settings.site.place, site: "edge-01"),
            text: #"{"id":"r-1","incident":"\#(incident)","verdict":"false_positive","by":"worker-17"}"#)
    }

    @Test func `another broker is gone over to, and the one before is told that the site is offline`() async throws {
        let site = try await site()
        let incident = try #require(site.alerts.first?.subject)
        #expect(try await eventually { try site.report(at: site.broker)?.state == .online })
        #expect(try site.reload { $0.broker.addresses = [.init(host: "other", port: 1)] }.outcome == .applied)
        #expect(try await eventually { try site.report(at: site.other)?.state == .online })
        #expect(try site.report(at: site.broker)?.state == .offline)
        let told = site.alerts.count

        // What is retained is told to the other one, and requests come from there.
        let topics = site.settings.topics
        func retained(_ channel: AlertTopics.Channel) -> Int {
            site.other.retained.keys.count { topics.isChannel(channel, $0) }
        }
        #expect(try await eventually { retained(.open) == 1 })
        let review = review(site, incident)
        #expect(try await eventually { site.other.isHeard(review.topic) })
        #expect(!site.broker.isHeard(review.topic))
        site.other.publish(review)
        #expect(try await eventually { site.alerts(at: site.other).states() == ["withdrawn"] })
        #expect(try await eventually { site.other.received.contains { topics.isChannel(.reply, $0.topic) } })
        #expect(site.alerts.count == told)
        let sequences = (site.alerts + site.alerts(at: site.other)).map { Int($0.sequence) }
        #expect(sequences == Array(1...sequences.count))

        // The same settings again: the connection is left as it is.
        #expect(try site.reload { $0.evidenceDays = 9 }.outcome == .applied)
        try await site.stop()
        #expect(site.other.connections == 1)
    }

    @Test
    func `the form of topics holds for what is told from a reload on, and nothing stays retained under the old one`()
        async throws
    {
        let site = try await site()
        func topics(_ channel: AlertTopics.Channel) -> [String] {
            (site.broker.received.map(\.topic) + site.broker.retained.keys)
                .filter { site.settings.topics.isChannel(channel, $0) }
        }
        #expect(try await eventually { topics(.open).count == 1 })
        #expect((topics(.alert) + topics(.open)).allSatisfy { $0.contains("parking.motor") })
        #expect(try site.reload { $0.topics = AlertTopics(kinds: .underscored) }.outcome == .applied)
        #expect(try await eventually { topics(.open).map { $0.contains("parking_motor") } == [true] })
        site.park([])
        try await site.look(from: 32, through: 80)
        #expect(try await eventually { site.alerts.states() == ["opened", "closed"] })
        #expect(topics(.alert).last?.contains("parking_motor") == true)
        #expect(try await eventually { topics(.open).isEmpty })
        try await site.stop()
    }

    @Test func `what waits for a broker that is away goes to the one that a reload names, once its password is right`()
        async throws
    {
        let site = try await site()
        site.broker.goesAway()
        site.park([])
        try await site.look(from: 32, through: 80)
        site.other.admits { $0.password == "right" }
        func name(_ password: String) throws -> ReloadReport {
            try site.reload {
                $0.broker.addresses = [.init(host: "other", port: 1)]
                ($0.broker.username, $0.broker.password) = ("edge-01", .init(password))
            }
        }
        #expect(try name("wrong").outcome == .applied)
        #expect(try await eventually { site.other.refusedConnections > 0 })
        #expect(site.other.received.isEmpty)
        #expect(try name("right").outcome == .applied)
        #expect(try await eventually { site.alerts(at: site.other).states() == ["closed"] })
        try await site.stop()
        #expect(Set((site.alerts + site.alerts(at: site.other)).map(\.subject)).count == 1)
    }

    @Test func `requests are listened to from a reload on, and are not after another one`() async throws {
        let site = try await site { $0.accessPolicy = nil }
        let incident = try #require(site.alerts.first?.subject)
        let review = review(site, incident)
        #expect(try await eventually { try site.report(at: site.broker)?.state == .online })
        #expect(!site.broker.isHeard(review.topic))
        #expect(try site.reload { $0.accessPolicy = AccessPolicy() }.outcome == .applied)
        #expect(try await eventually { site.broker.isHeard(review.topic) })
        site.broker.publish(review)
        #expect(try await eventually { site.alerts.states() == ["opened", "withdrawn"] })
        #expect(try site.reload { $0.accessPolicy = nil }.outcome == .applied)
        #expect(try await eventually { site.broker.connections == 3 && !site.broker.isHeard(review.topic) })
        try await site.stop()
    }

    @Test func `pictures leave the box from a reload on, and do not after another one`() async throws {
        let site = try await site()
        let topics = site.settings.topics
        func pictures() -> Int { site.broker.received.count { topics.isChannel(.evidence, $0.topic) } }
        func next(from: Double, _ box: Box) async throws {
            func shown() -> Int { Set(site.alerts.filter { !$0.data.evidence.isEmpty }.map(\.subject)).count }
            let before = shown()
            site.park([box])
            try await site.look(from: from, through: from + 50)
            #expect(try await eventually { shown() > before })
        }
        #expect(try await eventually { site.alerts.contains { !$0.data.evidence.isEmpty } })
        #expect(pictures() == 0)
        #expect(try site.reload { $0.publishesEvidence = true }.outcome == .applied)
        try await next(from: 32, Box(x: 0.1, y: 0.7, width: 0.2, height: 0.2))
        #expect(try await eventually { pictures() > 0 })

        #expect(try site.reload { $0.publishesEvidence = false }.outcome == .applied)
        // What was under way at the reload is out before the next alert.
        try await next(from: 84, Box(x: 0.7, y: 0.7, width: 0.2, height: 0.2))
        let sent = pictures()
        try await next(from: 136, Box(x: 0.7, y: 0.1, width: 0.2, height: 0.2))
        try await site.stop()
        #expect(pictures() == sent)
    }

    @Test func `the outbox keeps to the budget of a reload from its next message on`() async throws {
        let site = try await site()
        site.park([])
        try await site.look(from: 32, through: 80)
        #expect(try await eventually { site.alerts.states() == ["opened", "closed"] })
        let store = try Outbox(reading: site.settings.stateFolder.appending(path: "outbox.sqlite"))
        func kept() throws -> Int {
            let counts = try store.counts()
            return counts.delivered + counts.undelivered
        }
        #expect(try kept() >= 2)
        #expect(try site.reload { $0.outboxBudget = OutboxBudget(messages: 1) }.outcome == .applied)
        site.park([Self.car])
        try await site.look(from: 82, through: 120)
        #expect(try await eventually { site.alerts.states() == ["opened", "closed", "opened"] })
        #expect(try await eventually { try kept() == 1 })
        try await site.stop()
    }

    @Test func `the metrics are answered where a reload says, and nowhere without an address`() async throws {
        let site = try await site()
        let places = [try FreePort.tcp(), try FreePort.tcp()].map { LocalSocket.tcp(address: "127.0.0.1", port: $0) }
        func answers(_ place: LocalSocket) -> Bool {
            let answer = try? StatusClient.get("/metrics", from: place)
            return answer.map { String(decoding: $0, as: UTF8.self).contains("gridwarden_camera_looks_total") } ?? false
        }
        for (index, place) in places.enumerated() {
            guard case .tcp(let address, let port) = place else { continue }
            #expect(try site.reload { $0.metrics = (address, port) }.outcome == .applied)
            #expect(try await eventually { answers(place) })
            #expect(!answers(places[1 - index]))
        }
        #expect(try site.reload { $0.metrics = nil }.outcome == .applied)
        #expect(try await eventually { !answers(places[1]) })
        try await site.stop()
    }
}

import Contract
import Domain
import Foundation
import MQTT
import Runtime
import Store

/// The retained state of the site, published anew where it says something else than before. Only the publisher's actor uses it.
final class SiteLane {
    /// To be told at the next opportunity.
    var isDue = false

    private let outbox: Outbox
    private let line: BrokerLine
    private let site: SiteIdentity
    private let inbox: Inbox?
    private let warnings: SiteWarnings
    private let shedding: @Sendable () -> [String]
    private let sinks: SinkBoard
    private let board: BrokerBoard
    // What the last message said.
    private var toldFacts: SiteReport.Facts?
    private var toldWarnings: [String] = []
    private var toldShedding: [String] = []
    private var toldUnheard: [String] = []
    private var toldSinks: [SinkReport] = []
    private var hasToldTrouble = false

    init(
        outbox: Outbox, line: BrokerLine, site: SiteIdentity, inbox: Inbox?, warnings: SiteWarnings,
        shedding: @escaping @Sendable () -> [String], sinks: SinkBoard, board: BrokerBoard
    ) {
        self.outbox = outbox
        self.line = line
        self.site = site
        self.inbox = inbox
        self.warnings = warnings
        self.shedding = shedding
        self.sinks = sinks
        self.board = board
    }

    static func topic(_ site: SiteIdentity, _ topics: AlertTopics) -> String { topics.site(site.place, id: site.id) }

    /// The last will.
    static func will(_ site: SiteIdentity, _ topics: AlertTopics) -> MQTTMessage {
        let report = SiteReport(site, .offline, connected: Date())
        return MQTTMessage(topic: topic(site, topics), payload: WireJSON.bytes(report), retain: true)
    }

    /// The connection has held: what was said of the one before no longer holds.
    ///
    /// - Returns: whether there is something to be told.
    func connectionHeld() -> Bool {
        isDue = isDue || hasToldTrouble
        return hasToldTrouble
    }

    /// What was dropped, what reviews say, what troubles the sinks.
    func refreshIfNews() async throws {
        let facts = try outbox.facts(isCounting: false)
        if facts.dropped != toldFacts?.dropped || facts.evicted != toldFacts?.evicted
            || facts.tallies != toldFacts?.tallies || warnings.texts != toldWarnings
            || shedding() != toldShedding || sinks.completed(facts.sinks).map(\.news) != toldSinks.map(\.news)
        {
            await refresh()
        }
    }

    func refreshIfDue() async {
        guard isDue || board.unheard != toldUnheard else { return }
        isDue = false
        await refresh()
    }

    func refresh() async {
        guard line.isConnected else { return }
        await line.attempt { try await line.publish(retained: message(.online)) }
    }

    func message(_ state: SiteReport.State) throws -> MQTTMessage {
        let facts = try outbox.facts()
        toldFacts = facts
        (toldWarnings, toldShedding) = (warnings.texts, shedding())
        toldSinks = sinks.completed(facts.sinks)
        let link = state == .online ? board.link(of: line.client) : nil
        hasToldTrouble = link?.trouble != nil
        toldUnheard = link?.unheard ?? []
        let report = SiteReport(
            site, state, at: Date(), facts: facts, blocked: board.blocked, certificates: line.client.certificates(),
            warnings: toldWarnings, shedding: toldShedding, refusals: inbox?.refusals ?? [:], broker: link,
            sinks: toldSinks)
        return MQTTMessage(
            topic: Self.topic(site, line.topics), payload: WireJSON.bytes(report), retain: true,
            // What says online must not outlive a broker that never sends the will.
            expiry: state == .online ? UInt32(SiteReport.period + SiteReport.grace) : nil)
    }
}

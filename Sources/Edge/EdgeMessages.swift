import Analytics
import Contract
import Delivery
import Domain
import Logging
import MQTT
import Store

/// Outgoing and incoming messages: the broker's publisher, the other sinks, the inbox.
struct EdgeMessages: Sendable {
    let inbox: Inbox
    let publisher: Publisher
    let sinks: SinkFleet
    /// The current trouble of the sinks.
    let board: SinkBoard

    /// - Parameters:
    ///   - client: creates the connection to the broker.
    ///   - reviewMailbox: receives incidents that a review has ended.
    ///   - snapshots: takes the pictures that a command requests.
    init(
        _ settings: DaemonSettings, _ state: EdgeState, client: @escaping @Sendable (MQTTSettings) -> any BrokerClient,
        reviewMailbox: ReviewMailbox, snapshots: SnapshotTaker, logger: Logger
    ) {
        let inbox = Inbox(
            // The publisher subscribes it for the configured cameras.
            outbox: state.outbox, topics: settings.topics, site: settings.site, places: [],
            policy: settings.accessPolicy, logger: logger, secrets: settings.secrets,
            settled: {
                reviewMailbox.post($0.id, camera: $0.camera)
                state.examples?.consider($0)
            },
            snapshot: { await snapshots.take($0) })
        let board = SinkBoard(secrets: settings.secrets, timeZone: settings.site.timeZone)
        let publisher = Publisher(
            outbox: state.outbox, broker: settings.broker, topics: settings.topics, site: state.site, logger: logger,
            inbox: inbox, pictures: settings.evidenceFolder, warnings: state.warnings,
            shedding: { [shed = state.shed] in shed.value.map(\.rawValue) }, refusals: settings.refusals, sinks: board,
            dialects: BrokerDialects(settings, catalogue: state.catalogue), client: client)
        let changed = { @Sendable in publisher.notify() }
        let sinks = SinkFleet(
            settings.webhooks, outbox: state.outbox, board: board, logger: logger, changed: changed
        ) { webhook in
            SinkRunner(
                WebhookSink(webhook, software: settings.site.software), refusals: webhook.refusals,
                outbox: state.outbox, board: board, logger: logger, changed: changed)
        }
        // Reviews write messages as well.
        state.outbox.onAppend { sinks.notify() }
        (self.inbox, self.publisher, self.sinks, self.board) = (inbox, publisher, sinks, board)
    }

    /// Signals that there is a new message, or that a held one may now be sent.
    func notify() {
        publisher.notify()
        sinks.notify()
    }
}

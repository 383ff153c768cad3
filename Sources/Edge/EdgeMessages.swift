import Analytics
import Contract
import Delivery
import Domain
import Logging
import MQTT
import Store

/// What goes out and what comes in: the broker's publisher, the sinks beside it, the inbox.
struct EdgeMessages: Sendable {
    let inbox: Inbox?
    let publisher: Publisher
    let sinks: SinkFleet
    /// What troubles the sinks.
    let board: SinkBoard

    /// - Parameters:
    ///   - client: makes what speaks with the broker.
    ///   - reviewMailbox: hear of incidents that a review has ended.
    ///   - snapshots: take the pictures that a command asks for.
    init(
        _ settings: DaemonSettings, _ state: EdgeState, client: @Sendable (MQTTSettings) -> any BrokerClient,
        reviewMailbox: ReviewMailbox, snapshots: SnapshotTaker, logger: Logger
    ) {
        let inbox = settings.authority.map { authority in
            Inbox(
                // The publisher has it listen to the cameras that are configured.
                outbox: state.outbox, topics: settings.topics, site: settings.site, places: [],
                authority: authority, logger: logger, secrets: settings.secrets,
                settled: {
                    reviewMailbox.post($0.id, camera: $0.camera)
                    state.examples?.consider($0)
                },
                snapshot: { await snapshots.take($0) })
        }
        let board = SinkBoard(secrets: settings.secrets, timeZone: settings.site.timeZone)
        let publisher = Publisher(
            outbox: state.outbox, broker: settings.broker, topics: settings.topics, site: state.site, logger: logger,
            inbox: inbox, pictures: settings.publishesEvidence ? settings.evidenceFolder : nil,
            warnings: state.warnings, refusals: settings.refusals, sinks: board, client: client)
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

    /// Says that there is something new to be sent, or that something held may go out now.
    func notify() {
        publisher.notify()
        sinks.notify()
    }
}

import Contract
import Domain
import Logging
import MQTT
import Store

/// The retained states of cameras and incidents. Only the publisher's actor uses it, but for the mailbox.
final class RetainedLane {
    private let outbox: Outbox
    private let line: BrokerLine
    private let site: SiteIdentity
    private let mailbox: StateMailbox
    private let logger: Logger
    /// The topics that may be retained; nil where nobody has said.
    private var standing: Set<String>?
    private var noted: Set<String> = []

    init(outbox: Outbox, line: BrokerLine, site: SiteIdentity, mailbox: StateMailbox, logger: Logger) {
        self.outbox = outbox
        self.line = line
        self.site = site
        self.mailbox = mailbox
        self.logger = logger
    }

    /// From now on these cameras are configured.
    func serve(_ cameras: [CameraIdentity]) {
        let topics = Set(cameras.map { line.topics.camera($0.place, id: $0.id) })
        mailbox.keep(topics)
        standing = topics.union([SiteLane.topic(site, line.topics)])
    }

    /// Tells a new connection what is retained: the site, the cameras, and each open incident.
    func announce(_ state: MQTTMessage) async throws {
        let states = [state] + mailbox.takeAll()
        for state in states { note(state.topic) }
        let open = try outbox.retainedOpen().map {
            MQTTMessage(topic: $0.openTopic, payload: $0.payload, retain: true)
        }
        await line.publish(retained: states + open)
    }

    /// Sends the states that were posted since the last time; a new connection is told those that it did not get.
    func advance() async {
        let due = mailbox.takeDue()
        for message in due { note(message.topic) }
        await line.publish(retained: due)
    }

    /// Empties what the broker still retains of cameras that are not configured any more, also from before a restart.
    func forgetOthers() async {
        guard let standing else { return }
        do {
            for topic in try outbox.retainedStates().subtracting(standing).sorted() {
                let isEmptied = await line.attempt {
                    try await line.publish(retained: MQTTMessage(topic: topic, payload: [], retain: true))
                }
                guard isEmptied else { continue }
                try outbox.forget(retained: topic)
                noted.remove(topic)
            }
        } catch {
            logger.error("states of former cameras may stay retained", metadata: ["reason": "\(error)"])
        }
    }

    private func note(_ topic: String) {
        guard noted.insert(topic).inserted else { return }
        do { try outbox.note(retained: topic) } catch {
            noted.remove(topic)
            logger.error("could not note a retained topic", metadata: ["reason": "\(error)"])
        }
    }
}

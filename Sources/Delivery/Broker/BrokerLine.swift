import Contract
import Logging
import MQTT

/// The way to the broker that all lanes share. It spells topics as the broker has them, and finds out over what the broker
/// breaks the connection: as long as anything is suspected, one thing is under way at a time.
///
/// Only the publisher's actor uses it.
final class BrokerLine {
    /// Messages that may await their acknowledgement at a time.
    static let mostUnderWay = 20
    /// A connection that ends so soon after a refusal ended because of it.
    private static let hangUp = Duration.seconds(2)

    /// What was handed over in which session, or why it could not be.
    struct Sending {
        let message: MQTTMessage
        /// Of a message that is not retained: its topic alone would not tell it from others.
        let name: String?
        let session: Int
        let at: ContinuousClock.Instant
        let receipt: Result<MQTTReceipt, MQTTError>
    }

    /// What the broker refused last, with a word: it may hang up right after that.
    private struct Refused {
        let thing: String
        /// The class of a retained topic.
        let retained: String?
        let session: Int
        let cause: String
        let at: ContinuousClock.Instant
    }

    private(set) var client: any BrokerClient
    /// As the broker has them.
    private(set) var topics: AlertTopics
    private let journal: BrokerJournal
    private let board: BrokerBoard
    private var objections = BrokerObjections()
    private var refusal: Refused?
    /// When a connection last ended so that what was under way may be to blame.
    private var end: ContinuousClock.Instant?
    /// What was refused over a connection that had ended, as it turned out, right after that.
    private var hungUpOver: String?

    init(_ client: any BrokerClient, topics: AlertTopics, journal: BrokerJournal, board: BrokerBoard) {
        self.client = client
        self.topics = topics
        self.journal = journal
        self.board = board
    }

    /// Another broker, or the same one in another way: nothing is held against it.
    func goOver(to client: any BrokerClient, topics: AlertTopics) {
        (self.client, self.topics) = (client, topics)
        objections = BrokerObjections()
        (refusal, end, hungUpOver) = (nil, nil, nil)
        tellLeftOut()
    }

    var isConnected: Bool { client.isConnected }
    /// The broker breaks the connection over something, and it is not known yet over what.
    var isCautious: Bool { objections.isCautious }
    /// How many messages may be under way at a time.
    var window: Int { isCautious ? 1 : Self.mostUnderWay }

    /// A new connection: what was left out for long may be tried again.
    func begin() {
        objections.reconsider(at: .now)
        tellLeftOut()
        journal.withdraw(.retained)
    }

    /// The broker has broken the connection over this often enough.
    func isSuspected(_ thing: String) -> Bool { objections.isSuspected(thing) }

    /// The broker has refused this with a word, and had hung up over it often enough before that word was heard.
    func hasHungUp(over thing: String) -> Bool { hungUpOver == thing }

    /// Whether the broker takes this retained message, so far as is known.
    func isWanted(_ message: MQTTMessage) -> Bool {
        client.retains && !objections.leavesOut(message.topic, of: className(message.topic))
    }

    /// - Parameter isOnWire: the topic is spelt as the broker has it, which may be in another form than ours.
    func handOver(_ message: MQTTMessage, name: String? = nil, isOnWire: Bool = false) -> Sending {
        var onWire = message
        if !isOnWire { onWire.topic = topics.onWire(message.topic) }
        return Sending(
            message: message, name: name, session: client.sessions, at: .now,
            receipt: Result { () throws(MQTTError) in try client.send(onWire) })
    }

    /// Returns with the broker's acknowledgement. To be asked in the order of sending: what is the first without one when the
    /// connection breaks is suspected.
    func acknowledgement(of sending: Sending) async throws(MQTTError) {
        let thing = sending.name ?? sending.message.topic
        let retained = sending.message.retain ? className(sending.message.topic) : nil
        hungUpOver = nil
        do {
            try await sending.receipt.get().acknowledged()
            objections.took(thing, of: retained)
        } catch {
            if error.blamesMessage {
                blame(thing, of: retained, session: sending.session)
            } else if error.kind != .disconnected {
                // Refused before on this connection, and that has outlived it.
                if refusal?.thing == thing, refusal?.session == sending.session {
                    objections.took(thing, of: retained)
                }
                refusal = Refused(
                    thing: thing, retained: retained, session: sending.session, cause: error.cause, at: .now)
                // Of the two, the word and the end right after it, either may be heard first.
                if let end, end > sending.at, .now - end < Self.hangUp {
                    blame(thing, of: retained, session: sending.session)
                    hungUpOver = objections.isSuspected(thing) ? thing : nil
                }
            }
            throw error
        }
    }

    /// Several at a time; one at a time where the broker breaks the connection over something.
    func publish(retained messages: [MQTTMessage]) async {
        var rest = messages.filter(isWanted)[...]
        while !rest.isEmpty {
            let sent = rest.prefix(window).map { handOver($0) }
            for sending in sent { await attempt { try await self.acknowledgement(of: sending) } }
            guard isConnected else { return }
            rest = rest.dropFirst(sent.count).filter(isWanted)[...]
        }
    }

    /// One that the broker does not take is left out, which is no failure.
    func publish(retained message: MQTTMessage, isOnWire: Bool = false) async throws(MQTTError) {
        guard isWanted(message) else { return }
        try await acknowledgement(of: handOver(message, isOnWire: isOnWire))
    }

    /// A refused retained state must not hold up the alerts. False where it failed.
    @discardableResult
    func attempt(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch let error as MQTTError where error.kind == .disconnected {
            // The next connection tells it again.
        } catch {
            // Of many cameras one line.
            journal.say(
                .retained, .error, "a retained state was not published", ["reason": "\(error)"],
                cause: (error as? MQTTError)?.cause ?? "\(error)")
        }
        return false
    }

    /// A filter over which the broker breaks the connection is left out: alerts must go out all the same.
    func subscribe(_ filter: String, retainAsPublished: Bool) async throws(MQTTError) {
        let thing = "filter \(filter)"
        if objections.isSuspected(thing) { throw Self.breaking("subscribe to \(filter)") }
        let session = client.sessions
        do {
            try await client.subscribe(filter, retainAsPublished: retainAsPublished, isRenewed: false)
            objections.took(thing)
        } catch {
            if error.blamesMessage { blame(thing, of: nil, session: session) }
            throw error
        }
    }

    /// The connection has ended. Nothing need be under way where a broker refuses something and hangs up.
    ///
    /// - Returns: what was refused right before that, and is suspected now.
    func ended(_ error: MQTTError) -> (thing: String, cause: String)? {
        guard error.blamesMessage else { return nil }
        end = .now
        guard let last = refusal, ContinuousClock.now - last.at < Self.hangUp else { return nil }
        blame(last.thing, of: last.retained, session: last.session)
        return objections.isSuspected(last.thing) ? (last.thing, last.cause) : nil
    }

    /// The connection broke while this was the first thing under way. Where something else had just been refused, it was that.
    private func blame(_ thing: String, of retained: String?, session: Int) {
        let now = ContinuousClock.now
        if let last = refusal, last.session == session, now - last.at < Self.hangUp {
            _ = objections.broke(over: last.thing, of: last.retained, session: session, at: now)
        } else {
            _ = objections.broke(over: thing, of: retained, session: session, at: now)
        }
        tellLeftOut()
    }

    private func tellLeftOut() {
        let names = objections.leftOut
        board.leftOut = names
        guard !names.isEmpty else {
            journal.withdraw(.leftOut)
            return
        }
        let text = names.joined(separator: ", ")
        journal.say(
            .leftOut, .warning, "the broker breaks the connection over retained messages, they are left out",
            ["topics": "\(text)"], cause: text)
    }

    private func className(_ topic: String) -> String {
        [.site, .camera, .open].first { topics.isChannel($0, topic) }.map(\.rawValue) ?? "retained"
    }

    static func breaking(_ operation: String) -> MQTTError {
        MQTTError(
            kind: .refused, operation: operation, cause: "the broker breaks the connection over this message",
            remedy: "the broker's own log says why; docs/operator.md names what brokers object to")
    }
}

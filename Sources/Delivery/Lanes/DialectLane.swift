import Contract
import Foundation
import Logging
import MQTT
import Store

/// What the broker gets in other dialects: for each a `DialectMember`. It has its turn when no alert waits, one step at a time, and
/// nothing of it fails anybody else. Only the publisher's actor uses it.
final class DialectLane {
    /// Seconds after which a store that could not be read or written is asked again.
    private static let storeWait = 2.0

    private let outbox: Outbox
    private let line: BrokerLine
    private let sinks: SinkBoard
    private let logger: Logger
    private let wakeLater: (Duration) -> Void
    private let chance: @Sendable () -> Double
    private var settings: BrokerDialects?
    private var refusals: DeliveryLoop.Refusals
    private var members: [DialectMember] = []
    /// Topics that a broker may retain and that stand no longer, in the order in which they are to be emptied.
    private var former: [String] = []
    /// The settings are not taken over yet.
    private var isDue: Bool
    private var turn = 0
    private var fault: String?
    /// Nothing more is sent: the farewell has no time to lose.
    var isStopping = false

    /// - Parameters:
    ///   - settings: nil where nobody says which there are: then what is retained of others is left alone.
    ///   - chance: see `DeliveryLoop`.
    ///   - wakeLater: has `advance` called after that time.
    init(
        outbox: Outbox, line: BrokerLine, sinks: SinkBoard, settings: BrokerDialects?,
        refusals: DeliveryLoop.Refusals, chance: @escaping @Sendable () -> Double, logger: Logger,
        wakeLater: @escaping (Duration) -> Void
    ) {
        self.outbox = outbox
        self.line = line
        self.sinks = sinks
        self.settings = settings
        self.refusals = refusals
        self.chance = chance
        self.logger = logger
        self.wakeLater = wakeLater
        isDue = settings != nil
    }

    /// From now on there are these, of these cameras.
    func adopt(_ settings: BrokerDialects) {
        self.settings = settings
        isDue = true
    }

    /// What becomes of refusals from now on.
    func adopt(_ refusals: DeliveryLoop.Refusals) {
        self.refusals = refusals
        for member in members { member.adopt(refusals) }
    }

    /// A new connection, whose broker may know nothing of what is to be retained.
    func begin() {
        for member in members { member.begin() }
    }

    /// Sends one step of what waits; false where nothing does, or it must wait.
    func advance() async -> Bool {
        guard !isStopping, line.isConnected else { return false }
        return await heeding {
            try takeOver()
            for member in members { former += member.takeGone() }
            if try await emptyFormer() { return true }
            for offset in members.indices {
                let index = (turn + offset) % members.count
                if try await members[index].advance() {
                    turn = (index + 1) % members.count
                    return true
                }
            }
            return false
        }
    }

    /// Sends one picture; false where none is left.
    func advancePictures() async -> Bool {
        guard !isStopping, line.isConnected else { return false }
        return await heeding {
            for member in members {
                if try await member.advancePicture() { return true }
            }
            return false
        }
    }

    /// Has pictures emptied whose files are gone: they must not outlive the evidence. Returns whether there are any.
    func tidy() -> Bool {
        for member in members { member.findGone() }
        return members.contains(where: \.hasGone)
    }

    /// Whatever the disk says: alerts do not wait for it.
    private func heeding(_ body: () async throws -> Bool) async -> Bool {
        do {
            let hasSent = try await body()
            fault = nil
            return hasSent
        } catch let error as MQTTError where error.kind == .disconnected {
            // That is said by itself.
        } catch {
            if fault != "\(error)" {
                logger.error("a dialect cannot go on", metadata: ["error": "\(error)"])
                fault = "\(error)"
            }
            wakeLater(.seconds(Self.storeWait))
        }
        return false
    }

    private func takeOver() throws {
        guard isDue, let settings else { return }
        try outbox.serve(sinks: settings.dialects.map { SinkFamily.sink(of: $0.name) }, of: .dialects)
        let before = members
        members = try settings.dialects.map { dialect in
            let name = SinkFamily.sink(of: dialect.name)
            if let member = before.first(where: { $0.name == name }) {
                member.adopt(dialect, settings.site)
                return member
            }
            return DialectMember(
                dialect, settings.site, state: try outbox.dialectState(sink: name), outbox: outbox, line: line,
                sinks: sinks, refusals: refusals, chance: chance, logger: logger, wakeLater: wakeLater)
        }
        for member in before where !members.contains(where: { $0 === member }) { sinks.forget(member.name) }
        let topics = try outbox.dialectTopics()
        for member in members { member.know(topics.filter { $0.dialect == member.name }) }
        former = topics.filter { topic in
            !(members.first { $0.name == topic.dialect }?.keeps(topic.topic) ?? false)
        }.map(\.topic)
        isDue = false
    }

    /// Empties what stands no longer, also from before a restart.
    private func emptyFormer() async throws -> Bool {
        guard !former.isEmpty else { return false }
        let topics = Array(former.prefix(line.window))
        let sent = topics.map { topic in
            let message = MQTTMessage(topic: topic, payload: [], retain: true)
            return (topic, line.isWanted(message) ? line.handOver(message) : nil)
        }
        var emptied: [String] = []
        for (topic, sending) in sent {
            guard let sending else { continue }
            if await line.attempt({ try await line.acknowledgement(of: sending) }) { emptied.append(topic) }
        }
        guard line.isConnected else { throw MQTTError.notConnected("empty retained topics") }
        // What the broker does not let us empty is tried again after the next start.
        former.removeFirst(topics.count)
        for member in members { member.forget(emptied) }
        try outbox.forget(dialectTopics: emptied)
        return true
    }
}

import Contract
import Foundation
import Hashing
import Logging
import MQTT
import Store

/// One dialect on its way to the broker: what is to be retained, then the alerts after its cursor, in sequence, then its newest
/// pictures. Only the publisher's actor uses it.
final class DialectMember {
    /// Seconds for which a topic is left in peace over which the broker breaks the connection.
    private static let breakWait = 600.0
    /// Seconds after which a new connection is told a picture again that an earlier one has had.
    private static let pictureAge = 3600.0
    private static let mostBytes = 4 << 20
    /// For one alert, roughly: as many fewer alerts are under way at a time.
    private static let mostMessages = 3

    private struct Shown {
        let picture: DialectTopic.Picture
        /// By the clock that only runs; nil where it is to be sent.
        var sent: Double?
    }

    /// Something that is to be told: a message of the store, or what follows from none.
    private struct Item {
        let alert: AlertMessage?
        let event: AlertEvent?
        /// Why it cannot be told.
        var fault: String?
    }

    let name: String
    private var dialect: any BrokerDialect
    private var site: DialectSite
    private let outbox: Outbox
    private let line: BrokerLine
    private let sinks: SinkBoard
    private let logger: Logger
    private let wakeLater: (Duration) -> Void
    private let chance: @Sendable () -> Double

    private var book: DialectBook
    private var cursor: Int64
    private var loop: DeliveryLoop
    /// What is to be retained and has not been acknowledged on this connection.
    private var due: [DialectMessage] = []
    private var standing: Set<String> = []
    /// What this connection has acknowledged, by topic.
    private var acknowledged: [String: [UInt8]] = [:]
    private var noted: Set<String> = []
    private var pictures: [String: Shown] = [:]
    /// Topics whose picture may not be shown any more.
    private var gone: [String] = []
    /// What was told and the disk does not know yet.
    private var unsettled: DialectProgress?
    /// Something may be missing in the messages.
    private var isDoubtful = true
    /// The last alert was taken: several may be under way.
    private var isFlowing = false
    /// The end of the rest for which a wake-up was ordered.
    private var wakes = 0.0

    init(
        _ dialect: any BrokerDialect, _ site: DialectSite, state: DialectState, outbox: Outbox, line: BrokerLine,
        sinks: SinkBoard, refusals: DeliveryLoop.Refusals, chance: @escaping @Sendable () -> Double, logger: Logger,
        wakeLater: @escaping (Duration) -> Void
    ) {
        name = SinkFamily.sink(of: dialect.name)
        self.dialect = dialect
        self.site = site
        self.outbox = outbox
        self.line = line
        self.sinks = sinks
        self.chance = chance
        self.logger = logger
        self.wakeLater = wakeLater
        book = DialectBook(state)
        cursor = state.cursor
        loop = Self.loop(refusals)
        stand()
    }

    private static func loop(_ refusals: DeliveryLoop.Refusals) -> DeliveryLoop {
        var waits = DeliveryLoop.Waits()
        // A word of refusal costs the broker nothing; one that has been mended is noticed within minutes.
        waits.refusals = 10...300
        return DeliveryLoop(refusals: refusals, waits: waits)
    }

    func adopt(_ refusals: DeliveryLoop.Refusals) {
        if refusals != loop.refusals { loop = Self.loop(refusals) }
    }

    func adopt(_ dialect: any BrokerDialect, _ site: DialectSite) {
        (self.dialect, self.site) = (dialect, site)
        stand()
    }

    /// A new connection.
    func begin() {
        acknowledged = [:]
        isDoubtful = true
        isFlowing = false
        let now = now
        for (topic, shown) in pictures where shown.sent.map({ now - $0 > Self.pictureAge }) ?? false {
            pictures[topic]?.sent = nil
        }
        stand()
    }

    /// What is retained for it already.
    func know(_ topics: [DialectTopic]) {
        noted = Set(topics.map(\.topic))
        pictures = pictures.filter { keeps($0.key) }
        for topic in topics where keeps(topic.topic) {
            guard let picture = topic.picture, pictures[topic.topic] == nil else { continue }
            pictures[topic.topic] = Shown(picture: picture)
        }
    }

    func keeps(_ topic: String) -> Bool { standing.contains(topic) || dialect.keeps(topic, site) }

    /// They were emptied.
    func forget(_ topics: [String]) {
        noted.subtract(topics)
        for topic in topics { acknowledged[topic] = nil }
    }

    /// Finds out which pictures are gone from the evidence folder.
    func findGone() {
        guard let folder = site.pictures?.folder else { return }
        for (topic, shown) in pictures
        where !FileManager.default.fileExists(atPath: folder.appending(path: shown.picture.file).path) {
            pictures[topic] = nil
            gone.append(topic)
        }
    }

    var hasGone: Bool { !gone.isEmpty }

    /// Topics that are to be emptied.
    func takeGone() -> [String] {
        defer { gone = [] }
        return gone.sorted()
    }

    private func stand() {
        let messages = dialect.standing(site, book)
        standing = Set(messages.map(\.topic))
        due = messages.filter { message in
            guard case .bytes(let bytes) = message.content else { return false }
            return acknowledged[message.topic] != bytes
        }
    }

    /// Sends one step of what waits; false where nothing does, or it must wait.
    func advance() async throws -> Bool {
        try settle()
        if case .rest(let until) = loop.next(now: now) {
            if until != wakes {
                wakes = until
                wakeLater(.seconds(max(0.01, until - now)))
            }
            return false
        }
        if !due.isEmpty { return try await advanceStanding() }
        let alerts = try outbox.pending(sink: name, limit: isFlowing ? max(1, line.window / Self.mostMessages) : 1)
        if let first = alerts.first {
            // Others had to make room, or were dropped.
            if first.sequence != cursor + 1 { isDoubtful = true }
            return try await tell(alerts.map(Self.item))
        }
        guard isDoubtful else { return false }
        isDoubtful = false
        let missing = try missing()
        return missing.isEmpty ? false : try await tell(missing)
    }

    private static func item(_ alert: AlertMessage) -> Item {
        do { return Item(alert: alert, event: try AlertEvent(json: Data(alert.payload))) } catch {
            return Item(alert: alert, event: nil, fault: "it cannot be read: \(error)")
        }
    }

    /// What is so and no message tells.
    private func missing() throws -> [Item] {
        let differences = try outbox.dialectDifferences(sink: name)
        let ends = differences.ends.compactMap { end in
            book.event(of: end.incident).map { Item(alert: nil, event: $0.ended(end.last, at: Date())) }
        }
        let opens = differences.opens.compactMap { alert in
            (try? AlertEvent(json: Data(alert.payload))).map { Item(alert: nil, event: $0) }
        }
        return ends + opens
    }

    private func advanceStanding() async throws -> Bool {
        let part = due.prefix(line.window)
        try note(part)
        let sent = part.map { (message: $0, sending: handOver($0, name: "")) }
        var failure: (message: DialectMessage, outcome: DeliveryLoop.Outcome)?
        var done: Set<String> = []
        for (message, sending) in sent {
            switch await outcome(of: sending) {
            case .taken:
                done.insert(message.topic)
                if case .bytes(let bytes) = message.content { acknowledged[message.topic] = bytes }
            case let outcome: failure = failure ?? (message, outcome)
            }
        }
        due.removeAll { done.contains($0.topic) }
        guard let failure else {
            conclude(.taken, sequence: cursor)
            return true
        }
        if case .unknown = failure.outcome { return false }
        switch conclude(failure.outcome, sequence: cursor) {
        case .again: break
        // The next connection is told it again.
        case .advance, .giveUp, .drop: due.removeAll { $0.topic == failure.message.topic }
        }
        return true
    }

    /// Hands all over, and takes in what was acknowledged up to the first that was not.
    private func tell(_ items: [Item]) async throws -> Bool {
        var scratch = book
        var plans: [(item: Item, messages: [DialectMessage])] = []
        for var item in items {
            var messages: [DialectMessage] = []
            let change = item.event.flatMap { scratch.take($0) }
            do { messages = try change.map { try dialect.messages($0, site) } ?? [] } catch {
                item.fault = "it cannot be told: \(error)"
            }
            plans.append((item, messages.filter { !$0.isRetained || keeps($0.topic) }))
        }
        try note(plans.flatMap(\.messages))
        let sent = plans.map { plan in
            let thing = plan.item.alert.map { "\(name) \($0.sequence)" } ?? "\(name) \(plan.item.event?.subject ?? "")"
            return (
                plan: plan,
                sendings: plan.messages.enumerated().map { handOver($0.element, name: "\(thing) \($0.offset)") }
            )
        }
        var progress = DialectProgress()
        var isOpen = true
        for (plan, sendings) in sent {
            // Asked for in the order of sending, also behind a failure.
            var outcome = DeliveryLoop.Outcome.taken
            for sending in sendings {
                let one = await self.outcome(of: sending)
                if outcome == .taken { outcome = one }
            }
            if let fault = plan.item.fault { outcome = .unsendable(reason: fault) }
            guard isOpen else { continue }
            isOpen = conclude(plan, outcome, &progress)
        }
        isFlowing = isOpen
        unsettled = progress.isEmpty ? nil : progress
        try settle()
        return isOpen
    }

    /// Whether the item is done with.
    private func conclude(
        _ plan: (item: Item, messages: [DialectMessage]), _ outcome: DeliveryLoop.Outcome,
        _ progress: inout DialectProgress
    ) -> Bool {
        if outcome == .unknown {
            isDoubtful = true
            return false
        }
        let (item, sequence) = (plan.item, plan.item.alert?.sequence ?? cursor)
        switch conclude(outcome, sequence: sequence) {
        case .advance:
            take(item, &progress)
            for message in plan.messages {
                switch message.content {
                case .bytes(let bytes): if message.isRetained { acknowledged[message.topic] = bytes }
                case .picture(let picture): show(picture, on: message.topic, &progress)
                }
            }
        case .giveUp(let reason), .drop(let reason):
            let reason = sinks.redact(reason)
            logger.error(
                "a message is not told in a dialect",
                metadata: ["sink": "\(name)", "sequence": "\(sequence)", "reason": "\(reason)"])
            if let alert = item.alert { progress.refusals.append((alert, reason)) }
            // An end that nobody may hear is none that is owed.
            if let event = item.event, !event.data.incident.isOpen {
                book.forget(event.subject)
                progress.told.updateValue(nil, forKey: event.subject)
            }
        case .again:
            isDoubtful = isDoubtful || item.alert == nil
            return false
        }
        if let alert = item.alert {
            progress.through = alert
            cursor = max(cursor, alert.sequence)
        }
        return true
    }

    private func take(_ item: Item, _ progress: inout DialectProgress) {
        guard let event = item.event, let change = book.take(event) else { return }
        let payload = change.step == .ends ? nil : item.alert?.payload ?? WireJSON.bytes(event)
        progress.told.updateValue(payload, forKey: event.subject)
        let rule = change.rule.rule
        progress.totals.removeAll { ($0.camera, $0.zone, $0.kind) == (rule.camera, rule.zone, rule.kind) }
        progress.totals.append(
            DialectTotal(
                camera: rule.camera, zone: rule.zone, kind: rule.kind, opened: change.rule.opened,
                changed: change.rule.changed ?? event.time))
    }

    private func show(_ picture: DialectPicture, on topic: String, _ progress: inout DialectProgress) {
        guard pictures[topic]?.picture.sha256 != picture.sha256 else { return }
        let picture = DialectTopic.Picture(file: picture.file, sha256: picture.sha256)
        pictures[topic] = Shown(picture: picture)
        progress.pictures[topic] = picture
    }

    /// Writes down what was told. While the disk takes nothing it stays in memory, and is not told again.
    private func settle() throws(OutboxError) {
        guard let progress = unsettled else { return }
        try outbox.settle(dialect: name, progress)
        unsettled = nil
    }

    /// What is about to be retained, before it is: a kill must not leave a topic that nobody knows of.
    private func note(_ messages: some Sequence<DialectMessage>) throws(OutboxError) {
        let topics = Set(messages.filter { $0.isRetained && !noted.contains($0.topic) }.map(\.topic))
        guard !topics.isEmpty else { return }
        // In the order of sending.
        var order: [String] = []
        for message in messages where topics.contains(message.topic) && !order.contains(message.topic) {
            order.append(message.topic)
        }
        try outbox.note(dialect: name, topics: order)
        noted.formUnion(topics)
    }

    // MARK: The broker

    /// Nil for what is not sent now: a picture, or what the broker does not let be retained.
    private func handOver(_ message: DialectMessage, name: String) -> BrokerLine.Sending? {
        guard case .bytes(let bytes) = message.content else { return nil }
        let wire = MQTTMessage(topic: message.topic, payload: bytes, retain: message.isRetained)
        guard message.isRetained else { return line.handOver(wire, name: name) }
        return line.isWanted(wire) ? line.handOver(wire) : nil
    }

    private func outcome(of sending: BrokerLine.Sending?) async -> DeliveryLoop.Outcome {
        guard let sending else { return .taken }
        do {
            try await line.acknowledgement(of: sending)
            return .taken
        } catch {
            switch error.kind {
            case .unsendable: return .unsendable(reason: error.cause)
            case .refused, .settings:
                return error.isAboutMessage
                    ? .refused(reason: error.cause, remedy: error.remedy)
                    : .failed(reason: error.cause, remedy: error.remedy)
            case .disconnected:
                guard let thing = sending.name, line.isSuspected(thing) else { return .unknown }
                // Each try costs all others the connection.
                return .failed(
                    reason: "the broker breaks the connection over \(sending.message.topic): \(error.cause)",
                    retryAfter: Self.breakWait)
            }
        }
    }

    @discardableResult
    private func conclude(_ outcome: DeliveryLoop.Outcome, sequence: Int64) -> DeliveryLoop.Conclusion {
        let before = loop.trouble
        let conclusion = loop.conclude(outcome, now: now, chance: chance())
        let trouble = loop.trouble
        guard before != nil || trouble != nil else { return conclusion }
        sinks.set(
            trouble, of: name, sequence: sequence, since: Date(timeIntervalSinceNow: (trouble?.since ?? 0) - now))
        if before?.reason != trouble?.reason {
            if let trouble {
                logger.warning(
                    "the broker takes nothing of a dialect now",
                    metadata: ["sink": "\(name)", "reason": "\(sinks.redact(trouble.reason))"])
            } else {
                logger.notice("the broker takes a dialect again", metadata: ["sink": "\(name)"])
            }
        }
        return conclusion
    }

    /// Sends the next picture that is due; false where none is.
    func advancePicture() async throws -> Bool {
        guard let site = site.pictures,
            let (topic, shown) = pictures.filter({ $0.value.sent == nil }).min(by: { $0.key < $1.key })
        else { return false }
        pictures[topic]?.sent = now
        let file = site.folder.appending(path: shown.picture.file)
        guard let bytes = try? Data(contentsOf: file), bytes.count <= Self.mostBytes,
            try SHA256.hex(bytes) == shown.picture.sha256
        else {
            pictures[topic] = nil
            gone.append(topic)
            logger.warning(
                "a picture of a dialect is gone, was changed or is too large",
                metadata: ["sink": "\(name)", "file": "\(shown.picture.file)"])
            return true
        }
        // It may have been emptied since the message that brought it.
        try note([DialectMessage(topic: topic, .bytes([]), isRetained: true)])
        let message = MQTTMessage(
            topic: topic, payload: Array(bytes), retain: true, expiry: UInt32(clamping: max(1, site.age)))
        let isSent = await line.attempt { try await line.publish(retained: message) }
        if !isSent, !line.isConnected { pictures[topic]?.sent = nil }
        return line.isConnected
    }

    /// Seconds, by a clock that only runs.
    private var now: Double { ProcessInfo.processInfo.systemUptime }
}

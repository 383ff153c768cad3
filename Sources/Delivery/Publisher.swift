public import Contract
public import Domain
public import Foundation
import Hashing
public import Logging
public import MQTT
import Runtime
public import Store
import Synchronization
import Threading

/// Sends the outbox to the broker, in sequence, and marks as delivered what the broker has acknowledged.
///
/// It also keeps the retained topics: the open incidents, the cameras and the site; hands what comes in to the inbox,
/// and sends its answers, what is to be sent again, and pictures.
public actor Publisher {
    /// Messages that may await their acknowledgement at a time.
    private static let window = 20
    /// A wait after a fault that has nothing to do with the connection.
    private static let retryDelay = Duration.seconds(2)
    /// A connection that ends so soon after a refusal ended because of it.
    private static let hangUp = Duration.seconds(2)
    /// How long retained incidents are looked for.
    private static let reconciliation = Duration.seconds(10)
    /// Some brokers break the connection over a large packet: it must not do so for ever.
    private static let pictureAttempts = 3
    private static let mostPictureBytes = 4 << 20
    /// Seconds for which a broker keeps what comes in while the site is away.
    private static let sessionExpiry = 86_400

    /// For subscriptions; the publisher opens and closes it.
    public nonisolated let client: MQTTClient

    // The outbox blocks.
    private nonisolated let executor = DedicatedThread(name: "publisher")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let outbox: Outbox
    private let topics: AlertTopics
    private let site: SiteIdentity
    private let secrets: KnownSecrets
    private let logger: Logger
    private var places: [GridLocation]
    /// The states that may be retained; nil where nobody has said.
    private var standing: Set<String>?
    private var noted: Set<String> = []
    private let inbox: Inbox?
    private let pictures: URL?
    private let warnings: SiteWarnings
    private let wakeups: AsyncStream<Void>
    private nonisolated let wakeup: AsyncStream<Void>.Continuation
    private nonisolated let states = StateMailbox()
    /// Other cameras are configured since the last flush.
    private var isServedAnew = false
    private var flushing: Task<Void, Never>?
    /// A wake-up came during the flush.
    private var isDue = false
    private var announced = 0
    /// Topics that this connection's broker takes. The first message on another one goes alone, so that none overtakes it
    /// where it is refused.
    private var allowed: Set<String> = []
    private nonisolated let refused = Mutex<BlockedDelivery?>(nil)
    private var objections = BrokerObjections()
    private nonisolated let leftOut = Mutex<[String]>([])
    private var unheard: UnheardFilters
    private nonisolated let unheardNames = Mutex<[String]>([])
    /// The alert over which the broker breaks the connection, by its place in the outbox, and when one is tried again.
    private var held: (message: Int64, blocked: BlockedDelivery, again: ContinuousClock.Instant, wait: Double)?
    /// What the broker refused last, with a word: it may hang up right after that.
    private struct Refused {
        let thing: String
        /// Of a retained topic.
        let retained: String?
        let session: Int
        let cause: String
        let at: ContinuousClock.Instant
        /// Where it was an alert.
        var message: AlertMessage?
    }
    private var refusal: Refused?
    private let heldWaits: ClosedRange<Double>
    private var log: ConnectionLog
    private var troubles: TroubleLog
    private var saying: Task<Void, Never>?
    private var settling: Task<Void, Never>?
    private let settleTime: Double
    private let isVersionFree: Bool
    /// The site's state names what no longer holds.
    private var hasToldTrouble = false
    private var isSiteDue = false
    /// What was said of brokers, by address.
    private var introduced: Set<BrokerLink> = []
    private var isStopping = false
    private var progress = DeliveryProgress()
    private var diskFault: OutboxError?
    /// What a replay could not send so far.
    private var skipped: DeliveryProgress.Skipped?
    private var told: SiteReport.Facts?
    private var toldWarnings: [String] = []
    private var toldUnheard: [String] = []
    private var toldSinks: [SinkReport] = []
    private let refusals: DeliveryLoop.Refusals
    private let sinks: SinkBoard
    /// By filter: what had been dropped when the retained incidents were last looked through.
    private var reconciled: [String: [ClosedRange<Int64>]] = [:]
    private var reconciling: Set<String> = []
    /// Filters that this connection's broker has not been asked for, and refused ones that are to be asked for again.
    private var unasked: Set<String> = []
    private var failures: (picture: AlertPicture?, count: Int) = (nil, 0)

    /// - Parameters:
    ///   - broker: its last will becomes the site's.
    ///   - places: of the cameras, whose retained incidents are reconciled at the start.
    ///   - inbox: what takes reviews and commands; nil where none are listened to.
    ///   - pictures: the evidence folder, where masked pictures may leave the box.
    ///   - warnings: are told with the site's state, at the next wake-up.
    ///   - refusals: what becomes of an alert that the broker refuses.
    ///   - sinks: what troubles the sinks beside the broker, which the site's state tells.
    ///   - heldWaits: bounds in seconds of the waits between attempts with a message over which the broker breaks the
    ///     connection; with MQTT 3.1.1 each one tells all subscribers that the site is offline.
    ///   - troubleInterval: at the least between two lines of the log about trouble with the broker.
    public init(
        outbox: Outbox, broker: MQTTSettings, topics: AlertTopics, site: SiteIdentity, logger: Logger,
        places: [GridLocation] = [], inbox: Inbox? = nil, pictures: URL? = nil, warnings: SiteWarnings = SiteWarnings(),
        refusals: DeliveryLoop.Refusals = .hold, sinks: SinkBoard = SinkBoard(),
        heldWaits: ClosedRange<Double> = 60...1800, troubleInterval: Duration = .seconds(60)
    ) {
        self.heldWaits = heldWaits
        log = ConnectionLog(interval: troubleInterval)
        troubles = TroubleLog(interval: troubleInterval)
        self.warnings = warnings
        self.refusals = refusals
        self.sinks = sinks
        self.places = places
        self.inbox = inbox
        self.pictures = pictures
        self.outbox = outbox
        self.topics = topics
        self.site = site
        self.logger = logger
        secrets = broker.secrets
        var broker = broker
        if inbox != nil, let warning = broker.inboundWarning {
            logger.warning("requests come over MQTT 3.1.1", metadata: ["reason": "\(warning)"])
        }
        // What is asked while the site is away waits at the broker.
        if inbox != nil { broker.sessionExpiry = Self.sessionExpiry }
        let topic = topics.site(site.place, id: site.id)
        broker.will = {
            MQTTMessage(topic: topic, payload: Self.json(SiteReport(site, .offline, connected: Date())), retain: true)
        }
        settleTime = broker.settleTime
        unheard = UnheardFilters(shortestWait: broker.shortestWait)
        isVersionFree = broker.version == nil
        client = MQTTClient(broker)
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The message that the broker refuses; nil where all goes out.
    public nonisolated var blocked: BlockedDelivery? { refused.withLock { $0 } }

    /// How the broker is reached; nil without a connection.
    public nonisolated var link: BrokerLink? {
        guard var link = client.link else { return nil }
        let names = client.retains ? leftOut.withLock(\.self) : [.site, .camera, .open].map(Self.name)
        link.omits = names.isEmpty ? nil : names
        let unheard = unheardNames.withLock(\.self)
        link.unheard = unheard.isEmpty ? nil : unheard
        return link
    }

    private static func name(_ class: AlertTopics.Channel) -> String { `class`.rawValue }

    /// Says that the outbox holds something new.
    public nonisolated func notify() { wakeup.yield() }

    /// Sends until it is cancelled; what is under way then goes on until `drain`, which must follow.
    public func run() async throws {
        try client.start()
        let watch = Task { [client] in
            for await connection in client.connections() { self.note(connection) }
        }
        defer { watch.cancel() }
        await inbox?.recover()
        await inbox?.onAnswer { [wakeup] in wakeup.yield() }
        let reader = Task { [client, inbox, topics, wakeup] in
            for await message in client.messages {
                if topics.isChannel(.open, message.topic) {
                    await self.reconcile(message)
                } else {
                    await inbox?.take(message)
                    wakeup.yield()
                }
            }
        }
        defer { reader.cancel() }
        for await _ in wakeups {
            guard !isStopping, !Task.isCancelled else { break }
            startFlush()
        }
    }

    private func note(_ connection: MQTTConnection) {
        let now = ContinuousClock().now
        switch connection {
        case .connecting: break
        case .up:
            if log.up(at: now) { sayConnected() }
            introduce()
            settling = Task { [settleTime] in
                try? await Task.sleep(for: .seconds(settleTime))
                guard !Task.isCancelled else { return }
                self.connectionHeld()
            }
            wakeup.yield()
        case .down(let error):
            settling?.cancel()
            noteRefusal(before: error, at: now)
            // That a message is tried again which the broker does not take is no news.
            if blocked != nil, error.blamesMessage { break }
            if log.down("\(error)", at: now) {
                say(.connection, .warning, "no broker", ["reason": "\(error)"], cause: "\(error)")
            }
        }
    }

    private func sayConnected() {
        guard let link = client.link else { return }
        logger.notice("broker connected", metadata: ["address": "\(link.address)", "mqtt": "\(link.version)"])
    }

    /// Says once what this broker does not take.
    private func introduce() {
        guard var link = client.link else { return }
        link.trouble = nil
        guard introduced.insert(link).inserted else { return }
        if !client.hasWill {
            logger.warning(
                "the broker takes no retained last will: subscribers are not told when this site is cut off",
                metadata: ["address": "\(link.address)"])
        }
        if !client.retains {
            logger.warning(
                "the broker keeps no retained messages: the topics site, camera and open are left out, alerts are sent",
                metadata: ["address": "\(link.address)"])
        }
        if isVersionFree, link.version == MQTTSettings.Version.v311.rawValue {
            logger.warning(
                "the broker takes MQTT 3.1.1 only: it cannot say what it refuses",
                metadata: [
                    "address": "\(link.address)",
                    "requests": inbox == nil ? "off" : "\(MQTTSettings.oldInboundWarning)",
                ])
        }
    }

    /// The connection has held.
    private func connectionHeld() {
        guard client.isConnected else { return }
        if log.settled() { sayConnected() }
        troubles.withdraw(.connection)
        guard hasToldTrouble else { return }
        isSiteDue = true
        wakeup.yield()
    }

    /// Sends what it can within the time, says that the site is offline, and closes the connection.
    public func drain(within duration: Duration) async {
        isStopping = true
        let deadline = Task { [client] in
            try? await Task.sleep(for: duration)
            if !Task.isCancelled { await client.close() }
        }
        while let task = flushing { await task.value }
        if client.isConnected {
            startFlush()
            while let task = flushing { await task.value }
            do {
                try await publish(retained: siteMessage(.offline))
            } catch {
                say(.farewell, .warning, "no farewell to the broker", ["reason": "\(error)"], cause: "\(error)")
            }
        }
        deadline.cancel()
        await client.close()
        saying?.cancel()
        if let line = troubles.rest(at: ContinuousClock().now) { write(line) }
    }

    /// At once, or in its turn.
    private func say(
        _ matter: TroubleLog.Matter, _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata,
        cause: String
    ) {
        troubles.add(matter, TroubleLog.Line(level: level, message: message, metadata: metadata, cause: cause))
        sayDue()
    }

    private func sayDue() {
        if let line = troubles.next(at: ContinuousClock().now) { write(line) }
        guard let due = troubles.due, saying == nil, !isStopping else { return }
        saying = Task { [weak self] in
            try? await Task.sleep(until: due, clock: .continuous)
            await self?.sayMore()
        }
    }

    private func sayMore() {
        saying = nil
        if !isStopping { sayDue() }
    }

    private func write(_ line: TroubleLog.Line) {
        logger.log(level: line.level, line.message, metadata: line.metadata)
    }

    /// A camera's state, for the broker as soon as it takes it, and after every reconnect. Waits for nothing.
    public nonisolated func post(_ report: CameraReport, at place: GridLocation) {
        states.post(
            MQTTMessage(topic: topics.camera(place, id: report.camera), payload: Self.json(report), retain: true))
        wakeup.yield()
    }

    /// Takes over which cameras are configured: listens to what comes for their places, and empties the states that the
    /// broker still retains of others, also from before a restart; as soon as there is a broker, and without waiting for
    /// it.
    public func serve(_ identities: [CameraIdentity]) {
        places = identities.map(\.place)
        let topics = Set(identities.map { self.topics.camera($0.place, id: $0.id) })
        states.keep(topics)
        standing = topics.union([self.topics.site(site.place, id: site.id)])
        _ = inbox?.listen(at: places)
        isServedAnew = true
        wakeup.yield()
    }

    private func forgetOthers() async {
        guard let standing else { return }
        do {
            for topic in try outbox.retainedStates().subtracting(standing).sorted() {
                let isEmptied = await attempt {
                    try await self.publish(retained: MQTTMessage(topic: topic, payload: [], retain: true))
                }
                guard isEmptied else { continue }
                try outbox.forget(retained: topic)
                noted.remove(topic)
            }
        } catch {
            logger.error("states of former cameras may stay retained", metadata: ["reason": "\(error)"])
        }
    }

    private func note(retained topic: String) {
        guard noted.insert(topic).inserted else { return }
        do { try outbox.note(retained: topic) } catch {
            noted.remove(topic)
            logger.error("could not note a retained topic", metadata: ["reason": "\(error)"])
        }
    }

    /// Publishes the site's state anew: what it says about certificates grows old.
    public func refreshSite() async {
        guard client.isConnected else { return }
        await attempt { try await self.publish(retained: try self.siteMessage(.online)) }
    }

    private func startFlush() {
        guard flushing == nil else {
            isDue = true
            return
        }
        guard client.isConnected else { return }
        isDue = false
        // Unstructured: a cancelled run must not forget what the broker is about to acknowledge.
        flushing = Task { [self] in
            do {
                try await flush()
                troubles.withdraw(.alerts)
            } catch let error as MQTTError where error.kind == .disconnected {
                // That is said by itself.
            } catch {
                say(.alerts, .error, "alerts wait in the outbox", ["reason": "\(error)"], cause: "\(error)")
                wakeLater()
            }
            flushing = nil
            if isDue, !isStopping { startFlush() }
        }
    }

    private func wakeLater() {
        Task { [wakeup] in
            try? await Task.sleep(for: Self.retryDelay)
            wakeup.yield()
        }
    }

    private func flush() async throws {
        if client.sessions != announced {
            let session = client.sessions
            allowed = []
            objections.reconsider(at: ContinuousClock().now)
            tellLeftOut()
            troubles.withdraw(.retained)
            isServedAnew = false
            unheard.reset()
            try await listenAnew()
            try await announce()
            await forgetOthers()
            announced = session
        }
        settle()
        do { try await sendWaiting() } catch {
            // An alert that is blocked keeps nobody from being heard.
            if client.isConnected { try await listenToNext() }
            throw error
        }
        // What was dropped, and what reviews say.
        let facts = try outbox.facts(isCounting: false)
        if facts.dropped != told?.dropped || facts.evicted != told?.evicted || facts.tallies != told?.tallies
            || warnings.texts != toldWarnings || sinks.completed(facts.sinks).map(\.news) != toldSinks.map(\.news)
        {
            await refreshSite()
        }
        if let diskFault { throw diskFault }
    }

    /// Alerts go before everything else that may take its time.
    private func sendWaiting() async throws {
        while true {
            if isServedAnew {
                isServedAnew = false
                unheard.keep((inbox?.filters ?? []) + openFilters)
                try await listenAnew()
                await forgetOthers()
            }
            await sendStates()
            if isSiteDue || unheard.names != toldUnheard {
                isSiteDue = false
                await refreshSite()
            }
            try await sendReplies()
            let batch = try outbox.pending(limit: Self.window, after: progress)
            if !batch.isEmpty { try await send(batch) }
            let hasAsked = try await listenToNext()
            if hasAsked || !batch.isEmpty { continue }
            if try await sendAgain() { continue }
            guard try await sendPicture() else { break }
        }
    }

    /// Sends the states that were posted since the last time; a new connection is told those that it did not get.
    private func sendStates() async {
        let due = states.takeDue()
        for message in due { note(retained: message.topic) }
        await publish(retained: due)
    }

    /// Several at a time; one at a time where the broker breaks the connection over something.
    private func publish(retained messages: [MQTTMessage]) async {
        var rest = messages.filter(isWanted)[...]
        while !rest.isEmpty {
            let sent = rest.prefix(objections.isCautious ? 1 : Self.window).map { handOver($0) }
            for sending in sent { await attempt { try await self.acknowledgement(of: sending) } }
            guard client.isConnected else { return }
            rest = rest.dropFirst(sent.count).filter(isWanted)[...]
        }
    }

    /// One that the broker does not take is left out, which is no failure.
    ///
    /// - Parameter isOnWire: the topic is spelt as the broker has it, which may be in another form than ours.
    private func publish(retained message: MQTTMessage, isOnWire: Bool = false) async throws {
        guard isWanted(message) else { return }
        try await acknowledgement(of: handOver(message, isOnWire: isOnWire))
    }

    /// Whether the broker takes this retained message, so far as is known.
    private func isWanted(_ message: MQTTMessage) -> Bool {
        client.retains && !objections.leavesOut(message.topic, of: className(message.topic))
    }

    private func className(_ topic: String) -> String {
        [.site, .camera, .open].first { topics.isChannel($0, topic) }.map(Self.name) ?? "retained"
    }

    /// Asks for all that requests come by, up to the first filter that the broker refuses: alerts do not wait for many of
    /// these, which some brokers think over for seconds each.
    private func listenAnew() async throws(MQTTError) {
        let filters = inbox?.filters ?? []
        unasked = Set(filters)
        tellUnheard()
        for filter in filters where !isStopping { guard try await listen(to: filter) else { break } }
    }

    /// Asks for one filter that is due, so that alerts may go out before the next one; false where none is.
    @discardableResult
    private func listenToNext() async throws -> Bool {
        // The farewell has no time to lose.
        guard !isStopping else { return false }
        unasked.formUnion(unheard.takeDue(at: ContinuousClock().now))
        if let filter = inbox?.filters.first(where: unasked.contains) {
            try await listen(to: filter)
            return true
        }
        return try await reconcileNext()
    }

    /// Returns whether the broker has taken the filter; one that it refuses is asked for again with growing waits.
    @discardableResult
    private func listen(to filter: String, retainAsPublished: Bool = true) async throws(MQTTError) -> Bool {
        unasked.remove(filter)
        var isTaken = false
        do throws(MQTTError) {
            try await subscribe(filter, retainAsPublished: retainAsPublished)
            unheard.taken(filter)
            isTaken = true
        } catch {
            // The next connection is asked for all.
            guard error.kind != .disconnected else { throw error }
            unheard.refused(filter)
            // One line, whatever the number of filters and of tries.
            say(
                .unheard, .error,
                "could not listen: requests are not heard until the broker takes their filter, it is asked again",
                ["reason": "\(error)"], cause: "")
        }
        let names = tellUnheard()
        if names.isEmpty, unasked.isEmpty, client.isConnected, troubles.withdraw(.unheard) {
            logger.notice("the broker takes all filters now")
        }
        if let seconds = unheard.wait(at: ContinuousClock().now) {
            Task { [wakeup] in
                try? await Task.sleep(for: .seconds(seconds))
                wakeup.yield()
            }
        }
        return isTaken
    }

    /// Whoever asks for the state of this site is told of these.
    @discardableResult
    private func tellUnheard() -> [String] {
        let names = unheard.names
        unheardNames.withLock { $0 = names }
        return names
    }

    /// Of incidents that are retained.
    private var openFilters: [String] { Set(places + [site.place]).map(topics.openFilter).sorted() }

    /// A filter over which the broker breaks the connection is left out: alerts must go out all the same.
    private func subscribe(_ filter: String, retainAsPublished: Bool) async throws(MQTTError) {
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

    private static func breaking(_ operation: String, _ cause: String? = nil) -> MQTTError {
        MQTTError(
            kind: .refused, operation: operation,
            cause: "the broker breaks the connection over this message" + (cause.map { ": \($0)" } ?? ""),
            remedy: "the broker's own log says why; docs/operator.md names what brokers object to")
    }

    /// Asks for the open incidents that the broker still has from before, at the start and after every drop: their end
    /// may be among what was dropped. One filter at a time; false where none is left.
    private func reconcileNext() async throws -> Bool {
        let dropped = try outbox.dropped()
        let next = openFilters.first { filter in
            reconciled[filter] != dropped && !reconciling.contains(filter)
                && (!unheard.contains(filter) || unasked.contains(filter))
        }
        guard let filter = next else { return false }
        // A connection that broke meanwhile is no answer: the next one is asked again.
        guard try await listen(to: filter, retainAsPublished: false), client.isConnected else { return true }
        reconciled[filter] = dropped
        reconciling.insert(filter)
        Task { [weak self, client] in
            try? await Task.sleep(for: Self.reconciliation)
            try? await client.unsubscribe(filter)
            await self?.endReconciliation(filter)
        }
        return true
    }

    private func endReconciliation(_ filter: String) {
        reconciling.remove(filter)
        // The broker keeps the subscription with the session: the next connection asks again, and ends it.
        if !client.isConnected { reconciled = [:] }
        wakeup.yield()
    }

    /// Empties a retained incident of this site that is not open: the database was lost, or is an older one. And one
    /// that is open and lies elsewhere by now: topics have another form.
    private func reconcile(_ message: MQTTMessage) async {
        guard message.retain, let event = try? AlertEvent(json: Data(message.payload)), event.source == site.source,
            let incident = UUID(uuidString: event.subject), isOver(incident, at: message.topic)
        else { return }
        logger.notice("a retained incident is not open, it is emptied", metadata: ["incident": "\(event.subject)"])
        let isEmptied = await attempt {
            try await self.publish(
                retained: MQTTMessage(topic: message.topic, payload: [], retain: true), isOnWire: true)
        }
        if !isEmptied { reconciled = [:] }
    }

    private func isOver(_ incident: UUID, at topic: String) -> Bool {
        // What cannot be read now is left as it is.
        guard let isOpen = try? outbox.isOpen(incident) else { return false }
        guard isOpen, let home = try? outbox.openTopic(of: incident) else { return !isOpen }
        return topics.onWire(home) != topic
    }

    /// Tells a new connection what is retained: the site, the cameras, and each open incident.
    private func announce() async throws {
        let state = try siteMessage(.online)
        note(retained: state.topic)
        let cameras = states.takeAll()
        for camera in cameras { note(retained: camera.topic) }
        var messages = [state] + cameras
        messages += try outbox.retainedOpen().map {
            MQTTMessage(topic: $0.openTopic, payload: $0.payload, retain: true)
        }
        await publish(retained: messages)
    }

    /// What was handed over in which session, or why it could not be.
    private struct Sending {
        let message: MQTTMessage
        let session: Int
        let receipt: Result<MQTTReceipt, MQTTError>
    }

    private func handOver(_ message: MQTTMessage, isOnWire: Bool = false) -> Sending {
        var onWire = message
        if !isOnWire { onWire.topic = topics.onWire(message.topic) }
        return Sending(
            message: message, session: client.sessions,
            receipt: Result { () throws(MQTTError) in try client.send(onWire) })
    }

    /// Returns with the broker's acknowledgement. To be asked in the order of sending: what is the first without one when the
    /// connection breaks is suspected.
    ///
    /// - Parameter name: of a message that is not retained; its topic alone would not tell it from others.
    private func acknowledgement(of sending: Sending, _ name: String? = nil) async throws(MQTTError) {
        let thing = name ?? sending.message.topic
        let retained = sending.message.retain ? className(sending.message.topic) : nil
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
                    thing: thing, retained: retained, session: sending.session, cause: error.cause,
                    at: ContinuousClock().now)
            }
            throw error
        }
    }

    private func tellLeftOut() {
        let names = objections.leftOut
        leftOut.withLock { $0 = names }
        guard !names.isEmpty else {
            troubles.withdraw(.leftOut)
            return
        }
        let text = names.joined(separator: ", ")
        say(
            .leftOut, .warning, "the broker breaks the connection over retained messages, they are left out",
            ["topics": "\(text)"], cause: text)
    }

    private func send(_ waiting: [AlertMessage]) async throws {
        // Also where it was dropped meanwhile: while the outbox is full each alert drops one, and the next is mostly no better.
        if let held, ContinuousClock().now < held.again {
            throw MQTTError(
                kind: .refused, operation: "publish to \(held.blocked.topic)", cause: held.blocked.reason,
                remedy: "the broker's own log says why; it is tried again with growing waits")
        }
        let isCautious = objections.isCautious || held != nil
        let known = waiting.prefix { allowed.contains($0.topic) }
        let batch = known.isEmpty || isCautious ? waiting.prefix(1) : known
        if isCautious, let message = batch.first {
            await attempt { try await self.publish(retained: Self.openState(message)) }
            if !client.isConnected { throw MQTTError.notConnected("publish to \(message.topic)") }
        }
        let sent = batch.map { message in
            // The retained state goes first: its acknowledgement is in when that of the alert comes.
            let state = Self.openState(message)
            return (
                message: message, open: !isCautious && isWanted(state) ? handOver(state) : nil,
                alert: handOver(MQTTMessage(topic: message.topic, payload: message.payload))
            )
        }
        var fault: MQTTError?
        var blocked: BlockedDelivery?
        var refusedFirst: Int64?
        for (message, open, alert) in sent {
            if let open { await attempt { try await self.acknowledgement(of: open) } }
            do {
                try await acknowledgement(of: alert, Self.name(of: message))
                held = nil
                progress.messages[message.sequence] = Date()
                allowed.insert(message.topic)
            } catch {
                switch error.kind {
                case .unsendable:
                    logger.error(
                        "a message is dropped", metadata: ["sequence": "\(message.sequence)", "reason": "\(error)"])
                    progress.unsendable[message.sequence] = error.cause
                case .refused where refusals == .skip && error.isAboutMessage:
                    passOver(message, error.cause)
                case .refused, .settings:
                    allowed.remove(message.topic)
                    if refusal?.thing == Self.name(of: message) { refusal?.message = message }
                    if blocked == nil {
                        refusedFirst = message.sequence
                        blocked = BlockedDelivery(
                            message, topic: topics.onWire(message.topic), reason: secrets.redact(error.cause))
                    }
                    fault = fault ?? error
                case .disconnected:
                    if fault == nil { hold(message, error) }
                    fault = fault ?? error
                }
            }
        }
        settle()
        // The broker may have hung up meanwhile.
        if let held, held.message == refusedFirst, ContinuousClock().now < held.again {
            blocked = held.blocked
        }
        if fault?.kind != .disconnected, blocked != self.blocked {
            refused.withLock { $0 = blocked }
            await refreshSite()
        }
        if let fault { throw fault }
    }

    private static func openState(_ message: AlertMessage) -> MQTTMessage {
        MQTTMessage(topic: message.openTopic, payload: message.isOpen ? message.payload : [], retain: true)
    }

    private static func name(of message: AlertMessage) -> String { "alert \(message.sequence)" }

    /// Nothing need be under way where a broker refuses something and hangs up.
    private func noteRefusal(before error: MQTTError, at now: ContinuousClock.Instant) {
        guard error.blamesMessage, let last = refusal, now - last.at < Self.hangUp else { return }
        blame(last.thing, of: last.retained, session: last.session)
        if let message = last.message, objections.isSuspected(last.thing) { hold(message, last.cause) }
    }

    /// The connection broke while this was the first thing under way. Where something else had just been refused, it was that.
    private func blame(_ thing: String, of retained: String?, session: Int) {
        let now = ContinuousClock().now
        if let last = refusal, last.session == session, now - last.at < Self.hangUp {
            _ = objections.broke(over: last.thing, of: last.retained, session: session, at: now)
        } else {
            _ = objections.broke(over: thing, of: retained, session: session, at: now)
        }
        tellLeftOut()
    }

    /// After breaks enough with this message under way it blocks, by name.
    private func hold(_ message: AlertMessage, _ error: MQTTError) {
        guard error.blamesMessage, objections.isSuspected(Self.name(of: message)) else { return }
        // NATS does so over each.
        let hasDot = topics.onWire(message.topic).contains(".")
        let hint = hasDot ? "; if it takes no dot in a topic, set broker.topic_kind: underscored" : ""
        hold(message, error.cause + hint)
    }

    /// The broker does not take this one, and the others do not wait for it.
    private func passOver(_ message: AlertMessage, _ cause: String) {
        let reason = secrets.redact(cause)
        allowed.remove(message.topic)
        logger.error(
            "the broker refuses a message, it is kept as a dead letter",
            metadata: ["sequence": "\(message.sequence)", "topic": "\(message.topic)", "reason": "\(reason)"])
        progress.refused[message.sequence] = reason
    }

    /// The connection is left in peace for a while, or the message passed over.
    private func hold(_ message: AlertMessage, _ cause: String) {
        guard refusals == .hold else {
            return passOver(message, "the broker breaks the connection over this message: \(cause)")
        }
        let wait = held.map { min(2 * $0.wait, heldWaits.upperBound) } ?? heldWaits.lowerBound
        let blocked = BlockedDelivery(
            message, topic: topics.onWire(message.topic),
            reason: "the broker breaks the connection over this message: \(secrets.redact(cause))")
        held = (message.sequence, blocked, ContinuousClock().now + .seconds(wait), wait)
        // The next connection's first word tells it.
        refused.withLock { $0 = blocked }
    }

    /// Where the disk takes nothing, what was acknowledged stays known, and is not sent again.
    private func settle() {
        guard !progress.isEmpty else { return }
        do {
            try outbox.settle(progress)
            progress = DeliveryProgress()
            diskFault = nil
        } catch {
            diskFault = error
        }
    }

    private func sendReplies() async throws {
        while true {
            let replies = try outbox.replies(limit: Self.window, after: progress.reply ?? 0)
            guard !replies.isEmpty else { return }
            defer { settle() }
            let sent = replies.prefix(objections.isCautious ? 1 : Self.window)
                .map {
                    (number: $0.number, sending: handOver(MQTTMessage(topic: $0.topic, payload: Array($0.payload))))
                }
            var fault: MQTTError?
            for (number, sending) in sent {
                let name = "reply \(number)"
                do { try await acknowledgement(of: sending, name) } catch {
                    if error.kind == .disconnected, !objections.isSuspected(name) {
                        fault = fault ?? error
                    } else {
                        // An answer that nobody may have is worth no second attempt.
                        logger.error("a reply was refused", metadata: ["reason": "\(error)"])
                    }
                }
                if fault == nil { progress.reply = number }
            }
            if let fault { throw fault }
        }
    }

    /// Sends a part of what a command asked for again; false where nothing is left.
    ///
    /// What cannot be sent is passed over: the site has kept it, the broker may have changed.
    private func sendAgain() async throws -> Bool {
        guard let replay = try outbox.replayed(limit: Self.window, after: progress.replay) else { return false }
        var reasons: [String] = []
        var fault: MQTTError?
        var (sent, names): ([Sending], [String]) = ([], [])
        for message in replay.messages {
            if objections.isSuspected("again \(message.sequence)") {
                reasons.append("\(Self.breaking("publish to \(message.topic)"))")
                continue
            }
            do {
                sent.append(handOver(MQTTMessage(topic: message.topic, payload: try message.backfilled())))
                names.append("again \(message.sequence)")
            } catch { reasons.append("message \(message.sequence) cannot be read: \(error)") }
        }
        for (sending, name) in zip(sent, names) {
            do { try await acknowledgement(of: sending, name) } catch {
                if error.kind == .disconnected { fault = fault ?? error } else { reasons.append("\(error)") }
            }
        }
        if let fault { throw fault }
        if let reason = reasons.first {
            logger.error(
                "messages could not be sent again", metadata: ["messages": "\(reasons.count)", "reason": "\(reason)"])
            if skipped?.replay != replay.number {
                skipped = .init(replay: replay.number, messages: 0, reason: reason)
            }
            skipped?.messages += reasons.count
        }
        let next = replay.messages.last.map { $0.sequence + 1 }
        progress.replay = .init(number: replay.number, next: next)
        if next == nil, skipped?.replay == replay.number {
            progress.replay?.skipped = skipped
            skipped = nil
        }
        settle()
        return true
    }

    /// Sends one picture whose alert the broker has; false where none is left.
    private func sendPicture() async throws -> Bool {
        guard let pictures, let picture = try outbox.nextPicture(except: progress.pictures.keys) else { return false }
        var fault: String?
        if let bytes = try? Data(contentsOf: pictures.appending(path: picture.file)) {
            if bytes.count <= Self.mostPictureBytes, try SHA256.hex(bytes) == picture.sha256 {
                fault = try await publish(picture, bytes)
            } else {
                fault = "the file is too large or was changed"
            }
        } else {
            fault = "the file cannot be read"
        }
        if let fault {
            logger.error("a picture was given up", metadata: ["file": "\(picture.file)", "reason": "\(fault)"])
        }
        progress.pictures[picture.topic] = .init(picture: picture, fault: fault)
        settle()
        return true
    }

    /// Returns why the picture was given up; throws where it shall be tried again.
    private func publish(_ picture: AlertPicture, _ bytes: Data) async throws(MQTTError) -> String? {
        failures = (picture, failures.picture == picture ? failures.count : 0)
        do {
            try await client.publish(MQTTMessage(topic: topics.onWire(picture.topic), payload: Array(bytes)))
            return nil
        } catch {
            failures.count += 1
            guard error.kind == .unsendable || failures.count >= Self.pictureAttempts else { throw error }
            return "the broker did not take it: \(error.cause)"
        }
    }

    private func siteMessage(_ state: SiteReport.State) throws -> MQTTMessage {
        let facts = try outbox.facts()
        told = facts
        toldWarnings = warnings.texts
        toldSinks = sinks.completed(facts.sinks)
        let link = state == .online ? link : nil
        hasToldTrouble = link?.trouble != nil
        toldUnheard = link?.unheard ?? []
        return MQTTMessage(
            topic: topics.site(site.place, id: site.id),
            payload: Self.json(
                SiteReport(
                    site, state, at: Date(), facts: facts, blocked: blocked, certificates: client.certificates(),
                    warnings: toldWarnings, refusals: inbox?.refusals ?? [:], broker: link,
                    sinks: toldSinks)),
            retain: true,
            // What says online must not outlive a broker that never sends the will.
            expiry: state == .online ? UInt32(SiteReport.period + SiteReport.grace) : nil)
    }

    /// A refused retained state must not hold up the alerts. False where it failed.
    @discardableResult
    private func attempt(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch let error as MQTTError where error.kind == .disconnected {
            // The next connection tells it again.
        } catch {
            // Of many cameras one line.
            say(
                .retained, .error, "a retained state was not published", ["reason": "\(error)"],
                cause: (error as? MQTTError)?.cause ?? "\(error)")
        }
        return false
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        // These values hold texts and finite numbers only, which always encode.
        Array((try? WireJSON.encode(value)) ?? Data())
    }
}

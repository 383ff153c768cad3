public import Foundation
public import Logging
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
    /// How long retained incidents are looked for after the first connection.
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
    private let logger: Logger
    private var places: [Place]
    private let inbox: Inbox?
    private let pictures: URL?
    private let wakeups: AsyncStream<Void>
    private nonisolated let wakeup: AsyncStream<Void>.Continuation
    private var cameras: [String: MQTTMessage] = [:]
    private var flushing: Task<Void, Never>?
    /// A wake-up came during the flush.
    private var isDue = false
    private var announced = 0
    /// After a refusal one message at a time, so that none overtakes the refused one.
    private var isCautious = false
    private var isStopping = false
    /// Acknowledged, and not yet marked, for the disk would not take it.
    private var unmarked: [Int64: Date] = [:]
    private var told: SiteReport.Facts?
    private var isReconciled = false
    private var failures: (picture: AlertPicture?, count: Int) = (nil, 0)

    /// - Parameters:
    ///   - broker: its last will becomes the site's.
    ///   - places: of the cameras, whose retained incidents are reconciled at the start.
    ///   - inbox: what takes reviews and commands; nil where none are listened to.
    ///   - pictures: the evidence folder, where masked pictures may leave the box.
    public init(
        outbox: Outbox, broker: MQTTSettings, topics: AlertTopics, site: SiteIdentity, logger: Logger,
        places: [Place] = [], inbox: Inbox? = nil, pictures: URL? = nil
    ) {
        self.places = places
        self.inbox = inbox
        self.pictures = pictures
        self.outbox = outbox
        self.topics = topics
        self.site = site
        self.logger = logger
        var broker = broker
        // What is asked while the site is away waits at the broker.
        if inbox != nil { broker.sessionExpiry = Self.sessionExpiry }
        let topic = topics.site(site.place, id: site.id)
        broker.will = {
            MQTTMessage(topic: topic, payload: Self.json(SiteReport(site, .offline, connected: Date())), retain: true)
        }
        client = MQTTClient(broker)
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Says that the outbox holds something new.
    public nonisolated func notify() { wakeup.yield() }

    /// Sends until it is cancelled; what is under way then goes on until `drain`, which must follow.
    public func run() async throws {
        try client.start()
        let watch = Task { [client, wakeup, logger] in
            // One line at each change: an hour without a broker is one line, not a hundred.
            var lastFault: String?
            for await connection in client.connections() {
                switch connection {
                case .connecting: break
                case .up:
                    logger.notice("broker connected")
                    lastFault = nil
                    wakeup.yield()
                case .down(let error):
                    guard lastFault != "\(error)" else { continue }
                    lastFault = "\(error)"
                    logger.warning("no broker", metadata: ["reason": "\(error)"])
                }
            }
        }
        defer { watch.cancel() }
        await inbox?.recover()
        await inbox?.onAnswer { [wakeup] in wakeup.yield() }
        let reader = Task { [client, inbox, topics, wakeup] in
            for await message in client.messages {
                if topics.isClass(.open, message.topic) {
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
                try await client.publish(siteMessage(.offline))
            } catch {
                logger.warning("no farewell to the broker", metadata: ["reason": "\(error)"])
            }
        }
        deadline.cancel()
        await client.close()
    }

    /// Publishes a camera's state, now and after every reconnect.
    public func publish(_ report: CameraReport, at place: Place) async {
        let message = MQTTMessage(
            topic: topics.camera(place, id: report.camera), payload: Self.json(report), retain: true)
        cameras[report.camera] = message
        // Without a connection it follows with the next one.
        guard client.isConnected else { return }
        await attempt { try await self.client.publish(message) }
    }

    /// A camera is gone from this place: its retained state there is emptied.
    public func forget(camera: String, at place: Place) async {
        let topic = topics.camera(place, id: camera)
        let message = MQTTMessage(topic: topic, payload: [], retain: true)
        // Sent with the next connection where there is none.
        if cameras[camera]?.topic == topic { cameras[camera] = message }
        guard client.isConnected else { return }
        await attempt { try await self.client.publish(message) }
    }

    /// Listens also to what comes for these places of cameras.
    public func listen(at places: [Place]) async {
        self.places = places
        guard let inbox, inbox.listen(at: places), client.isConnected else { return }
        for filter in inbox.filters {
            await attempt("could not listen") { try await self.client.subscribe(filter, retainAsPublished: true) }
        }
    }

    /// Publishes the site's state anew: what it says about certificates grows old.
    public func refreshSite() async {
        guard client.isConnected else { return }
        await attempt { try await self.client.publish(try self.siteMessage(.online)) }
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
            do { try await flush() } catch {
                logger.error("alerts wait in the outbox", metadata: ["reason": "\(error)"])
                if (error as? MQTTError)?.kind != .disconnected { wakeLater() }
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
            await listen()
            try await announce()
            announced = session
        }
        try markDelivered()
        while true {
            try await sendReplies()
            let batch = try outbox.pending(limit: isCautious ? 1 : Self.window)
            if !batch.isEmpty {
                try await send(batch)
                isCautious = false
                continue
            }
            if try await sendAgain() { continue }
            guard try await sendPicture() else { break }
        }
        // What was dropped, and what reviews say.
        let facts = try outbox.facts()
        if facts.dropped != told?.dropped || facts.evicted != told?.evicted || facts.tallies != told?.tallies {
            try await client.publish(siteMessage(.online))
        }
    }

    /// Subscribes to reviews and commands, and once to the open incidents that the broker still has from before.
    private func listen() async {
        for filter in inbox?.filters ?? [] {
            await attempt("could not listen") { try await self.client.subscribe(filter, retainAsPublished: true) }
        }
        guard !isReconciled else { return }
        let filters = Set(places + [site.place]).map(topics.openFilter)
        for filter in filters { await attempt("could not listen") { try await self.client.subscribe(filter) } }
        // A connection that broke meanwhile is no answer: the next one is asked again.
        isReconciled = client.isConnected
        Task { [client] in
            try? await Task.sleep(for: Self.reconciliation)
            for filter in filters { try? await client.unsubscribe(filter) }
        }
    }

    /// Empties a retained incident of this site that is not open: the database was lost, or is an older one.
    private func reconcile(_ message: MQTTMessage) async {
        guard message.retain, let event = try? AlertEvent(json: Data(message.payload)), event.source == site.source,
            let incident = UUID(uuidString: event.subject), (try? outbox.isOpen(incident)) == false
        else { return }
        logger.notice("a retained incident is not open, it is emptied", metadata: ["incident": "\(event.subject)"])
        await attempt {
            try await self.client.publish(MQTTMessage(topic: message.topic, payload: [], retain: true))
        }
    }

    /// Tells a new connection what is retained: the site, the cameras, and each open incident.
    private func announce() async throws {
        var messages = [try siteMessage(.online)] + cameras.sorted { $0.key < $1.key }.map(\.value)
        messages += try outbox.retainedOpen().map {
            MQTTMessage(topic: $0.openTopic, payload: $0.payload, retain: true)
        }
        for start in stride(from: 0, to: messages.count, by: Self.window) {
            let receipts = try messages[start..<min(start + Self.window, messages.count)].map { try client.send($0) }
            for receipt in receipts { await attempt { try await receipt.acknowledged() } }
        }
    }

    private func send(_ batch: [AlertMessage]) async throws {
        var receipts: [(sequence: Int64, open: MQTTReceipt, alert: MQTTReceipt)] = []
        for message in batch {
            // The retained state goes first: its acknowledgement is in when that of the alert comes.
            let open = try client.send(
                MQTTMessage(
                    topic: message.openTopic, payload: message.isOpen ? message.payload : [], retain: true))
            let alert = try client.send(MQTTMessage(topic: message.topic, payload: message.payload))
            receipts.append((message.sequence, open, alert))
        }
        var fault: (any Error)?
        for receipt in receipts {
            await attempt { try await receipt.open.acknowledged() }
            do {
                try await receipt.alert.acknowledged()
                unmarked[receipt.sequence] = Date()
            } catch {
                if error.kind == .refused { isCautious = true }
                fault = fault ?? error
            }
        }
        try markDelivered()
        if let fault { throw fault }
    }

    /// Where the disk takes nothing, what was acknowledged stays known, and is not sent again.
    private func markDelivered() throws {
        guard !unmarked.isEmpty else { return }
        try outbox.markDelivered(unmarked)
        unmarked = [:]
    }

    private func sendReplies() async throws {
        while true {
            let replies = try outbox.replies(limit: Self.window)
            guard !replies.isEmpty else { return }
            let receipts = try replies.map { try client.send($0.message) }
            for (reply, receipt) in zip(replies, receipts) {
                do { try await receipt.acknowledged() } catch {
                    guard error.kind == .refused else { throw error }
                    // An answer that nobody may have is worth no second attempt.
                    logger.error("a reply was refused", metadata: ["reason": "\(error)"])
                }
                try outbox.forgetReply(reply.number)
            }
        }
    }

    /// Sends a part of what a command asked for again; false where nothing is left.
    private func sendAgain() async throws -> Bool {
        guard let replay = try outbox.replayed(limit: Self.window) else { return false }
        let receipts = try replay.messages.map {
            try client.send(MQTTMessage(topic: $0.topic, payload: $0.backfilled()))
        }
        for receipt in receipts { try await receipt.acknowledged() }
        try outbox.advanceReplay(replay.number, after: replay.messages.last?.sequence)
        return true
    }

    /// Sends one picture whose alert the broker has; false where none is left.
    private func sendPicture() async throws -> Bool {
        guard let pictures, let picture = try outbox.nextPicture() else { return false }
        guard let bytes = try? Data(contentsOf: pictures.appending(path: picture.file)) else {
            try outbox.finish(picture, fault: "the file cannot be read")
            return true
        }
        guard bytes.count <= Self.mostPictureBytes, Digest.hex(Array(bytes)) == picture.sha256 else {
            logger.error("a picture is not what it was, it is not sent", metadata: ["file": "\(picture.file)"])
            try outbox.finish(picture, fault: "the file is too large or was changed")
            return true
        }
        failures = (picture, failures.picture == picture ? failures.count : 0)
        do {
            try await client.publish(MQTTMessage(topic: picture.topic, payload: Array(bytes)))
            try outbox.finish(picture)
        } catch let error as MQTTError {
            failures.count += 1
            guard failures.count >= Self.pictureAttempts else { throw error }
            logger.error("a picture was given up", metadata: ["file": "\(picture.file)", "reason": "\(error)"])
            try outbox.finish(picture, fault: "the broker did not take it: \(error.cause)")
        }
        return true
    }

    private func siteMessage(_ state: SiteReport.State) throws -> MQTTMessage {
        let facts = try outbox.facts()
        told = facts
        return MQTTMessage(
            topic: topics.site(site.place, id: site.id),
            payload: Self.json(
                SiteReport(site, state, at: Date(), facts: facts, certificates: client.certificates())),
            retain: true)
    }

    /// A refused retained state must not hold up the alerts.
    private func attempt(
        _ failure: Logger.Message = "a retained state was not published", _ body: () async throws -> Void
    ) async {
        do { try await body() } catch let error as MQTTError where error.kind == .disconnected {
            // The next connection tells it again.
        } catch {
            logger.error(failure, metadata: ["reason": "\(error)"])
        }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        // These values hold texts and finite numbers only, which always encode.
        Array((try? WireJSON.encode(value)) ?? Data())
    }
}

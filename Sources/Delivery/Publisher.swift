public import Contract
public import Domain
public import Foundation
public import Logging
public import MQTT
import Runtime
public import Store
import Threading

/// Brings to the broker, over one connection, all that a site has to say, and takes in what it is asked.
///
/// What is due next is in the lanes, over one `BrokerLine`: the site's state and those of cameras and incidents, replies, alerts
/// in sequence, what is to be heard, what is to be sent again, pictures. `advance` has their order.
public actor Publisher {
    /// A wait after a fault that has nothing to do with the connection.
    private static let retryDelay = Duration.seconds(2)
    /// Seconds: while an alert is held, what waits for the disk is tried so often at least.
    private static let longestPause = 15.0
    /// Seconds for which a broker keeps what comes in while the site is away.
    private static let sessionExpiry = 86_400

    /// For subscriptions; the publisher opens and closes it.
    public nonisolated let client: any BrokerClient

    // The outbox blocks.
    private nonisolated let executor = DedicatedThread(name: "publisher")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let topics: AlertTopics
    private let inbox: Inbox?
    private let logger: Logger
    private let settleTime: Double
    private let isVersionFree: Bool
    private let wakeups: AsyncStream<Void>
    private nonisolated let wakeup: AsyncStream<Void>.Continuation
    private nonisolated let mailbox = StateMailbox()
    private nonisolated let board: BrokerBoard

    private let journal: BrokerJournal
    private let line: BrokerLine
    private let book: DeliveryBook
    private let site: SiteLane
    private let retained: RetainedLane
    private let listening: ListeningLane
    private let alerts: AlertLane
    private let replies: ReplyLane
    private let replays: ReplayLane
    private let pictures: PictureLane?

    private var flushing: Task<Void, Never>?
    /// A wake-up came during the flush.
    private var isDue = false
    /// The session that has been told everything.
    private var announced = 0
    /// Other cameras are configured since the last flush.
    private var isServedAnew = false
    private var settling: Task<Void, Never>?
    /// Wakes the publisher for the next attempt after a fault.
    private var retrying: Task<Void, Never>?
    private var isStopping = false

    /// - Parameters:
    ///   - broker: its last will becomes the site's.
    ///   - places: of the cameras, whose retained incidents are reconciled at the start.
    ///   - inbox: what takes reviews and commands; nil where none are listened to.
    ///   - pictures: the evidence folder, where masked pictures may leave the box.
    ///   - warnings: are told with the site's state, at the next wake-up.
    ///   - refusals: what becomes of an alert that the broker refuses.
    ///   - sinks: what troubles the sinks beside the broker, which the site's state tells.
    ///   - refusalWaits: bounds in seconds of the waits between attempts with a message that the broker refuses with a word, which
    ///     costs it nothing: one that has been mended is noticed soon.
    ///   - heldWaits: bounds in seconds of the waits between attempts with a message over which the broker breaks the
    ///     connection; with MQTT 3.1.1 each one tells all subscribers that the site is offline.
    ///   - troubleInterval: at the least between two lines of the log about trouble with the broker.
    ///   - chance: see `DeliveryLoop`.
    ///   - client: makes what speaks with the broker.
    public init(
        outbox: Outbox, broker: MQTTSettings, topics: AlertTopics, site identity: SiteIdentity, logger: Logger,
        places: [GridLocation] = [], inbox: Inbox? = nil, pictures: URL? = nil, warnings: SiteWarnings = SiteWarnings(),
        refusals: DeliveryLoop.Refusals = .hold, sinks: SinkBoard = SinkBoard(),
        refusalWaits: ClosedRange<Double> = 2...15, heldWaits: ClosedRange<Double> = 60...1800,
        troubleInterval: Duration = .seconds(60), chance: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        client: @Sendable (MQTTSettings) -> any BrokerClient = { MQTTClient($0) }
    ) {
        var broker = broker
        if inbox != nil, let warning = broker.inboundWarning {
            logger.warning("requests come over MQTT 3.1.1", metadata: ["reason": "\(warning)"])
        }
        // What is asked while the site is away waits at the broker.
        if inbox != nil { broker.sessionExpiry = Self.sessionExpiry }
        broker.will = { SiteLane.will(identity, topics) }
        self.topics = topics
        self.inbox = inbox
        self.logger = logger
        settleTime = broker.settleTime
        isVersionFree = broker.version == nil
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let client = client(broker)
        self.client = client

        let wakeLater = { @Sendable [wakeup] (duration: Duration) in Self.wake(wakeup, after: duration) }
        let board = BrokerBoard()
        let journal = BrokerJournal(logger: logger, interval: troubleInterval, wakeLater: wakeLater)
        let line = BrokerLine(client, topics: topics, journal: journal, board: board)
        let book = DeliveryBook(outbox)
        let site = SiteLane(
            outbox: outbox, line: line, site: identity, inbox: inbox, warnings: warnings, sinks: sinks, board: board)
        var waits = DeliveryLoop.Waits()
        (waits.failures, waits.refusals, waits.breaks) = (refusalWaits, refusalWaits, heldWaits)
        alerts = AlertLane(
            outbox: outbox, book: book, line: line, site: site, board: board, secrets: broker.secrets,
            refusals: refusals, waits: waits, chance: chance, logger: logger)
        retained = RetainedLane(outbox: outbox, line: line, site: identity, mailbox: mailbox, logger: logger)
        listening = ListeningLane(
            outbox: outbox, line: line, site: identity, places: places, inbox: inbox, journal: journal, board: board,
            shortestWait: broker.shortestWait, logger: logger, wakeLater: wakeLater)
        replies = ReplyLane(outbox: outbox, book: book, line: line, logger: logger)
        replays = ReplayLane(outbox: outbox, book: book, line: line, logger: logger)
        self.pictures = pictures.map {
            PictureLane(outbox: outbox, book: book, line: line, folder: $0, logger: logger)
        }
        (self.board, self.journal, self.line, self.book, self.site) = (board, journal, line, book, site)
    }

    /// The message that the broker refuses; nil where all goes out.
    public nonisolated var blocked: BlockedDelivery? { board.blocked }

    /// How the broker is reached; nil without a connection.
    public nonisolated var link: BrokerLink? { board.link(of: client) }

    /// Says that the outbox holds something new.
    public nonisolated func notify() { wakeup.yield() }

    /// A camera's state, for the broker as soon as it takes it, and after every reconnect. Waits for nothing.
    public nonisolated func post(_ report: CameraReport, at place: GridLocation) {
        mailbox.post(
            MQTTMessage(topic: topics.camera(place, id: report.camera), payload: WireJSON.bytes(report), retain: true))
        wakeup.yield()
    }

    /// Takes over which cameras are configured: listens to what comes for their places, and empties the states that the
    /// broker still retains of others, also from before a restart; as soon as there is a broker, and without waiting for
    /// it.
    public func serve(_ cameras: [CameraIdentity]) {
        retained.serve(cameras)
        listening.adopt(cameras.map(\.place))
        isServedAnew = true
        wakeup.yield()
    }

    /// What becomes of an alert that the broker refuses from now on.
    public func adopt(_ refusals: DeliveryLoop.Refusals) {
        alerts.adopt(refusals)
        wakeup.yield()
    }

    /// Publishes the site's state anew: what it says about certificates grows old.
    public func refreshSite() async { await site.refresh() }

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
            journal.sayDue()
            startFlush()
        }
    }

    /// Sends what it can within the time, says that the site is offline, and closes the connection.
    public func drain(within duration: Duration) async {
        isStopping = true
        listening.isStopping = true
        retrying?.cancel()
        let deadline = Task { [client] in
            try? await Task.sleep(for: duration)
            if !Task.isCancelled { await client.close() }
        }
        while let task = flushing { await task.value }
        if client.isConnected {
            startFlush()
            while let task = flushing { await task.value }
            do {
                try await line.publish(retained: site.message(.offline))
            } catch {
                journal.say(.farewell, .warning, "no farewell to the broker", ["reason": "\(error)"], cause: "\(error)")
            }
        }
        deadline.cancel()
        await client.close()
        journal.end()
    }

    private func reconcile(_ message: MQTTMessage) async { await listening.reconcile(message) }

    private func note(_ connection: MQTTConnection) {
        switch connection {
        case .connecting: break
        case .up:
            journal.up(client)
            journal.introduce(client, isVersionFree: isVersionFree, takesRequests: inbox != nil)
            settling = Task { [settleTime] in
                try? await Task.sleep(for: .seconds(settleTime))
                guard !Task.isCancelled else { return }
                self.connectionHeld()
            }
            wakeup.yield()
        case .down(let error):
            settling?.cancel()
            if let (thing, cause) = line.ended(error) { alerts.hungUp(over: thing, cause) }
            // That a message is tried again which the broker does not take is no news.
            if blocked == nil || !error.blamesMessage { journal.down(error) }
        }
    }

    private func connectionHeld() {
        guard client.isConnected else { return }
        journal.held(client)
        if site.connectionHeld() { wakeup.yield() }
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
                journal.withdraw(.alerts)
            } catch let error as MQTTError where error.kind == .disconnected {
                // That is said by itself.
            } catch {
                journal.say(.alerts, .error, "alerts wait in the outbox", ["reason": "\(error)"], cause: "\(error)")
                let rest = error is MQTTError ? alerts.rest : nil
                tryAgain(after: rest.map { .seconds(min($0, Self.longestPause)) } ?? Self.retryDelay)
            }
            flushing = nil
            if isDue, !isStopping { startFlush() }
        }
    }

    private func tryAgain(after duration: Duration) {
        retrying?.cancel()
        retrying = Task { [wakeup] in
            guard (try? await Task.sleep(for: duration)) != nil else { return }
            wakeup.yield()
        }
    }

    private static func wake(_ wakeup: AsyncStream<Void>.Continuation, after duration: Duration) {
        Task {
            try? await Task.sleep(for: duration)
            wakeup.yield()
        }
    }

    private func flush() async throws {
        if client.sessions != announced { try await begin(client.sessions) }
        book.settle()
        do { while try await advance() {} } catch {
            // An alert that is blocked keeps nobody from being heard.
            if client.isConnected { try await listening.advance() }
            throw error
        }
        try await site.refreshIfNews()
        try book.check()
    }

    /// Tells a new connection everything.
    private func begin(_ session: Int) async throws {
        alerts.begin()
        line.begin()
        isServedAnew = false
        try await listening.begin()
        try await retained.announce(site.message(.online))
        await retained.forgetOthers()
        announced = session
    }

    /// Lets the lanes send; false where nothing is left. Alerts go before everything that may take its time.
    private func advance() async throws -> Bool {
        if isServedAnew {
            isServedAnew = false
            try await listening.listenToOthers()
            await retained.forgetOthers()
        }
        await retained.advance()
        await site.refreshIfDue()
        try await replies.advance()
        let hasSent = try await alerts.advance()
        let hasAsked = try await listening.advance()
        if hasSent || hasAsked { return true }
        if try await replays.advance() { return true }
        return try await pictures?.advance() ?? false
    }
}

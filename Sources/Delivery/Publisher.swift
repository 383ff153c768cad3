public import Contract
public import Domain
public import Foundation
public import Logging
public import MQTT
import Runtime
public import Store
import Synchronization
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

    /// How long the broker that is left may take to acknowledge what is under way, and its client to end. Both together are
    /// less than a stop waits for the publisher.
    private static let changeover = (farewell: Duration.milliseconds(700), end: Duration.milliseconds(500))

    /// How a broker is reached, and what topics it takes.
    private struct Way: Equatable {
        var broker: MQTTSettings
        var kinds: AlertTopics.KindForm
    }

    /// For subscriptions; the publisher opens and closes it, and makes another one after `adopt`.
    public nonisolated var client: any BrokerClient { current.withLock(\.self) }
    private nonisolated let current: Mutex<any BrokerClient>

    // The outbox blocks.
    private nonisolated let executor = DedicatedThread(name: "publisher")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// As the site spells them.
    private let topics: AlertTopics
    private let inbox: Inbox?
    private let logger: Logger
    private let identity: SiteIdentity
    private let make: @Sendable (MQTTSettings) -> any BrokerClient
    private var way: Way
    /// Another one, to be gone over to.
    private var wanted: Way?
    private var pausing: Task<Void, Never>?
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
    private let dialects: DialectLane

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
    ///   - pictures: the evidence folder; masked pictures leave the box where the outbox enqueues them.
    ///   - warnings: are told with the site's state, at the next wake-up.
    ///   - shedding: the kinds that no look is promised for, told likewise, the least severe first.
    ///   - refusals: what becomes of an alert that the broker refuses.
    ///   - sinks: what troubles the sinks beside the broker, which the site's state tells.
    ///   - dialects: what the broker gets besides the native topics; nil where what is retained of others is left alone.
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
        shedding: @escaping @Sendable () -> [String] = { [] }, refusals: DeliveryLoop.Refusals = .hold,
        sinks: SinkBoard = SinkBoard(), dialects: BrokerDialects? = nil,
        refusalWaits: ClosedRange<Double> = 2...15, heldWaits: ClosedRange<Double> = 60...1800,
        troubleInterval: Duration = .seconds(60), chance: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        client make: @escaping @Sendable (MQTTSettings) -> any BrokerClient = { MQTTClient($0) }
    ) {
        let broker = Self.completed(broker, identity, topics, takesRequests: inbox?.isOpen ?? false, logger)
        self.topics = topics
        self.inbox = inbox
        self.logger = logger
        (self.identity, self.make) = (identity, make)
        way = Way(broker: broker, kinds: topics.kinds)
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let client = make(broker)
        current = Mutex(client)

        let wakeLater = { @Sendable [wakeup] (duration: Duration) in Self.wake(wakeup, after: duration) }
        let board = BrokerBoard()
        let journal = BrokerJournal(logger: logger, interval: troubleInterval, wakeLater: wakeLater)
        let line = BrokerLine(client, topics: topics, journal: journal, board: board)
        let book = DeliveryBook(outbox)
        let site = SiteLane(
            outbox: outbox, line: line, site: identity, inbox: inbox, warnings: warnings, shedding: shedding,
            sinks: sinks,
            board: board)
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
        self.dialects = DialectLane(
            outbox: outbox, line: line, sinks: sinks, settings: dialects, refusals: refusals, chance: chance,
            logger: logger, wakeLater: wakeLater)
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
        dialects.adopt(refusals)
        wakeup.yield()
    }

    /// What the broker gets besides the native topics from now on; what was retained of others is emptied.
    public func adopt(_ settings: BrokerDialects) {
        dialects.adopt(settings)
        wakeup.yield()
    }

    /// Reaches the broker by these settings from now on, where they are others or requests are listened to otherwise: `run`
    /// returns, and is to be called again.
    ///
    /// - Parameter kinds: how a kind stands in its topics.
    public func adopt(_ broker: MQTTSettings, kinds: AlertTopics.KindForm) {
        let broker = Self.completed(broker, identity, topics, takesRequests: inbox?.isOpen ?? false, logger)
        let new = Way(broker: broker, kinds: kinds)
        guard new != wanted ?? way else { return }
        wanted = new
        pausing?.cancel()
        wakeup.yield()
    }

    /// With what follows from the site.
    private static func completed(
        _ broker: MQTTSettings, _ site: SiteIdentity, _ topics: AlertTopics, takesRequests: Bool, _ logger: Logger
    ) -> MQTTSettings {
        var broker = broker
        if takesRequests, let warning = broker.inboundWarning {
            logger.warning("requests come over MQTT 3.1.1", metadata: ["reason": "\(warning)"])
        }
        // What is asked while the site is away waits at the broker.
        if takesRequests { broker.sessionExpiry = Self.sessionExpiry }
        broker.will = { SiteLane.will(site, topics) }
        return broker
    }

    /// Returns after so long, or once another broker is wanted.
    public func pause(for duration: Duration) async {
        guard wanted == nil else { return }
        let pause = Task { _ = try? await Task.sleep(for: duration) }
        pausing = pause
        await withTaskCancellationHandler {
            await pause.value
        } onCancel: {
            pause.cancel()
        }
    }

    /// Publishes the site's state anew: what it says about certificates grows old. Pictures that are gone are emptied.
    public func refreshSite() async {
        if dialects.tidy() { wakeup.yield() }
        await site.refresh()
    }

    /// Sends until it is cancelled; what is under way then goes on until `drain`, which must follow. Returns as well where another
    /// broker is wanted: the next call goes over to it.
    public func run() async throws {
        if wanted != nil { await goOver() }
        let client = client
        try client.start()
        let watch = Task {
            for await connection in client.connections() { self.note(connection) }
        }
        defer { watch.cancel() }
        await inbox?.recover()
        await inbox?.onAnswer { [wakeup] in wakeup.yield() }
        let reader = Task { [inbox, topics, wakeup] in
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
            guard !isStopping, !Task.isCancelled, wanted == nil else { break }
            journal.sayDue()
            startFlush()
        }
    }

    /// Sends what it can within the time, says that the site is offline, and closes the connection.
    public func drain(within duration: Duration) async {
        isStopping = true
        await leave(within: duration)
        await client.close()
        journal.end()
    }

    /// Leaves the broker for the wanted one. What it has not acknowledged goes to that, under the same ids.
    private func goOver() async {
        settling?.cancel()
        await leave(within: Self.changeover.farewell)
        await finishes(within: Self.changeover.end) { [client] in await client.close() }
        way = wanted ?? way
        wanted = nil
        let client = make(way.broker)
        current.withLock { $0 = client }
        announced = 0
        line.goOver(to: client, topics: AlertTopics(root: topics.root, kinds: way.kinds))
        alerts.goOver()
        listening.goOver()
    }

    /// Sends what it can within the time, and says that the site is offline.
    private func leave(within duration: Duration) async {
        listening.isStopping = true
        dialects.isStopping = true
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
    }

    private func reconcile(_ message: MQTTMessage) async { await listening.reconcile(message) }

    private func note(_ connection: MQTTConnection) {
        switch connection {
        case .connecting: break
        case .up:
            journal.up(client)
            journal.introduce(client, isVersionFree: way.broker.version == nil, takesRequests: inbox?.isOpen ?? false)
            settling = Task { [way] in
                try? await Task.sleep(for: .seconds(way.broker.settleTime))
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
            // An alert that is blocked keeps nobody from being heard, nor a dialect from being told.
            if client.isConnected { try await listening.advance() }
            if client.isConnected, await dialects.advance() { wakeup.yield() }
            throw error
        }
        try await site.refreshIfNews()
        try book.check()
    }

    /// Tells a new connection everything.
    private func begin(_ session: Int) async throws {
        alerts.begin()
        line.begin()
        dialects.begin()
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
        if await dialects.advance() { return true }
        if try await replays.advance() { return true }
        if try await pictures?.advance() ?? false { return true }
        return await dialects.advancePictures()
    }
}

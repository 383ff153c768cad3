import Foundation
public import Logging
import Threading

/// Sends the outbox to the broker, in sequence, and marks as delivered what the broker has acknowledged.
///
/// It also keeps the retained topics: the open incidents, the cameras and the site.
public actor Publisher {
    /// Messages that may await their acknowledgement at a time.
    private static let window = 20
    /// A wait after a fault that has nothing to do with the connection.
    private static let retryDelay = Duration.seconds(2)

    /// For subscriptions; the publisher opens and closes it.
    public nonisolated let client: MQTTClient

    // The outbox blocks.
    private nonisolated let executor = DedicatedThread(name: "publisher")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let outbox: Outbox
    private let topics: AlertTopics
    private let site: SiteIdentity
    private let logger: Logger
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

    /// - Parameter broker: its last will becomes the site's.
    public init(outbox: Outbox, broker: MQTTSettings, topics: AlertTopics, site: SiteIdentity, logger: Logger) {
        self.outbox = outbox
        self.topics = topics
        self.site = site
        self.logger = logger
        var broker = broker
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
            try await announce()
            announced = session
        }
        while true {
            let batch = try outbox.pending(limit: isCautious ? 1 : Self.window)
            guard !batch.isEmpty else { return }
            try await send(batch)
            isCautious = false
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
                try outbox.markDelivered(sequence: receipt.sequence)
            } catch {
                if (error as? MQTTError)?.kind == .refused { isCautious = true }
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
    }

    private func siteMessage(_ state: SiteReport.State) throws -> MQTTMessage {
        MQTTMessage(
            topic: topics.site(site.place, id: site.id),
            payload: Self.json(
                SiteReport(
                    site, state, at: Date(), counts: try outbox.counts(), certificates: client.certificates())),
            retain: true)
    }

    /// A refused retained state must not hold up the alerts.
    private func attempt(_ body: () async throws -> Void) async {
        do { try await body() } catch let error as MQTTError where error.kind == .disconnected {
            // The next connection tells it again.
        } catch {
            logger.error("a retained state was not published", metadata: ["reason": "\(error)"])
        }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // These values hold texts and finite numbers only, which always encode.
        return Array((try? encoder.encode(value)) ?? Data())
    }
}

import Delivery
import Foundation
import Logging
import MQTT
import Store
import Threading

/// Brings notices to the departments: from the store to topics and webhooks, each way by itself, so that one that takes nothing
/// stops no other.
actor Courier {
    /// At a time for one way.
    private static let batch = 20

    // The store blocks.
    private nonisolated let executor = DedicatedThread(name: "courier")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let store: any SQLDatabase
    private let webhooks: [String: (settings: CaseWebhook, poster: HTTPPoster)]
    private let publish: @Sendable (MQTTMessage) async throws -> Void
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let isOurs: @Sendable () -> Bool
    /// Ways on which something is under way.
    private var busy: Set<String> = []
    private var complaints: [String: String] = [:]

    /// - Parameters:
    ///   - isOurs: whether this centre is the one that tells departments now.
    ///   - publish: returns once a broker has the message.
    init(
        _ store: any SQLDatabase, webhooks: [CaseWebhook], software: String, now: @escaping @Sendable () -> Date,
        logger: Logger, isOurs: @escaping @Sendable () -> Bool = { true },
        publish: @escaping @Sendable (MQTTMessage) async throws -> Void
    ) {
        self.store = store
        self.publish = publish
        self.isOurs = isOurs
        self.now = now
        self.logger = logger
        self.webhooks = Dictionary(
            webhooks.map {
                let poster = HTTPPoster(
                    $0.url, name: $0.route, authorities: $0.authorities, timeout: CaseWebhook.timeout,
                    software: software)
                return ("\($0.route):webhook", ($0, poster))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Begins what is due; returns at once.
    func advance() throws {
        guard isOurs() else { return }
        let date = now().timeIntervalSince1970
        for route in try store.read({ try DeliveryRow.dueRoutes($0, at: date) }) where busy.insert(route).inserted {
            Task { await serve(route) }
        }
    }

    /// Sends what is due by one way, up to the first that fails.
    private func serve(_ route: String) async {
        defer { busy.remove(route) }
        do {
            while !Task.isCancelled {
                let date = now().timeIntervalSince1970
                let due = try store.read { try DeliveryRow.due(route: route, $0, at: date, limit: Self.batch) }
                guard !due.isEmpty else { return }
                for delivery in due { guard isOurs(), try await send(delivery) else { return } }
            }
        } catch {
            logger.error("deliveries to departments wait", metadata: ["route": "\(route)", "reason": "\(error)"])
        }
    }

    /// Whether the way took it.
    private func send(_ delivery: DeliveryRow) async throws -> Bool {
        let outcome = await outcome(of: delivery)
        let date = now().timeIntervalSince1970
        switch outcome {
        case .taken:
            try store.write { try delivery.taken($0, at: date) }
            if complaints.removeValue(forKey: delivery.route) != nil {
                logger.notice("a department takes cases again", metadata: ["route": "\(delivery.route)"])
            }
            return true
        case .refused(let reason, _), .breaks(let reason, _), .unsendable(let reason):
            try store.write { try delivery.failed(reason, isFinal: true, $0, at: date) }
            complain(delivery, reason, "a department refuses a case")
            return true
        case .failed(let reason, _, _):
            try store.write { try delivery.failed(reason, isFinal: false, $0, at: date) }
            complain(delivery, reason, "a department takes no cases now")
            return false
        case .unknown: return false
        }
    }

    private func outcome(of delivery: DeliveryRow) async -> DeliveryLoop.Outcome {
        let body = Array(delivery.payload.utf8)
        if delivery.route.hasSuffix(":topic") {
            do {
                try await publish(MQTTMessage(topic: delivery.topic, payload: body))
                return .taken
            } catch let error as MQTTError where error.kind == .unsendable {
                return .unsendable(reason: "\(error)")
            } catch {
                return .failed(reason: "\(error)")
            }
        }
        guard let (settings, poster) = webhooks[delivery.route] else {
            return .failed(reason: "the configuration has no route \(delivery.route) any more")
        }
        do {
            return await poster.post(
                body, headers: try settings.headers(eventID: delivery.eventID, body: body, at: now()))
        } catch { return .failed(reason: "\(error)") }
    }

    private func complain(_ delivery: DeliveryRow, _ reason: String, _ what: String) {
        guard complaints.updateValue(reason, forKey: delivery.route) != reason else { return }
        logger.warning(
            "\(what)", metadata: ["route": "\(delivery.route)", "case": "\(delivery.caseID)", "reason": "\(reason)"])
    }

    func close() async { for (_, poster) in webhooks.values { await poster.close() } }
}

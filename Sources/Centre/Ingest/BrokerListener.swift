import Contract
import Domain
import Foundation
import Logging
import MQTT

/// A connection to one broker: listens to the centre's area, hands over what comes, and sends.
final class BrokerListener: Sendable {
    /// Seconds for which a broker keeps what comes while the centre is away.
    private static let sessionExpiry = 7 * 86_400
    /// A masked picture of a large camera, and its topic.
    private static let largestMessage = 4 << 20

    let client: any BrokerClient
    private let filters: [String]
    private let name: String
    private let logger: Logger

    /// - Parameters:
    ///   - number: of the broker, with which messages come.
    ///   - hearsDepartments: listens to their answers too.
    ///   - make: a client that hands each message over, on a thread that may be held up.
    init(
        _ settings: MQTTSettings, number: Int, topics: AlertTopics, area: AreaCode, intake: Intake,
        hearsDepartments: Bool, logger: Logger, now: @escaping @Sendable () -> Date,
        make: (MQTTSettings, @escaping @Sendable (MQTTMessage) -> Void) -> any BrokerClient
    ) {
        var settings = settings
        settings.sessionExpiry = Self.sessionExpiry
        settings.largestMessage = Self.largestMessage
        name = settings.addresses.map(\.description).joined(separator: ", ")
        let channels: [AlertTopics.Channel] = [.alert, .open, .evidence, .camera, .site, .reply]
        filters =
            channels.map { topics.filter($0, area: area) }
            + (hearsDepartments ? [CaseAnswer.filter(root: topics.root, area: area)] : [])
        self.logger = logger
        client = make(settings) { message in
            intake.put(Received(message: message, at: now().timeIntervalSince1970, broker: number))
        }
    }

    /// Connects, and listens anew with each connection, until it is cancelled.
    func run() async throws {
        try client.start()
        for await connection in client.connections() {
            guard !Task.isCancelled else { break }
            switch connection {
            case .connecting: break
            case .up: await listen()
            case .down(let error):
                logger.warning("no connection to a broker", metadata: ["broker": "\(name)", "reason": "\(error)"])
            }
        }
        await client.close()
    }

    /// Asks for what stands retained once more, if there is a connection; one that comes later asks by itself.
    func listenAgain() {
        Task { if client.isConnected { await listen() } }
    }

    /// One filter after the other: one that a broker refuses does not stop the rest.
    private func listen() async {
        for filter in filters {
            do { try await client.subscribe(filter, retainAsPublished: false, isRenewed: false) } catch {
                guard error.kind != .disconnected else { return }
                logger.error(
                    "a broker does not let the centre listen",
                    metadata: ["broker": "\(name)", "filter": "\(filter)", "reason": "\(error)"])
            }
        }
        logger.notice("listening", metadata: ["broker": "\(name)", "protocol": "\(client.link?.version ?? "")"])
    }

    /// Returns once the broker has it.
    func publish(_ message: MQTTMessage) async throws(MQTTError) { try await client.publish(message) }

    /// Sends, and waits for nothing: what does not arrive is sent again by whoever wants an answer. False without a connection.
    func send(_ message: MQTTMessage) -> Bool {
        do throws(MQTTError) {
            let receipt = try client.send(message)
            Task { [logger] in
                do throws(MQTTError) { try await receipt.acknowledged() } catch {
                    guard error.kind != .disconnected else { return }
                    logger.error(
                        "a broker does not take a request",
                        metadata: ["topic": "\(message.topic)", "reason": "\(error)"])
                }
            }
            return true
        } catch {
            if error.kind != .disconnected {
                logger.error(
                    "a request could not be sent", metadata: ["topic": "\(message.topic)", "reason": "\(error)"])
            }
            return false
        }
    }
}

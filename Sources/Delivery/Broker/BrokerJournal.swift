import Contract
import Domain
import Logging
import MQTT

/// What the log says of the broker, so that an hour of trouble is a few lines. Only the publisher's actor uses it.
final class BrokerJournal {
    private let logger: Logger
    private var connection: ConnectionLog
    private var troubles: TroubleLog
    /// What was said of brokers, by address.
    private var introduced: Set<BrokerLink> = []
    private let wakeLater: (Duration) -> Void
    private var waitsUntil: ContinuousClock.Instant?

    /// - Parameters:
    ///   - interval: at the least between two lines about trouble.
    ///   - wakeLater: has `sayDue` called after that time.
    init(logger: Logger, interval: Duration, wakeLater: @escaping (Duration) -> Void) {
        self.logger = logger
        self.wakeLater = wakeLater
        connection = ConnectionLog(interval: interval)
        troubles = TroubleLog(interval: interval)
    }

    /// At once, or in its turn.
    ///
    /// - Parameter cause: what makes it news.
    func say(
        _ matter: TroubleLog.Matter, _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata,
        cause: String
    ) {
        troubles.add(matter, TroubleLog.Line(level: level, message: message, metadata: metadata, cause: cause))
        sayDue()
    }

    func sayDue() {
        let now = ContinuousClock.now
        if let line = troubles.next(at: now) { write(line) }
        guard let due = troubles.due, waitsUntil.map({ $0 <= now }) ?? true else { return }
        waitsUntil = due
        wakeLater(due - now)
    }

    /// Says all that waits, in one line: the log ends.
    func end() {
        if let line = troubles.rest(at: .now) { write(line) }
    }

    /// It holds no longer. Returns whether the log had said it.
    @discardableResult
    func withdraw(_ matter: TroubleLog.Matter) -> Bool { troubles.withdraw(matter) }

    func up(_ client: any BrokerClient) {
        if connection.up(at: .now) { sayConnected(client) }
    }

    /// The connection has held.
    func held(_ client: any BrokerClient) {
        if connection.settled() { sayConnected(client) }
        troubles.withdraw(.connection)
    }

    func down(_ error: MQTTError) {
        guard connection.down("\(error)", at: .now) else { return }
        say(.connection, .warning, "no broker", ["reason": "\(error)"], cause: "\(error)")
    }

    private func sayConnected(_ client: any BrokerClient) {
        guard let link = client.link else { return }
        logger.notice("broker connected", metadata: ["address": "\(link.address)", "mqtt": "\(link.version)"])
    }

    /// Says once what this broker does not take.
    ///
    /// - Parameters:
    ///   - isVersionFree: the version is not set, and was found out.
    ///   - takesRequests: whether any are listened to.
    func introduce(_ client: any BrokerClient, isVersionFree: Bool, takesRequests: Bool) {
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
                    "requests": takesRequests ? "\(MQTTSettings.oldInboundWarning)" : "off",
                ])
        }
    }

    private func write(_ line: TroubleLog.Line) {
        logger.log(level: line.level, line.message, metadata: line.metadata)
    }
}

import Domain
import Threading

/// Decides which address of a broker is tried next, in which manner, and after which delay.
///
/// Pure: it learns from how each attempt ended.
struct BrokerRoute {
    /// One connection attempt.
    struct Attempt: Sendable, Equatable {
        var address: ServerAddress
        var version: MQTTSettings.Version
        /// Some brokers do not accept a retained last will.
        var hasWill = true
    }

    /// How a broker is to be addressed.
    private struct Manner {
        var version: MQTTSettings.Version
        var hasWill = true
        /// The broker has accepted this manner.
        var isProven = false
        /// Consecutive attempts that it ended without an answer.
        var unanswered = 0
        /// When a manner other than the best one was chosen.
        var changed: ContinuousClock.Instant?
    }

    /// A manner other than the best one is kept for at least this time: the broker may have been upgraded.
    static let retrial = Duration.seconds(3600)
    /// Unanswered attempts after which an unproven manner is given up; a broker that is starting behaves the same.
    private static let patience = 2
    /// The same for a proven one.
    private static let trust = 10
    /// Consecutive connections that end soon, without a reason and with nothing in flight: then two boxes may share a
    /// client id.
    private static let suspicious = 3

    private let settings: MQTTSettings
    private var manners: [Manner]
    private var backoff: Backoff
    /// Of the current address.
    private var index = 0
    /// Failures since the last delay or success.
    private var failures = 0
    private var shortLives = 0

    init(_ settings: MQTTSettings) {
        self.settings = settings
        manners = settings.addresses.map { _ in Manner(version: settings.version ?? .v5) }
        backoff = Backoff(shortest: settings.shortestWait, longest: settings.longestWait)
    }

    /// The next connection.
    mutating func next(at now: ContinuousClock.Instant) -> Attempt {
        if let changed = manners[index].changed, now - changed >= Self.retrial {
            manners[index] = Manner(version: settings.version ?? .v5)
        }
        let manner = manners[index]
        return Attempt(address: settings.addresses[index], version: manner.version, hasWill: manner.hasWill)
    }

    /// The broker has accepted us.
    mutating func accepted() {
        manners[index].isProven = true
        manners[index].unanswered = 0
    }

    /// Records the end of an attempt; returns the delay before the next one.
    ///
    /// - Parameters:
    ///   - lived: how many seconds the connection was accepted; nil where it never was.
    /// - Returns: the error with its probable cause; the delay in seconds; and whether it is not a failure, as for a
    ///   broker that only requires another manner.
    mutating func ended(
        _ error: MQTTError, lived: Double?, at now: ContinuousClock.Instant
    ) -> (error: MQTTError, wait: Double, isDetour: Bool) {
        if changesManner(after: error, at: now) { return (error, 0, true) }
        if let lived, lived >= settings.settleTime {
            backoff.reset()
            failures = 0
        }
        let error = suspecting(error, lived: lived)
        failures += 1
        index = (index + 1) % settings.addresses.count
        guard failures >= settings.addresses.count else { return (error, 0, false) }
        failures = 0
        return (error, backoff.next(), false)
    }

    /// True where the same address is to be tried at once in another manner.
    private mutating func changesManner(after error: MQTTError, at now: ContinuousClock.Instant) -> Bool {
        var manner = manners[index]
        defer { manners[index] = manner }
        switch error.sign {
        case .refused(MQTTReasons.unsupportedVersion) where settings.version == nil && manner.version == .v5:
            manner = Manner(version: .v311, hasWill: manner.hasWill, changed: now)
            return true
        case .refused(MQTTReasons.retainNotSupported) where manner.hasWill:
            manner = Manner(version: manner.version, hasWill: false, changed: manner.changed ?? now)
            return true
        case .closedUnanswered:
            manner.unanswered += 1
            let another = manner.unanswered >= (manner.isProven ? Self.trust : Self.patience)
            if another { manner = afterSilence(manner, at: now) }
            return false
        default: return false
        }
    }

    /// With MQTT 5, with 3.1.1, and the same without a last will.
    private func afterSilence(_ manner: Manner, at now: ContinuousClock.Instant) -> Manner {
        let versions: [MQTTSettings.Version] = settings.version.map { [$0] } ?? [.v5, .v311]
        let all = [true, false].flatMap { hasWill in versions.map { (version: $0, hasWill: hasWill) } }
        let present = all.firstIndex { $0 == (manner.version, manner.hasWill) } ?? 0
        let next = all[(present + 1) % all.count]
        return Manner(
            version: next.version, hasWill: next.hasWill,
            changed: next == all[0] ? nil : manner.changed ?? now)
    }

    /// Adds the probable cause where connections repeatedly end without a reason.
    private mutating func suspecting(_ error: MQTTError, lived: Double?) -> MQTTError {
        guard let lived, lived < settings.settleTime, error.sign == .closed else {
            if lived.map({ $0 >= settings.settleTime }) ?? false { shortLives = 0 }
            return error
        }
        shortLives += 1
        guard shortLives >= Self.suspicious, error.remedy == nil else { return error }
        var suspected = error
        suspected.cause += " again and again"
        suspected.remedy = MQTTError.clash
        return suspected
    }
}

import Threading

/// Which address of a broker is tried next, how it is spoken to, and after which wait.
///
/// Pure: it learns from how each attempt ended.
struct BrokerRoute {
    /// One connection.
    struct Attempt: Sendable, Equatable {
        var address: MQTTSettings.Address
        var version: MQTTSettings.Version
        /// Some brokers do not take a retained last will.
        var hasWill = true
    }

    /// What is known of a broker.
    private struct Manner {
        var version: MQTTSettings.Version
        var hasWill = true
        /// This is how it has accepted us.
        var isProven = false
        /// Attempts in a row that it ended without an answer.
        var unanswered = 0
        /// When another manner than the best one began.
        var changed: ContinuousClock.Instant?
    }

    /// A manner that is not the best one is left so late at the earliest: a broker may have been renewed.
    static let retrial = Duration.seconds(3600)
    /// Unanswered attempts after which an unproven manner is left for another one; a broker that starts also does so.
    private static let patience = 2
    /// And a proven one.
    private static let trust = 10
    /// Connections in a row that end soon, without a word and with nothing under way: then two boxes may have one client id.
    private static let suspicious = 3

    private let settings: MQTTSettings
    private var manners: [Manner]
    private var backoff: Backoff
    /// Of the address that is tried.
    private var index = 0
    /// Failures since the latest wait or success.
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

    /// What came of the attempt, and how long to wait before the next one.
    ///
    /// - Parameters:
    ///   - lived: for how many seconds it was accepted; nil where it never was.
    /// - Returns: the error with what is known of its cause; the wait in seconds; and whether it is no failure, as a broker
    ///   that is only to be spoken to in another manner.
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

    /// True where the same address is to be tried in another manner at once.
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

    /// Names what is likely where connections end again and again without a word.
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

/// What a durable sink is to do next with the first message that waits for it. It is told what became of each attempt and when,
/// and says what to do; it reads no clock, waits for nothing and knows no network.
public struct DeliveryLoop: Sendable {
    /// What becomes of a message that the sink refuses for good.
    public enum Refusals: String, Sendable, Hashable, CaseIterable {
        /// It is tried again with growing waits, and all later ones wait behind it: nothing is lost, nothing overtakes.
        case hold
        /// It becomes a dead letter, and the next one goes.
        case skip
    }

    /// What became of an attempt.
    public enum Outcome: Sendable, Hashable {
        case taken
        /// The sink refuses this very message: another attempt would fare no better.
        ///
        /// - Parameter remedy: what helps, for the log.
        case refused(reason: String, remedy: String? = nil)
        /// The sink breaks the connection over this message, to the harm of all others.
        ///
        /// - Parameter remedy: what helps, for the log.
        case breaks(reason: String, remedy: String? = nil)
        /// The message is permanently undeliverable and is dropped, not kept as a dead letter.
        case unsendable(reason: String)
        /// Nothing is known against the message: the way to the sink failed, or it has no time.
        ///
        /// - Parameters:
        ///   - retryAfter: seconds for which the sink wants to be left in peace; nil where it did not say.
        ///   - remedy: what helps, for the log.
        case failed(reason: String, retryAfter: Double? = nil, remedy: String? = nil)
        /// The connection ended first. Whoever keeps it says so, and makes it again.
        case unknown
    }

    /// Bounds in seconds of the waits between attempts with one message; they double.
    public struct Waits: Sendable {
        public var failures = 1.0...300.0
        public var refusals = 60.0...1800.0
        public var breaks = 60.0...1800.0

        public init() {}
    }

    public enum Step: Sendable, Hashable {
        case send
        /// Until then, by the clock of the caller, in seconds.
        case rest(until: Double)
    }

    public enum Conclusion: Sendable, Hashable {
        /// The message is done with.
        case advance
        /// The message is done with, and is to be kept as a dead letter.
        case giveUp(reason: String)
        /// The message is done with, and counts as one that was lost.
        case drop(reason: String)
        /// The same message is to be tried again.
        case again
    }

    /// Why nothing gets on.
    public struct Trouble: Sendable, Hashable {
        public let reason: String
        /// The sink refuses this very message; false where it takes none.
        public let isRefusal: Bool
        /// What helps; nil where nobody said.
        public var remedy: String?
        /// By the clock of the caller, in seconds.
        public let since: Double
    }

    /// Seconds: no sink is left in peace for longer, whatever it says.
    static let longestRest = 3600.0

    public let refusals: Refusals
    public private(set) var trouble: Trouble?
    private enum Cause { case failure, refusal, breaking }

    private var attempts = 0
    /// Of the latest trouble.
    private var cause: Cause?
    private var restUntil: Double?

    private let waits: Waits

    public init(refusals: Refusals, waits: Waits = Waits()) {
        self.refusals = refusals
        self.waits = waits
    }

    /// - Parameter now: seconds, by a clock that only runs.
    public func next(now: Double) -> Step {
        if let restUntil, now < restUntil { return .rest(until: restUntil) }
        return .send
    }

    /// Takes what became of an attempt.
    ///
    /// - Parameters:
    ///   - now: seconds, by a clock that only runs.
    ///   - chance: 0…1, evenly spread: a hundred boxes must not come back at once.
    public mutating func conclude(_ outcome: Outcome, now: Double, chance: Double) -> Conclusion {
        switch outcome {
        case .taken:
            clear()
            return .advance
        // Of a connection that was broken over the message a word may be heard later, which says less.
        case _ where cause == .breaking && next(now: now) != .send: break
        case .refused(let reason, _) where refusals == .skip, .breaks(let reason, _) where refusals == .skip:
            clear()
            return .giveUp(reason: reason)
        case .unsendable(let reason):
            clear()
            return .drop(reason: reason)
        case .refused(let reason, let remedy):
            let trouble = Trouble(reason: reason, isRefusal: true, remedy: remedy, since: now)
            rest(.refusal, waits.refusals, trouble, now: now, chance: chance)
        case .breaks(let reason, let remedy):
            let trouble = Trouble(reason: reason, isRefusal: true, remedy: remedy, since: now)
            rest(.breaking, waits.breaks, trouble, now: now, chance: chance)
        case .failed(let reason, let retryAfter, let remedy):
            let trouble = Trouble(reason: reason, isRefusal: false, remedy: remedy, since: now)
            rest(.failure, waits.failures, trouble, least: retryAfter, now: now, chance: chance)
        case .unknown: break
        }
        return .again
    }

    private mutating func clear() {
        attempts = 0
        cause = nil
        restUntil = nil
        trouble = nil
    }

    private mutating func rest(
        _ cause: Cause, _ waits: ClosedRange<Double>, _ new: Trouble, least: Double? = nil, now: Double, chance: Double
    ) {
        let isSame = trouble?.isRefusal == new.isRefusal
        if !isSame || cause != self.cause { attempts = 0 }
        self.cause = cause
        let ceiling = min(waits.upperBound, waits.lowerBound * Double(1 << min(attempts, 30)))
        attempts += 1
        let wait = max(waits.lowerBound, ceiling * (0.5 + 0.5 * chance))
        // Those who were told the same must not come back in the same second.
        let asked = max(0, least ?? 0) * (1 + 0.1 * chance)
        restUntil = now + max(wait, min(Self.longestRest, asked))
        let since = isSame ? trouble?.since ?? now : now
        trouble = Trouble(reason: new.reason, isRefusal: new.isRefusal, remedy: new.remedy, since: since)
    }
}

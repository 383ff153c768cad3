/// What a durable sink is to do next: one message at a time, in sequence. It is told what became of each attempt and when, and
/// says what to do; it reads no clock, waits for nothing and knows no network.
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
        /// Another attempt with the same message would fare no better.
        case refused(reason: String)
        /// Nothing is known against the message: the way to the sink failed, or it has no time.
        ///
        /// - Parameter retryAfter: seconds for which the sink wants to be left in peace; nil where it did not say.
        case failed(reason: String, retryAfter: Double?)
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
        /// The same message is to be tried again.
        case again
    }

    /// Why nothing gets on.
    public struct Trouble: Sendable, Hashable {
        public let reason: String
        /// The sink refuses this very message; false where it cannot be reached.
        public let isRefusal: Bool
        /// By the clock of the caller, in seconds.
        public let since: Double
    }

    /// Seconds: of waits after failures and after refusals that are held.
    static let failureWaits = 1.0...300.0
    static let refusalWaits = 60.0...1800.0
    /// Seconds: no sink is left in peace for longer, whatever it says.
    static let longestRest = 3600.0

    public let refusals: Refusals
    public private(set) var trouble: Trouble?
    private var attempts = 0
    private var restUntil: Double?

    public init(refusals: Refusals) { self.refusals = refusals }

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
        case .refused(let reason) where refusals == .skip:
            clear()
            return .giveUp(reason: reason)
        case .refused(let reason):
            rest(Self.refusalWaits, reason, isRefusal: true, least: nil, now: now, chance: chance)
        case .failed(let reason, let retryAfter):
            rest(Self.failureWaits, reason, isRefusal: false, least: retryAfter, now: now, chance: chance)
        }
        return .again
    }

    private mutating func clear() {
        attempts = 0
        restUntil = nil
        trouble = nil
    }

    private mutating func rest(
        _ waits: ClosedRange<Double>, _ reason: String, isRefusal: Bool, least: Double?, now: Double, chance: Double
    ) {
        if trouble?.isRefusal != isRefusal { attempts = 0 }
        let ceiling = min(waits.upperBound, waits.lowerBound * Double(1 << min(attempts, 30)))
        attempts += 1
        let wait = max(waits.lowerBound, ceiling * (0.5 + 0.5 * chance))
        // Those who were told the same must not come back in the same second.
        let asked = max(0, least ?? 0) * (1 + 0.1 * chance)
        restUntil = now + max(wait, min(Self.longestRest, asked))
        trouble = Trouble(
            reason: reason, isRefusal: isRefusal,
            since: trouble?.isRefusal == isRefusal ? trouble?.since ?? now : now)
    }
}

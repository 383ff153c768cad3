import Contract

/// What the broker breaks the connection over.
///
/// Pure: it counts breaks in a row with the same thing under way. Whatever was the first that had not been acknowledged is
/// suspected; as long as anything is, one thing goes out at a time, so that the next break names the right one.
struct BrokerObjections {
    /// From so many breaks on it is no chance.
    static let breaks = 3
    /// What is left out is tried again after so long.
    static let retrial = Duration.seconds(3600)

    static let classes = [AlertTopics.Channel.site, .camera, .open].map(\.rawValue)

    private var counts: [String: Int] = [:]
    /// The same by class of topics: a broker may break the connection over everything that is to be retained.
    private var classCounts: [String: Int] = [:]
    /// What is not retained and has broken the connection often enough; until the broker takes it.
    private var suspects: [String: ContinuousClock.Instant] = [:]
    private var left: [String: ContinuousClock.Instant] = [:]
    private var session = 0
    /// The broker has taken a retained message.
    private var retains = false

    var isCautious: Bool { !counts.isEmpty }
    /// Classes and single topics.
    var leftOut: [String] { left.keys.sorted() }

    /// The connection broke while this was the first thing under way. Of each session the first one counts.
    ///
    /// - Parameter class: of a retained topic, which is left out after `breaks`.
    /// - Returns: how often that has been so in a row.
    mutating func broke(
        over thing: String, of class: String? = nil, session: Int, at now: ContinuousClock.Instant
    ) -> Int {
        guard session != self.session else { return counts[thing] ?? 0 }
        self.session = session
        let count = (counts[thing] ?? 0) + 1
        // Others were only near it.
        counts = [thing: count]
        guard let `class` else {
            classCounts = [:]
            if count >= Self.breaks {
                suspects[thing] = now
                counts = [:]
            }
            return count
        }
        classCounts = [`class`: (classCounts[`class`] ?? 0) + 1]
        if classCounts[`class`] ?? 0 >= Self.breaks {
            // Of one that has not taken any it is likely to be the flag, whatever the topic.
            for name in retains ? [`class`] : Self.classes + [`class`] { leave(name, at: now) }
        } else if count >= Self.breaks {
            leave(thing, at: now)
        }
        return count
    }

    private mutating func leave(_ name: String, at now: ContinuousClock.Instant) {
        left[name] = now
        counts = [:]
        classCounts = [:]
    }

    /// The broker has acknowledged it, or refused it with a word.
    mutating func took(_ thing: String, of class: String? = nil) {
        counts[thing] = nil
        suspects[thing] = nil
        guard let `class` else { return }
        classCounts[`class`] = nil
        retains = true
    }

    func isSuspected(_ thing: String) -> Bool { suspects[thing] != nil }

    func leavesOut(_ topic: String, of class: String) -> Bool { left[`class`] != nil || left[topic] != nil }

    /// A new connection: what was left out for long may be tried again.
    mutating func reconsider(at now: ContinuousClock.Instant) {
        left = left.filter { now - $0.value < Self.retrial }
        suspects = suspects.filter { now - $0.value < Self.retrial }
    }
}

/// When a site is asked for what is missing, and for how much at once. Pure: it is told the time.
struct ReplayPlan: Sendable, Hashable {
    /// Seconds that a message may take to come by itself: others overtake it, and a state tells of it first.
    static let patience = 5.0
    /// Seconds after each request that brought nothing until the next one for the same span; the last one goes on.
    static let waits = [30.0, 300.0, 3600.0]
    /// Seconds without a message of the span after which a replay is taken to have ended. What it did not bring although it
    /// brought something was dropped on the way, by a full queue of the broker, and is asked for again.
    static let silence = 10.0
    /// Holes that lie so near to each other are asked for as one: a site takes a hundred commands an hour.
    static let nearness: Int64 = 200

    /// The request that the site has not answered or is still carrying out.
    private(set) var underWay: (id: String, span: ClosedRange<Int64>, at: Double)?
    /// Not before this time: the site has refused.
    private var restUntil = 0.0

    static func == (one: ReplayPlan, other: ReplayPlan) -> Bool {
        one.underWay?.id == other.underWay?.id && one.restUntil == other.restUntil
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(underWay?.id)
        hasher.combine(restUntil)
    }

    /// What is to be asked for now; nil where nothing is.
    ///
    /// - Parameter most: messages in one request.
    mutating func next(_ book: SequenceBook, at now: Double, most: Int64) -> ClosedRange<Int64>? {
        if let underWay {
            let stirred = book.holes.lazy.filter { $0.span.overlaps(underWay.span) }.compactMap(\.stirred).max()
            let answered = book.answer(since: underWay.at)
            // All of it has come, or nothing more does.
            if let stirred {
                guard now - max(stirred, answered ?? stirred) >= Self.silence,
                    answered != nil || now - underWay.at >= Self.waits[0]
                else { return nil }
            }
            self.underWay = nil
        }
        guard now >= restUntil, let first = book.holes.firstIndex(where: { Self.isDue($0, book, at: now) })
        else {
            return nil
        }
        var span = book.holes[first].span
        span = span.lowerBound...min(span.upperBound, span.lowerBound + most - 1)
        for hole in book.holes[(first + 1)...] {
            guard hole.span.lowerBound - span.upperBound <= Self.nearness, Self.isDue(hole, book, at: now),
                hole.span.upperBound - span.lowerBound < most
            else { break }
            span = span.lowerBound...hole.span.upperBound
        }
        return span
    }

    private static func isDue(_ hole: SequenceBook.Hole, _ book: SequenceBook, at now: Double) -> Bool {
        guard hole.asks > 0, let stirred = hole.stirred else { return now - hole.noticed >= patience }
        if let answered = book.answer(since: stirred) { return now - answered >= silence }
        return now - stirred >= waits[min(hole.asks, waits.count) - 1]
    }

    mutating func asked(_ id: String, for span: ClosedRange<Int64>, at now: Double) { underWay = (id, span, now) }

    /// The site has refused, or cannot be reached: nothing is asked for so many seconds.
    mutating func refused(at now: Double, wait: Double) {
        underWay = nil
        restUntil = now + wait
    }
}

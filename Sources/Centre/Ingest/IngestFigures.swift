/// What a centre has taken in since it began.
struct IngestFigures: Sendable {
    /// Messages that were new.
    var stored = 0
    /// That were there before, or came twice at once.
    var repeated = 0
    var pictures = 0
    var refused: [Refusals.Reason: Int] = [:]
    /// That wait to be written.
    var waiting = 0
    /// That found no room; they are asked for again.
    var dropped = 0
    var batches = 0
    /// Seconds of the slowest transaction.
    var slowest = 0.0
    /// From the date of a message to its being stored.
    var delays = DelayStatistics()
    /// By site, what is missing and not given up.
    var missing: [String: Int64] = [:]

    mutating func add(_ outcome: BatchWriter.Outcome, seconds: Double, at now: Double) {
        stored += outcome.stored
        repeated += outcome.repeated
        pictures += outcome.pictures
        batches += 1
        slowest = max(slowest, seconds)
        // A clock that is wrong by a day says nothing of a way.
        for time in outcome.times where (0...86_400).contains(now - time) { delays.add(now - time) }
    }
}

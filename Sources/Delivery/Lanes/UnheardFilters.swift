import Threading

/// Filters that the broker has refused, and when they are asked for again.
///
/// Pure. A cluster that has lost a node refuses until the others have agreed on who leads, and an access list may be put
/// right: both without another connection.
struct UnheardFilters {
    /// Seconds between two questions, at the most.
    static let longestWait = 300.0
    /// So many are named in the site's state.
    private static let mostNamed = 16

    private var backoff: Backoff
    private var filters: Set<String> = []
    private var due: ContinuousClock.Instant?

    /// - Parameter shortestWait: seconds before the second question is asked.
    init(shortestWait: Double) { backoff = Backoff(shortest: shortestWait, longest: Self.longestWait) }

    /// The first of them.
    var names: [String] { Array(filters.sorted().prefix(Self.mostNamed)) }

    func contains(_ filter: String) -> Bool { filters.contains(filter) }

    mutating func refused(_ filter: String) { filters.insert(filter) }

    mutating func taken(_ filter: String) {
        filters.remove(filter)
        if filters.isEmpty { reset() }
    }

    /// How long to wait before they are asked for again, in seconds; nil where none is refused or a wait goes on.
    mutating func wait(at now: ContinuousClock.Instant) -> Double? {
        guard !filters.isEmpty, due == nil else { return nil }
        let seconds = backoff.next()
        due = now + .seconds(seconds)
        return seconds
    }

    /// Those that are to be asked for again; whoever takes them asks, and they count as refused until then. Empty while the
    /// wait goes on.
    mutating func takeDue(at now: ContinuousClock.Instant) -> Set<String> {
        guard let due, due <= now else { return [] }
        self.due = nil
        return filters
    }

    /// Others are no longer of interest.
    mutating func keep(_ wanted: [String]) {
        filters.formIntersection(wanted)
        if filters.isEmpty { reset() }
    }

    /// Another connection is asked for everything.
    mutating func reset() {
        filters = []
        due = nil
        backoff.reset()
    }
}

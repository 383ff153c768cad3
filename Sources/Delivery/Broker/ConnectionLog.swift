/// Which changes of the connection are worth a line in the log.
///
/// Each cause once until a connection has held, and at most one in a minute: an hour without a broker is one line, and so is
/// an hour in which it accepts us and hangs up each time.
struct ConnectionLog {
    /// Causes that are remembered.
    private static let most = 16

    private let interval: Duration
    private var said: Set<String> = []
    private var last: ContinuousClock.Instant?
    private var owesConnection = true
    private var hasConnected = false

    init(interval: Duration = TroubleLog.interval) { self.interval = interval }

    /// Whether to say that the connection could not be made or kept.
    mutating func down(_ cause: String, at now: ContinuousClock.Instant) -> Bool {
        guard !said.contains(cause), said.count < Self.most else { return false }
        if let last, now - last < interval { return false }
        said.insert(cause)
        last = now
        owesConnection = true
        hasConnected = false
        return true
    }

    /// Whether to say that there is a connection: at once after a long time without one, otherwise once it has held.
    mutating func up(at now: ContinuousClock.Instant) -> Bool {
        defer { hasConnected = true }
        guard owesConnection, !hasConnected else { return false }
        if let last, now - last < interval { return false }
        owesConnection = false
        return true
    }

    /// The same for a connection that has held for a while.
    mutating func settled() -> Bool {
        defer { owesConnection = false }
        said = []
        return owesConnection
    }
}

import Synchronization

/// What has been learnt of a camera in one session and is used in the next, up to the end of the run.
public final class StreamMemory: Sendable {
    struct Facts {
        /// GET_PARAMETER makes it hang up, or is unknown to it.
        var avoidsGetParameter = false
        /// Of `Transport.auto`: what has worked, or is worth a try now.
        var transport = Transport.tcp
        /// See `SenderClock`.
        var isClockDistrusted = false
    }

    private let facts = Mutex(Facts())

    public init() {}

    var known: Facts { facts.withLock { $0 } }

    func note(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }
}

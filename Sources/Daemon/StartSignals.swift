import Dispatch
import Glibc
import Synchronization
import Threading

/// The signals of the service, from its first instruction on.
public enum StartSignals {
    static var set: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGHUP, SIGTERM, SIGINT] { sigaddset(&signals, signal) }
        return signals
    }

    /// Holds SIGHUP, SIGTERM and SIGINT back in this thread and all that it starts, to be called before anything else.
    ///
    /// Without this, a signal that comes before somebody listens ends the process. Held back, it waits: libdispatch, by
    /// which the services listen, reads signals from a signalfd, which tells those that came before as well.
    public static func hold() {
        var signals = set
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}

/// Ends the process where it is told to stop before its services listen.
final class StartWatch: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter stop: called on a thread of its own; does not return.
    init(_ stop: @escaping @Sendable () -> Never) {
        startThread(named: "start") { [self] in
            var signals = StartSignals.set
            sigdelset(&signals, SIGHUP)
            while !isOver.load(ordering: .acquiring) {
                var most = timespec(tv_sec: 0, tv_nsec: 20_000_000)
                if sigtimedwait(&signals, nil, &most) > 0 { stop() }
            }
            ended.signal()
        }
    }

    /// From now on the services listen. Returns once no signal can be taken from them any more.
    func end() {
        isOver.store(true, ordering: .releasing)
        ended.wait()
    }
}

internal import CProcess
import Glibc

/// The signals of the service from its first instruction on. Without this, one that comes before somebody listens ends
/// the process.
///
/// By handlers, not by blocking them: on Linux libdispatch keeps the main thread in sigsuspend(2) with an empty mask, where
/// a signal that is blocked everywhere else still does what it does by default.
public enum StartSignals {
    /// SIGHUP is remembered, SIGTERM and SIGINT end the start with exit code 0. To be called before anything else.
    public static func take() { process_take_signals() }

    /// Sends a SIGHUP that came before somebody listened once more.
    package static func repeatHangup() {
        if process_had_hangup() != 0 { kill(getpid(), SIGHUP) }
    }
}

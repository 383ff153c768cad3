internal import CProcess
import Glibc

/// Handles the signals of the service from its first instruction on. Without this, a signal that arrives before a
/// handler is installed ends the process.
///
/// Handlers rather than blocked signals: on Linux libdispatch keeps the main thread in sigsuspend(2) with an empty
/// mask, where a signal that is blocked everywhere else still has its default action.
public enum StartSignals {
    /// SIGHUP is remembered, SIGTERM and SIGINT end the start with exit code 0. To be called before anything else.
    public static func take() { process_take_signals() }

    /// Raises a SIGHUP again that arrived before the handler was installed.
    package static func repeatHangup() {
        if process_had_hangup() != 0 { kill(getpid(), SIGHUP) }
    }
}

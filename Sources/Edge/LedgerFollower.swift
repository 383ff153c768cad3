import Delivery
import Dispatch
import Evidence
import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Threading

/// Appends the outbox's messages to the ledger, by their sequence: paced, on a thread of its own, and only once the
/// service is ready. Then it keeps the evidence within its budget, and checks periodically whether its folder is still
/// there.
///
/// Messages missed because of a kill or a full disk are taken from the outbox, so the ledger's order is always the
/// outbox's.
final class LedgerFollower: Service {
    private struct State {
        var isRunning = false
        /// When a shutdown no longer waits for records, by the monotonic clock, in seconds; nil before a shutdown.
        var end: Double?
        var isStopping: Bool { end != nil }
        /// Start of the current call to the disk, by the monotonic clock, in seconds.
        var busySince: Double?
        var isDue = false
        var fault: String?
    }

    /// Pause between two batches, so that the disk is available to others; and the pause while there is nothing new, in
    /// seconds.
    private static let pauses = (busy: 0.02, idle: 2.0)
    /// Seconds between two checks of the evidence folder.
    private static let inspection = 20.0
    /// How long a shutdown waits for the last records, in seconds; what is missing then follows after the next start.
    private static let farewell = 1.0
    /// Timeout in seconds for one call to the disk, at the end.
    private static let hopeless = 1.0

    private let archive: EvidenceArchive
    private let outbox: Outbox
    private let logger: Logger
    private let warnings: SiteWarnings
    private let changed: @Sendable () -> Void
    private let state = Mutex(State())
    private let waiting = MonotonicEvent()

    /// - Parameter changed: called when the site's state has changed.
    init(
        archive: EvidenceArchive, outbox: Outbox, warnings: SiteWarnings, logger: Logger,
        changed: @escaping @Sendable () -> Void
    ) {
        self.archive = archive
        self.outbox = outbox
        self.warnings = warnings
        self.logger = logger
        self.changed = changed
    }

    /// Starts; to be called once the service is ready.
    func start() {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning && !state.isStopping
        }
        if isFirst { startThread(named: "ledger") { [self] in loop() } }
    }

    /// There is a new message.
    func notify() {
        let isNews = state.withLock { state in
            defer { state.isDue = true }
            return !state.isDue
        }
        if isNews { waiting.signal() }
    }

    /// For how many seconds a call to the disk has not returned.
    var secondsStuck: Double { state.withLock { $0.busySince.map { Self.uptime() - $0 } ?? 0 } }

    /// Waits for the end of the service, and then briefly for the last records.
    func run() async {
        try? await gracefulShutdown()
        state.withLock { $0.end = Self.uptime() + Self.farewell }
        waiting.signal()
        // The thread must have ended when the process does: what the libraries under it clean up then is still in use
        // otherwise, and a stop becomes a crash. During a hanging call to the disk there is no progress.
        while state.withLock(\.isRunning), secondsStuck < Self.hopeless {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func loop() {
        var inspected = -Double.infinity
        while true {
            let end = state.withLock { state in
                state.isDue = false
                state.busySince = Self.uptime()
                return state.end
            }
            if Self.uptime() - inspected > Self.inspection {
                inspect()
                inspected = Self.uptime()
            }
            let hasMore = follow()
            state.withLock { $0.busySince = nil }
            if let end, !hasMore || Self.uptime() >= end { break }
            waiting.wait(seconds: hasMore ? Self.pauses.busy : Self.pauses.idle)
        }
        state.withLock { $0.isRunning = false }
    }

    /// One batch; true where there is more.
    private func follow() -> Bool {
        do {
            let hasMore = try archive.follow(outbox)
            tell(nil)
            // The site's state reports evictions.
            if !hasMore, archive.evict(outbox, logger: logger) > 0 { changed() }
            return hasMore
        } catch {
            tell("the ledger cannot be kept, it is tried again: \(error)")
            return false
        }
    }

    private func tell(_ fault: String?) {
        let isNews = state.withLock { state in
            defer { state.fault = fault }
            return state.fault != fault
        }
        guard isNews else { return }
        if let fault { logger.error("\(fault)") } else { logger.notice("the ledger is kept again") }
        if warnings.set(fault, for: "ledger") { changed() }
    }

    /// Detects that folder or ledger were deleted or moved while the service runs, which would lose everything written
    /// since.
    func inspect() {
        guard !archive.isInPlace else {
            archive.noteInPlace()
            return
        }
        let text: String
        do {
            try archive.renew()
            text =
                "the evidence folder was deleted or moved while the service ran; it was made anew, what lay in it is missing"
            logger.error("\(text)", metadata: ["folder": "\(archive.store.folder.path)"])
        } catch {
            text = "the evidence folder is gone and cannot be made anew: \(error)"
            if warnings.set(text, for: "evidence folder") { logger.error("\(text)") }
        }
        warnings.set(text, for: "evidence folder")
        changed()
    }

    private static func uptime() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}

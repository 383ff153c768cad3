import Evidence
import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Threading

/// Deletes evidence and delivered messages that have exceeded their retention period.
struct Housekeeping: Service {
    let archive: EvidenceArchive?
    let outbox: Outbox
    /// In days.
    struct Ages: Sendable {
        var evidence: Int
        /// Of the audit log and the reviews.
        var audit: Int
    }

    let ages: Adjustable<Ages>
    let logger: Logger
    /// How long a request's id is remembered, in seconds: a multiple of the time for which a broker stores messages for
    /// an absent site.
    private static let requests = 30.0 * 86_400

    /// Entries of the audit log that are kept, whatever their age: some 300 MB.
    private static let mostEntries = 500_000
    /// Requests that are kept, whatever their age: those of three days at the inbox's limit, and an id lives for one.
    private static let mostRequests = 150_000

    /// - Parameters:
    ///   - days: retention of evidence.
    ///   - auditDays: retention of the audit log and the reviews.
    init(archive: EvidenceArchive?, outbox: Outbox, days: Int, auditDays: Int, logger: Logger) {
        self.archive = archive
        self.outbox = outbox
        ages = Adjustable(Ages(evidence: days, audit: auditDays))
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let isBelieved = Mutex(true)
            while !Task.isCancelled {
                // Not on a thread of the looks, and a stop does not wait for it: the disk may be slow, or hang.
                await finishes {
                    do {
                        let isNow = try await onOwnThread(named: "housekeeping") { try tidy(.now) }
                        let wasBelieved = isBelieved.withLock { believed in
                            defer { believed = isNow }
                            return believed
                        }
                        if wasBelieved, !isNow {
                            logger.warning("the computer's date is not believed yet, nothing is deleted for its age")
                        }
                    } catch {
                        logger.error("could not delete old data", metadata: ["error": "\(error)"])
                    }
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }

    /// Deletes what is due; false where only size limits were applied, because the date is not accepted.
    func tidy(_ clocks: HostClocks) throws -> Bool {
        let (days, auditDays) = (ages.value.evidence, ages.value.audit)
        var clock = try outbox.retentionClock() ?? RetentionClock(clocks)
        let now = clock.advance(to: clocks)
        let date = Date(timeIntervalSince1970: clocks.date)
        if let now { clock.note(days: archive?.store.days ?? [], at: now) }
        if let now {
            // First the deletions that free space on a full disk.
            let folders = try archive?.prune(keeping: days, now: now, arrivals: clock.arrivals) ?? 0
            let messages = try outbox.prune(deliveredBefore: now.addingTimeInterval(-Double(days) * 86_400))
            try outbox.redate(at: now)
            if folders > 0 {
                try outbox.audit(.evidenceDropped, facts: ["days": "\(folders)", "reason": "their age"], at: date)
            }
            if folders + messages > 0 {
                logger.info("old data deleted", metadata: ["days": "\(folders)", "messages": "\(messages)"])
            }
            let oldest = now.addingTimeInterval(-Double(auditDays) * 86_400)
            try outbox.pruneAudit(before: oldest, now: now)
            try outbox.prune(requestsBefore: now.addingTimeInterval(-Self.requests), reviewsBefore: oldest)
        }
        try outbox.save(clock)
        try outbox.auditDrops(at: date)
        try outbox.auditEvictions(at: date)
        let entries = try outbox.limit(auditEntries: Self.mostEntries, requests: Self.mostRequests)
        if entries > 0 {
            logger.warning(
                "the audit log is full, its oldest entries went before their time", metadata: ["entries": "\(entries)"])
        }
        return now != nil
    }
}

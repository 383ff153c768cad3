import Delivery
import Foundation
import Logging
import ServiceLifecycle

/// Deletes evidence and delivered messages that are older than the site keeps them.
struct Housekeeping: Service {
    let archive: EvidenceArchive?
    let outbox: Outbox
    /// Days.
    let days: Int
    /// Days for the audit log and the reviews.
    let auditDays: Int
    let logger: Logger
    /// So long a request is known again by its id, in seconds: a multiple of what a broker keeps while a site is away.
    private static let requests = 30.0 * 86_400

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let now = Date()
                do {
                    let folders = try archive?.prune(keeping: days, now: now) ?? 0
                    let messages = try outbox.prune(deliveredBefore: now.addingTimeInterval(-Double(days) * 86_400))
                    let oldest = now.addingTimeInterval(-Double(auditDays) * 86_400)
                    if folders > 0 {
                        try outbox.audit(.evidenceDropped, facts: ["days": "\(folders)", "reason": "their age"])
                    }
                    try outbox.auditDrops()
                    try outbox.auditEvictions()
                    try outbox.pruneAudit(before: oldest)
                    try outbox.prune(requestsBefore: now.addingTimeInterval(-Self.requests), reviewsBefore: oldest)
                    if folders + messages > 0 {
                        logger.info("old data deleted", metadata: ["days": "\(folders)", "messages": "\(messages)"])
                    }
                } catch {
                    logger.error("could not delete old data", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }
}

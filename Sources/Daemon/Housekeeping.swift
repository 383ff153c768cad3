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
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let now = Date()
                do {
                    let folders = try archive?.prune(keeping: days, now: now) ?? 0
                    let messages = try outbox.prune(deliveredBefore: now.addingTimeInterval(-Double(days) * 86_400))
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

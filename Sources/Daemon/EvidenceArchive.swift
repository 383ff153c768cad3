import Delivery
public import Evidence
import Foundation
import Logging

/// Where a site keeps its evidence: the maker of the pictures, their folder, and the ledger over them and all messages.
public struct EvidenceArchive: Sendable {
    /// Messages that are read from the outbox at a time.
    private static let batch: Int64 = 100

    public let maker: EvidenceMaker
    public let store: EvidenceStore
    public let ledger: Ledger

    public init(maker: EvidenceMaker, store: EvidenceStore, ledger: Ledger) {
        self.maker = maker
        self.store = store
        self.ledger = ledger
    }

    /// Says at the start what will be missing.
    func warn(_ logger: Logger) {
        if let fault = maker.fault {
            logger.warning(
                "evidence is withheld: faces and plates cannot be masked; alerts go out without pictures",
                metadata: ["reason": "\(fault)"])
        }
        switch maker.captionIsChinese {
        case nil: logger.warning("no font is installed: evidence has no caption; install fonts-wqy-microhei")
        case false?: logger.warning("no Chinese font is installed: captions are in English; install fonts-wqy-microhei")
        case true?: break
        }
    }

    /// Brings the ledger up to the outbox: what it missed, because the process was killed or the disk was full, it takes
    /// from there, so its order is always the outbox's.
    ///
    /// Blocks for the disk. Failing delays the record, never the alert.
    func recordMessages(of outbox: Outbox, through last: Int64, logger: Logger) {
        do {
            var next = ledger.head.sequence + 1
            while next <= last {
                for message in try outbox.messages(from: next, through: min(last, next + Self.batch - 1)) {
                    let evidence = (try? AlertEvent(json: Data(message.payload)))?.data.evidence ?? []
                    let file = try store.save(
                        message.payload, sequence: message.sequence, incident: message.subject, date: Date())
                    try ledger.record(
                        sequence: message.sequence, incident: message.subject, payload: message.payload,
                        files: evidence.compactMap { image in image.file.map { .init(file: $0, sha256: image.sha256) } }
                            + [.init(file: file, sha256: Ledger.hash(message.payload))])
                }
                next += Self.batch
            }
        } catch {
            logger.error("could not keep the ledger, it is tried again", metadata: ["error": "\(error)"])
        }
    }

    /// Deletes the days whose time is over, each after a record that says so; returns how many.
    func prune(keeping days: Int, now: Date) throws -> Int {
        let expired = try store.expired(keeping: days, now: now)
        for day in expired {
            try ledger.expire(day: day, now: now)
            try store.delete(day: day)
        }
        return expired.count
    }
}

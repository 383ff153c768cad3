import Contract
public import Evidence
import Foundation
import Hashing
import Logging
import Store
import Synchronization

/// The evidence of a site: the maker of the pictures, their folder, and the ledger over them and all messages.
public final class EvidenceArchive: Sendable {
    /// Messages read from the outbox at a time.
    private static let batch = 20

    private struct Eviction {
        /// Incidents that could not be deleted in this run of the process.
        var stubborn = Set<UUID>()
        var isOverdrawn = false
    }

    public let maker: EvidenceMaker
    public let store: EvidenceStore
    public let ledger: Ledger
    /// Bytes of pictures and messages.
    public var budget: Int { limit.value }
    private let limit: Adjustable<Int>
    /// No eviction between a picture and its record.
    private let eviction = Mutex(Eviction())
    /// The last recorded message when folder and ledger were last verified to be in place.
    private let safe: Mutex<Int64>
    /// How often they were deleted or moved while the service ran.
    let losses = Atomic<Int>(0)

    public init(maker: EvidenceMaker, store: EvidenceStore, ledger: Ledger, budget: Int = .max) {
        self.maker = maker
        self.store = store
        self.ledger = ledger
        limit = Adjustable(budget)
        safe = Mutex(ledger.head.sequence)
    }

    /// Sets the size limit in bytes.
    func adopt(budget: Int) { limit.value = budget }

    /// Logs at the start what will be missing.
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

    /// Records the next messages that will not be rewritten, in the outbox's order; true where there are more.
    ///
    /// Blocks for the disk. A failure delays the record, never the alert.
    func follow(_ outbox: Outbox) throws -> Bool {
        let last = try outbox.lastSettled()
        let next = ledger.sequence(in: outbox.epoch, through: last) + 1
        guard next <= last else { return false }
        // A ledger truncated while the daemon is stopped is detected at the next start.
        defer { try? outbox.save(mark) }
        // Of those that were deleted before they came into the ledger there may be any number, and the next one tells.
        let messages = try outbox.messages(from: next, through: last, limit: Self.batch)
        for message in messages {
            let evidence = (try? AlertEvent(json: Data(message.payload)))?.data.evidence ?? []
            try ledger.announce(sequence: message.sequence, epoch: outbox.epoch)
            let file = try store.save(
                message.payload, sequence: message.sequence, incident: message.subject, date: Date())
            try ledger.record(
                sequence: message.sequence, epoch: outbox.epoch, incident: message.subject, payload: message.payload,
                files: evidence.compactMap { image in image.file.map { .init(file: $0, sha256: image.sha256) } }
                    + [.init(file: file, sha256: try SHA256.hex(message.payload))])
        }
        return messages.last.map { $0.sequence < last } ?? false
    }

    /// Whether folder and ledger are still those that were opened.
    var isInPlace: Bool { store.isInPlace && ledger.isInPlace }

    /// Everything recorded so far is known to be in place.
    func noteInPlace() { safe.withLock { $0 = ledger.head.sequence } }

    /// Recreates folder and ledger where they were deleted or moved; messages recorded since they were last known to be
    /// in place are recorded again.
    func renew() throws {
        try store.renew()
        if !ledger.isInPlace { try ledger.reopen(after: safe.withLock { $0 }) }
        losses.add(1, ordering: .relaxed)
    }

    /// Deletes expired days, each after a record of it; returns how many.
    ///
    /// - Parameter arrivals: of days with an impossible date, when they were found.
    func prune(keeping days: Int, now: Date, arrivals: [String: Date] = [:]) throws -> Int {
        let expired = store.expired(keeping: days, now: now, arrivals: arrivals)
        for day in expired {
            try ledger.expire(day: day, keeping: days, since: arrivals[day], now: now)
            try store.delete(day: day)
        }
        return expired.count
    }

    /// Stores a picture taken on request, with its record.
    func keep(snapshot image: EvidenceImage) throws -> EvidenceStore.Stored {
        try eviction.withLock { _ in
            let id = UUIDv7.make()
            let stored = try store.save(image, incident: id)
            try ledger.record(snapshot: id, file: .init(file: stored.file, sha256: stored.sha256))
            return stored
        }
    }

    /// Completes an eviction interrupted by a kill: it is in the ledger, and files may be left.
    ///
    /// To be called before anything is written.
    func resume(_ outbox: Outbox, logger: Logger) {
        guard let incident = ledger.head.evicting else { return }
        do {
            try outbox.note(evicted: try store.delete(incident: incident), record: ledger.head.hash)
        } catch {
            logger.error(
                "could not finish an eviction of evidence", metadata: ["error": "\(error)", "incident": "\(incident)"])
        }
    }

    /// Deletes the evidence of whole incidents, each after a record of it, until the budget is met.
    ///
    /// The oldest go first, in three passes: those that are closed and delivered; those that a broker does not have
    /// yet; those confirmed by a review. Open ones are kept.
    ///
    /// Blocks for the disk. To be called by the writer of messages, between two of them, once they are in the ledger.
    /// Returns how many were deleted.
    @discardableResult
    func evict(_ outbox: Outbox, logger: Logger) -> Int {
        var count = 0
        guard store.bytes > budget else { return count }
        do {
            // Otherwise the ledger would later name files that have already been deleted.
            let last = try outbox.counts().lastSequence
            guard ledger.sequence(in: outbox.epoch, through: last) == last else { return count }
            let claims = try outbox.claims()
            let incidents = store.incidents
            try eviction.withLock { state in
                for claim in EvidenceClaims.Claim.allCases where claim != .open {
                    for incident in incidents where claims[incident] == claim && !state.stubborn.contains(incident) {
                        guard store.bytes > budget else {
                            state.isOverdrawn = false
                            return
                        }
                        try ledger.evict(incident: incident)
                        let record = ledger.head.hash
                        do {
                            try outbox.note(evicted: try store.delete(incident: incident), record: record)
                            count += 1
                        } catch let error as EvidenceStore.StoreError {
                            state.stubborn.insert(incident)
                            logger.error("could not evict evidence", metadata: ["error": "\(error)"])
                        }
                    }
                }
                let wasOverdrawn = state.isOverdrawn
                state.isOverdrawn = store.bytes > budget
                guard state.isOverdrawn, !wasOverdrawn else { return }
                logger.warning(
                    "the evidence of open incidents is larger than its budget; raise evidence.max_megabytes",
                    metadata: ["bytes": "\(store.bytes)", "budget": "\(budget)"])
            }
        } catch {
            logger.error("could not keep the evidence to its budget", metadata: ["error": "\(error)"])
        }
        return count
    }
}

import Evidence
import Logging
public import ServiceLifecycle
import Store
import Synchronization
import Threading

/// The store is damaged: the daemon has to continue with another one.
public struct StoreDamaged: Error, CustomStringConvertible {
    public let description: String
}

/// Stores the position of the ledger in the database, and detects a damaged database: reads all of it once after each
/// start, which finds damage from a power cut, and again whenever SQLite has reported a fault. Ends the services where
/// it is damaged.
public struct StoreWatch: Service {
    let outbox: Outbox
    /// Nil where no evidence is kept.
    let ledger: (@Sendable () -> LedgerMark)?
    let logger: Logger
    private let pending = Pending()
    var interval: Duration = .seconds(5)

    public func run() async throws {
        let damage = await cancelWhenGracefulShutdown { () async -> StoreDamaged? in
            var known: Int?
            while !Task.isCancelled {
                let complaints = Outbox.complaints
                if complaints != known {
                    known = complaints
                    if let damage = await checkUnlessStopped() { return damage }
                }
                await mark()
                try? await Task.sleep(for: interval)
            }
            return nil
        }
        if let damage { throw damage }
        await mark()
    }

    /// Whether an earlier call has not returned: while a disk hangs there is at most one.
    private final class Pending: Sendable {
        let isMarking = Atomic<Bool>(false)
    }

    /// On failure only truncation since then goes undetected. Waits briefly for a disk that hangs.
    private func mark() async {
        guard let ledger, !pending.isMarking.exchange(true, ordering: .relaxed) else { return }
        await finishes(within: .seconds(1)) { [outbox, pending] in
            defer { pending.isMarking.store(false, ordering: .relaxed) }
            try? await onOwnThread(named: "store mark") {
                let mark = ledger()
                if try outbox.ledgerMark() != mark { try outbox.save(mark) }
            }
        }
    }

    /// Reports a ledger that is shorter than the store's mark, or has another record in its place: records were removed
    /// by someone, or by a fault of the disk, while the daemon was stopped. Missing messages are recorded again, which
    /// would hide that. To be called before anything is written.
    static func compare(_ found: LedgerMark, with outbox: Outbox, logger: Logger) {
        do {
            guard let known = try outbox.ledgerMark(),
                found.number < known.number || found.number == known.number && found.hash != known.hash
            else { return }
            logger.critical(
                "records of the ledger are gone: it was emptied, cut off or written anew while the daemon was stopped",
                metadata: [
                    "known": "\(known.number)", "found": "\(found.number)", "hash": "\(known.hash)",
                ])
            try outbox.audit(
                .ledgerShortened,
                facts: ["known": "\(known.number)", "found": "\(found.number)", "hash": known.hash])
        } catch {
            logger.error("could not compare the ledger with the database", metadata: ["error": "\(error)"])
        }
    }

    /// On a disk that hangs it may not end: a stop does not wait for it.
    private func checkUnlessStopped() async -> StoreDamaged? {
        let finding = Mutex<StoreDamaged?>(nil)
        await finishes {
            let damage = await check()
            finding.withLock { $0 = damage }
        }
        return finding.withLock(\.self)
    }

    private func check() async -> StoreDamaged? {
        do {
            try await onOwnThread(named: "store check") { try outbox.check() }
            return nil
        } catch let error as OutboxError where error.isDamage {
            return StoreDamaged(description: "\(error)")
        } catch {
            logger.warning("could not check the database", metadata: ["error": "\(error)"])
            return nil
        }
    }
}

extension EvidenceArchive {
    var mark: LedgerMark { LedgerMark(number: ledger.head.number, hash: ledger.head.hash) }
}

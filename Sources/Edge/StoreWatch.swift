import Evidence
import Logging
public import ServiceLifecycle
import Store
import Synchronization
import Threading

/// The store is damaged: the daemon has to go on with another one.
public struct StoreDamaged: Error, CustomStringConvertible {
    public let description: String
}

/// Keeps in the store how far the ledger has come, and finds a damaged store: reads all of it once after each start, which
/// finds what a power cut has left, and again whenever SQLite has complained. Ends the services where it is damaged.
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

    /// Whether an earlier call has not come back: while a disk hangs there is one at most.
    private final class Pending: Sendable {
        let isMarking = Atomic<Bool>(false)
    }

    /// Failing costs nothing but the knowledge of what was cut off since. A disk that hangs is waited for a little.
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

    /// Says where the ledger is shorter than the store knows it, or has another record in the same place: somebody, or a
    /// fault of the disk, took records from it while the daemon was stopped. What is missing of messages is written to it
    /// anew, and would hide that. To be called before anything is written.
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

import Contract
import Delivery
import Evidence
import Logging
import Store

/// Checks at the start whether the database is the one that was there before, using the ledger: the order of its
/// records is evidence, independent of the clock at the creation of each database.
///
/// To be called before anything is written or sent.
enum StoreSuccession {
    /// - Parameter ledger: nil where no evidence is kept: then only a renamed damaged database is evidence.
    /// - Throws: where the database is an older one and cannot start another epoch now: under its own, subscribers
    ///   would take new messages for known ones.
    static func settle(_ outbox: Outbox, _ ledger: Ledger?, warnings: SiteWarnings, logger: Logger) throws {
        let head = ledger?.head
        let last = try outbox.counts().lastSequence
        if outbox.isNew {
            let isAnother = (head?.sequence ?? 0) > 0 && ledger?.sequence(in: outbox.epoch, through: last) == 0
            // Its mark shows from the first message on which records were there before it. On a full disk the order of
            // the ids has to suffice.
            if let head { try? outbox.save(LedgerMark(number: head.number, hash: head.hash)) }
            if isAnother || !outbox.damaged.isEmpty { tellReplaced(outbox, logger) }
        } else if let ledger, let head, try isAhead(ledger, head, of: outbox, last) {
            try tellRestored(outbox, last, head, warnings, logger)
        }
    }

    /// Whether the ledger contains messages that the database should have counted: later ones of its own epoch, or
    /// messages of a later epoch.
    private static func isAhead(
        _ ledger: Ledger, _ head: Ledger.Head, of outbox: Outbox, _ last: Int64
    ) throws -> Bool {
        guard let named = head.epoch, named != outbox.epoch else { return head.sequence > last }
        let mark = try outbox.ledgerMark()
        let known = mark.map { Ledger.Known(number: $0.number, hash: $0.hash) }
        let succession = try ledger.succession(of: outbox.epoch, known: known)
        if succession.isKnown { return true }
        guard last > 0 else { return false }
        // The ledger has no record of it: it is the newer one where it remembers a record of the other.
        if let mark, succession.hasRemembered, let begun = succession.begun { return mark.number < begun }
        return named > outbox.epoch
    }

    private static func tellReplaced(_ outbox: Outbox, _ logger: Logger) {
        var facts = ["epoch": outbox.epoch]
        facts["damaged"] = outbox.damaged.last
        // First the lasting record and then the log: after a kill in between the next start reports it again.
        do { try outbox.audit(.storeReplaced, facts: facts) } catch {
            // A full disk must not prevent watching the cameras.
            logger.error("could not write to the audit log", metadata: ["error": "\(error)"])
        }
        logger.critical(
            "the site's database is a new one: its sequence begins at 1, under another epoch",
            metadata: ["epoch": "\(outbox.epoch)", "damaged": "\(outbox.damaged.last ?? "lost")"])
    }

    private static func tellRestored(
        _ outbox: Outbox, _ last: Int64, _ head: Ledger.Head, _ warnings: SiteWarnings, _ logger: Logger
    ) throws {
        let before = outbox.epoch
        try outbox.beginEpoch(
            .storeRestored,
            facts: [
                "before": before, "last": "\(last)", "ledger": "\(head.sequence)", "ledger_epoch": head.epoch ?? "",
            ])
        // Its own mark is as old as the backup, and would make this epoch the older one at the next start.
        try outbox.save(LedgerMark(number: head.number, hash: head.hash))
        let text =
            "the database is older than the ledger of the evidence, as if restored from a backup: its sequence begins at 1 "
            + "again, under another epoch"
        warnings.set("\(text) (\(outbox.epoch))", for: "database")
        logger.critical(
            "\(text)",
            metadata: [
                "epoch": "\(outbox.epoch)", "before": "\(before)", "last": "\(last)", "ledger": "\(head.sequence)",
            ])
    }
}

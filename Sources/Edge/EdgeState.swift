import Contract
import Delivery
import Domain
import Evidence
import Foundation
import Inference
import Logging
import Runtime
import Store

/// The persistent parts of a site, opened: the database, and the evidence with its ledger.
struct EdgeState: Sendable {
    /// Including the key of the ledger.
    let site: SiteIdentity
    let catalogue: Catalogue
    let outbox: Outbox
    let archive: EvidenceArchive?
    let examples: HardExamples?
    let warnings: SiteWarnings
    /// The kinds that no look is promised for, the least severe first.
    let shed = Adjustable<[AlertKind]>([])
    let watch: StoreWatch
    let housekeeping: Housekeeping

    /// Throws where one of them cannot be opened, or was made by a later version.
    init(_ settings: DaemonSettings, engines: InferenceEngines, logger: Logger) throws {
        catalogue = try settings.catalogue()
        outbox = try Outbox(
            file: Self.store(in: settings.stateFolder), budget: settings.outboxBudget,
            sendsPictures: settings.publishesEvidence)
        archive = try Self.archive(settings, engines, outbox, logger)
        var site = settings.site
        site.ledgerKey = archive?.ledger.publicKey?.description
        self.site = site
        if let found = archive?.ledger.found {
            StoreWatch.compare(LedgerMark(number: found.number, hash: found.hash), with: outbox, logger: logger)
        }
        warnings = SiteWarnings(secrets: settings.secrets)
        try StoreSuccession.settle(outbox, archive?.ledger, warnings: warnings, logger: logger)
        archive?.warn(logger)
        archive?.resume(outbox, logger: logger)
        examples = settings.evidenceFolder.map { [outbox] evidence in
            HardExamples(
                folder: settings.stateFolder.appending(path: "hard-examples"), evidence: evidence,
                limit: settings.hardExamples, outbox: outbox, logger: logger)
        }
        var ledger: (@Sendable () -> LedgerMark)?
        if let archive { ledger = { archive.mark } }
        watch = StoreWatch(outbox: outbox, ledger: ledger, logger: logger)
        housekeeping = Housekeeping(
            archive: archive, outbox: outbox, days: settings.evidenceDays, auditDays: settings.auditDays,
            logger: logger)
        do {
            try outbox.audit(.configurationLoaded, facts: settings.site.auditFacts)
        } catch {
            // A full disk must not prevent watching the cameras.
            logger.error("could not write to the audit log", metadata: ["error": "\(error)"])
        }
    }

    /// The site's database.
    static func store(in folder: URL) -> URL { folder.appending(path: "outbox.sqlite") }

    private static func archive(
        _ settings: DaemonSettings, _ engines: InferenceEngines, _ outbox: Outbox, _ logger: Logger
    ) throws -> EvidenceArchive? {
        guard let folder = settings.evidenceFolder else { return nil }
        let key = try SiteKey(stateFolder: settings.stateFolder)
        let store = try EvidenceStore(folder: folder)
        let known = try outbox.ledgerMark().map { Ledger.Known(number: $0.number, hash: $0.hash) }
        let ledger = try Ledger(folder: folder, site: settings.site.id, key: key, known: known)
        for notice in key.notices + ledger.notices { logger.warning("\(notice)") }
        return EvidenceArchive(
            maker: EvidenceMaker(masking: settings.masking, quality: settings.jpegQuality, engines: engines),
            store: store, ledger: ledger, budget: settings.evidenceBudget)
    }
}

extension SiteIdentity {
    /// The audit entry for a configuration that takes effect.
    var auditFacts: [String: String] {
        ["sha256": configurationSHA256, "software": software, "model": model.name]
    }
}

import Contract
import Domain
import Evidence
import Foundation
import Logging
import Pipeline
import Store

/// Makes the pictures of an incident, and puts them into the message that tells of it, or into one of its own.
struct EvidencePacks: Sendable {
    typealias Pack = Result<[EvidenceImage], EvidenceWithheld>

    let outbox: Outbox
    /// Nil where no evidence is kept.
    let archive: EvidenceArchive?
    let topics: AlertTopics
    let edition: Adjustable<IncidentWriter.Edition>
    let logger: Logger

    func make(_ job: EvidenceQueue.Job) async -> Pack {
        let entry = job.entry
        guard let archive, let kind = edition.value.catalogue[entry.change.incident.kind] else { return .success([]) }
        do {
            return .success(
                try await archive.maker.images(
                    of: job.views, incident: entry.change.incident, profile: kind.privacyProfile
                ) {
                    [
                        "\(RFC3339.string(from: $0, in: entry.camera.timeZone))  \(entry.camera.name) (\(entry.camera.id))",
                        "\(entry.camera.place.area) / \(entry.camera.place.grid) / \(entry.camera.place.microgrid)  "
                            + entry.zone.name,
                        "\(kind.name.zh) \(kind.name.en)",
                    ]
                })
        } catch let error as EvidenceWithheld {
            return .failure(error)
        } catch {
            return .failure(EvidenceWithheld(reason: "\(error)"))
        }
    }

    /// Saves the pictures, and writes the message.
    ///
    /// - Returns: the incident as it was told; nil where there was nothing to be told.
    func write(_ pack: Pack, of job: EvidenceQueue.Job) throws(OutboxError) -> Incident? {
        var evidence: [EvidenceReference] = []
        var reason: String?
        switch pack {
        case .success(let images): (evidence, reason) = save(images, of: job)
        case .failure(let fault): reason = "\(fault)"
        }
        let remarks = [evidence.isEmpty ? nil : job.fault?.description, reason].compactMap(\.self)
        let ledger = archive?.ledger.head.hash
        guard let first = job.edition.envelope(job.entry, evidence: evidence, ledger: ledger, epoch: outbox.epoch),
            let later = edition.value.envelope(job.entry, evidence: evidence, ledger: ledger, epoch: outbox.epoch)
        else { return nil }
        let written = try outbox.complete(evidenceOf: job.sequence) { incident in
            for remark in remarks { incident.why.append(.init(at: incident.lastSeen, what: remark)) }
        } message: { incident, sequence, id in
            // Written anew, a message stays one of the configuration that it was written under.
            var envelope = id == nil ? later : first
            envelope.incident = incident
            return try envelope.message(id: id ?? UUIDv7.make(), sequence: sequence, topics: topics)
        }
        guard let written else { return nil }
        logger.info(
            "pictures follow",
            metadata: [
                "incident": "\(written.incident.id)", "pictures": "\(evidence.count)",
                "sequence": "\(written.message.sequence)",
            ])
        return written.incident
    }

    /// What could be saved, and why not all of it.
    private func save(
        _ images: [EvidenceImage], of job: EvidenceQueue.Job
    ) -> (evidence: [EvidenceReference], fault: String?) {
        guard let store = archive?.store else { return ([], nil) }
        var (evidence, fault) = ([EvidenceReference](), String?.none)
        for image in images {
            do {
                let stored = try store.save(image, incident: job.entry.change.incident.id)
                evidence.append(
                    EvidenceReference(
                        role: stored.role.rawValue, sha256: stored.sha256, bytes: stored.bytes, masked: true,
                        taken: stored.taken, path: stored.file, isDetail: stored.isDetail))
            } catch {
                // An alert without a picture is better than none.
                fault = "evidence could not be written"
                logger.error("could not write evidence", metadata: ["error": "\(error)"])
            }
        }
        return (evidence, fault)
    }
}

extension IncidentWriter.Edition {
    /// What a message about the entry says; nil for a kind that the catalogue does not know.
    func envelope(
        _ entry: IncidentWriter.Entry, evidence: [EvidenceReference] = [], ledger: String?, epoch: String
    ) -> IncidentEnvelope? {
        catalogue[entry.change.incident.kind].map { kind in
            IncidentEnvelope(
                incident: entry.change.incident, site: site, camera: entry.camera, zone: entry.zone, entry: kind,
                evidence: evidence, clock: entry.clock, ledger: ledger, epoch: epoch, date: entry.date)
        }
    }
}

import Contract
import Domain
import Foundation
import Logging
import Store

/// Keeps the masked pictures of false alarms found by reviews, so that rules and classifiers can be improved.
///
/// They outlive the evidence; only their number is limited. One that is missed because of a kill is not recovered: an
/// example is not worth the effort.
struct HardExamples: Sendable {
    /// The file beside the pictures. It names no person, not even the reviewer.
    private struct Description: Encodable {
        struct Picture: Encodable {
            let file: String
            let role: String
            let sha256: String
            let taken: String
        }

        let incident: String
        let kind: String
        let camera: String
        let zone: String
        let object: AlertEvent.Object
        let observed: AlertEvent.Observed
        let verdict: String
        let why: [AlertEvent.Reason]
        let pictures: [Picture]
        let provenance: AlertEvent.Provenance
    }

    static let descriptionName = "example.json"

    /// Contains one folder for each incident.
    let folder: URL
    /// The folder of the pictures.
    let evidence: URL
    /// Number of incidents that are kept; the oldest are deleted.
    var limit: Int { most.value }
    private let most: Adjustable<Int>
    let outbox: Outbox
    let logger: Logger

    init(folder: URL, evidence: URL, limit: Int, outbox: Outbox, logger: Logger) {
        self.folder = folder
        self.evidence = evidence
        most = Adjustable(limit)
        self.outbox = outbox
        self.logger = logger
    }

    /// Sets that number.
    func adopt(limit: Int) { most.value = limit }

    /// A review has ended the incident, or changed its verdict. Blocks for the disk; a failure is logged.
    func consider(_ incident: Incident) {
        guard limit > 0, let verdict = incident.review, verdict.isRight == false else { return }
        do {
            if try keep(incident.id, verdict) {
                logger.info("a hard example was kept", metadata: ["incident": "\(incident.id)"])
            }
            try drop()
        } catch {
            logger.warning(
                "could not keep a hard example", metadata: ["error": "\(error)", "incident": "\(incident.id)"])
        }
    }

    /// False where there is no picture, or it is already kept.
    private func keep(_ incident: UUID, _ verdict: Verdict) throws -> Bool {
        let place = folder.appending(path: incident.uuidString.lowercased())
        let files = FileManager.default
        guard !files.fileExists(atPath: place.path) else { return false }
        let events = try outbox.messages(of: incident).compactMap { try? AlertEvent(json: Data($0.payload)) }
        guard let last = events.last?.data else { return false }
        let part = folder.appending(path: place.lastPathComponent + ".part")
        try? files.removeItem(at: part)
        try files.createDirectory(
            at: part, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        defer { try? files.removeItem(at: part) }
        var pictures: [Description.Picture] = []
        for picture in events.flatMap(\.data.evidence) where picture.masked {
            guard let path = picture.file, !pictures.contains(where: { $0.sha256 == picture.sha256 }) else { continue }
            let source = evidence.appending(path: path)
            // Deleted for its age, or for lack of space.
            guard files.fileExists(atPath: source.path) else { continue }
            let copy = part.appending(path: source.lastPathComponent)
            do { try files.linkItem(at: source, to: copy) } catch {
                // On another file system.
                try files.copyItem(at: source, to: copy)
            }
            pictures.append(
                .init(
                    file: copy.lastPathComponent, role: picture.role, sha256: picture.sha256, taken: picture.taken))
        }
        guard !pictures.isEmpty else { return false }
        let description = Description(
            incident: incident.uuidString.lowercased(), kind: last.kind, camera: last.camera.id, zone: last.zone.id,
            object: last.object, observed: last.observed, verdict: verdict.rawValue, why: last.why, pictures: pictures,
            provenance: last.provenance)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(description).write(to: part.appending(path: Self.descriptionName))
        try files.moveItem(at: part, to: place)
        return true
    }

    /// The names are UUIDv7: the oldest incidents come first.
    private func drop() throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return }
        let kept = names.filter { UUID(uuidString: $0) != nil }.sorted()
        for name in kept.dropLast(limit) { try FileManager.default.removeItem(at: folder.appending(path: name)) }
    }
}

import Analytics
import Domain
import Evidence
import Foundation
import Inference
import Pipeline

/// The evidence of a benchmark, made and masked as in the daemon.
struct Gallery {
    private let maker: EvidenceMaker
    private let store: EvidenceStore
    private let catalogue: Catalogue

    /// Throws where the folder is not writable or the masking networks are missing.
    init(folder: String, masking: MaskingModels) throws {
        _ = try masking.verified()
        maker = EvidenceMaker(masking: masking)
        store = try EvidenceStore(folder: URL(filePath: folder))
        catalogue = try Catalogue.builtIn(covering: Rules.kinds)
    }

    var recorder: EvidenceRecorder { EvidenceRecorder { [maker] in try await maker.compress($0) } }

    func add(_ change: CameraPipeline.Change, clip: String) async throws {
        guard let kind = catalogue[change.incident.kind] else { return }
        let name = URL(filePath: clip).lastPathComponent
        let images = try await maker.images(
            of: change.views, incident: change.incident, profile: kind.privacyProfile
        ) {
            ["\($0.formatted(.iso8601))  \(name)", change.incident.zone, "\(kind.name.zh) \(kind.name.en)"]
        }
        for image in images { _ = try store.save(image, incident: change.incident.id) }
    }
}

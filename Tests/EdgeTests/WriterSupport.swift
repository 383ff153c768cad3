import Domain

@testable import Edge
@testable import Store

extension IncidentWriter {
    /// As one look.
    nonisolated func record(_ entries: [Entry]) {
        post(Look(camera: entries.first?.camera.id ?? "", entries: entries))
    }
}

extension EvidenceArchive {
    /// All that can be recorded now.
    func followAll(_ outbox: Outbox) { while (try? follow(outbox)) == true {} }
}

import Domain

@testable import Edge
@testable import Store

extension IncidentWriter {
    /// As one look.
    nonisolated func record(_ entries: [Entry]) {
        post(Look(camera: entries.first?.camera.id ?? "", entries: entries))
    }
}

extension SiteIdentity {
    /// A site with one place.
    static func edge01() throws -> SiteIdentity {
        SiteIdentity(
            id: "edge-01", place: GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02"),
            software: "test", configurationSHA256: "", catalogue: "1", model: .init(name: "m", version: "1", sha256: "")
        )
    }
}

extension EvidenceArchive {
    /// All that can be recorded now.
    func followAll(_ outbox: Outbox) { while (try? follow(outbox)) == true {} }
}

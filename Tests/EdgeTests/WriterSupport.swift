import Analytics
import Domain
import Evidence
import Foundation
import Inference
import Logging
import TestSupport
import Video

@testable import Contract
@testable import Edge
@testable import Evidence
@testable import Pipeline
@testable import Store

/// A store with its evidence, and a writer over both: a test posts what cameras would. A whole site is `EdgeHarness`.
struct WriterSite {
    /// The networks that mask, where they have been prepared.
    static let masking = MaskingModels(folder: Footage.packageRoot.appending(path: "models/prepared").path)
    static let canMask = (try? masking.verified()) != nil
    static let noMasking = MaskingModels(face: nil, plate: nil)
    static let noLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Deleted with the last copy of this.
    let folder: TemporaryFolder
    let identity: SiteIdentity
    let outbox: Outbox
    let archive: EvidenceArchive
    let writer: IncidentWriter
    let evidence: URL
    /// Called after each message that was written, or that may now be sent.
    let wake: Adjustable<@Sendable () -> Void>

    /// - Parameters:
    ///   - state: the folder of the database; nil: `folder`.
    ///   - evidence: nil: in `folder`.
    init(
        _ folder: TemporaryFolder, state: URL? = nil, evidence: URL? = nil, masking: MaskingModels = noMasking,
        budget: Int = .max, catalogue: Catalogue? = nil, deadline: Duration = .seconds(3600), mostBytes: Int? = nil
    ) throws {
        let wake = Adjustable<@Sendable () -> Void>({})
        (self.wake, self.folder) = (wake, folder)
        identity = try SiteIdentity.edge01()
        self.evidence = evidence ?? folder.file("evidence")
        outbox = try Outbox(file: (state ?? folder.url).appending(path: "outbox.sqlite"))
        archive = EvidenceArchive(
            maker: EvidenceMaker(masking: masking), store: try EvidenceStore(folder: self.evidence),
            ledger: try Ledger(folder: self.evidence, site: identity.id), budget: budget)
        writer = IncidentWriter(
            outbox: outbox, archive: archive, site: identity, topics: AlertTopics(),
            catalogue: try catalogue ?? Catalogue.builtIn(), logger: Self.noLogger, deadline: deadline,
            mostBytes: mostBytes
        ) { wake.value() }
    }

    /// A car that has stood for 300 s.
    static func incident(camera: String = "cam-01") -> Incident {
        Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: camera, zone: "z", firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
    }

    /// A grey picture.
    static func frame(_ time: Double = 300, size: (width: Int, height: Int) = (640, 360)) throws -> Frame {
        try JPEG.decode(
            try JPEG.encode(try Canvas(width: size.width, height: size.height, .grey)), time: MediaTime(time),
            date: Date(timeIntervalSince1970: 1_790_000_000 + time))
    }

    static func view(
        _ frame: Frame, _ role: EvidenceImage.Role = .panoramaConfirming
    ) -> EvidenceView {
        EvidenceView(role: role, source: .frame(frame), taken: frame.date, vehicles: [])
    }

    func entry(_ incident: Incident = incident(), _ views: [EvidenceView] = []) -> IncidentWriter.Entry {
        IncidentWriter.Entry(
            change: .init(incident: incident, views: views),
            camera: CameraIdentity(id: incident.camera, name: "北门", place: identity.place, timeZone: .gmt),
            zone: ZoneIdentity(id: "z", name: "Lane", surface: .carriageway), clock: ClockReport(),
            date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
    }

    /// Returns once all that was posted is on the disk with its pictures, and in the ledger.
    func settle() async {
        await writer.settlePictures()
        archive.followAll(outbox)
    }

    func events() throws -> [AlertEvent] {
        try outbox.messages(from: 1, through: 1000).map { try AlertEvent(json: Data($0.payload)) }
    }
}

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

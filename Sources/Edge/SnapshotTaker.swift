import Analytics
import Contract
import Domain
import Evidence
import Foundation
import Inference
import Pipeline
import Threading
import Video

/// Takes a picture of a camera on request, masked like all evidence; without masking there is none.
struct SnapshotTaker: Sendable {
    /// The slowest camera looks every 10 s.
    private static let patience = Duration.seconds(15)

    let archive: EvidenceArchive?
    let detector: ObjectDetector
    let registry: CameraRegistry

    func take(_ camera: String) async -> Snapshot {
        guard let service = registry.services.first(where: { $0.camera.id == camera }) else {
            return .refused(Rejection(.unknownCamera, "this site has no camera \(camera)"))
        }
        guard let archive else { return .unavailable(camera: camera) }
        if let fault = archive.maker.fault { return refused("faces and plates cannot be masked: \(fault)") }
        let reading = service.meter.reading
        if reading.state == CameraReport.State.offline.rawValue {
            return refused("camera \(camera) is offline" + (reading.reason.map { ": \($0)" } ?? ""))
        }
        guard let frame = await service.requests.next(within: Self.patience) else {
            return refused("camera \(camera) gave no picture within \(Self.patience.components.seconds) s")
        }
        let identity = service.settings.identity
        do {
            // The detections used by the rules may be older than this picture.
            let vehicles = try await detector.detections(in: frame).detections.filter(\.objectClass.isPlated)
            let image = try await archive.maker.snapshot(
                of: frame, vehicles: vehicles.map(\.box),
                caption: [
                    "\(RFC3339.string(from: frame.date, in: identity.timeZone))  \(identity.name) (\(identity.id))",
                    "\(identity.place.area) / \(identity.place.grid) / \(identity.place.microgrid)",
                ])
            return try await onOwnThread(named: "snapshot") {
                let stored = try archive.keep(snapshot: image)
                return .taken(sha256: stored.sha256, file: stored.file)
            }
        } catch {
            return refused("\(error)")
        }
    }

    private func refused(_ text: String) -> Snapshot { .refused(Rejection(.unavailable, text)) }
}

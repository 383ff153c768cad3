public import Analytics
import Foundation
public import Video

/// Chooses and encodes the pictures of each incident of one camera.
///
/// The first panorama must be taken before anyone knows whether it will be needed: each pending place keeps one,
/// encoded, until it ends.
public struct EvidenceRecorder: Sendable {
    private struct Place: Hashable, Sendable {
        let kind: AlertKind
        let zone: String
        let number: Int
    }

    /// Pending places that keep a picture; a camera over a car park would otherwise fill the memory.
    private static let mostPending = 32
    /// Around the object, as a share of its size.
    private static let margin = 0.35

    private let quality: Int
    private var first: [Place: EvidenceImage] = [:]

    /// - Parameter quality: libavcodec's JPEG scale, 2 (best) … 31.
    public init(quality: Int = 4) { self.quality = quality }

    /// Keeps the first view of what has begun, and forgets what is over.
    public mutating func note(_ findings: [Finding], in frame: Frame) throws {
        for finding in findings {
            let place = Place(kind: finding.kind, zone: finding.zone, number: finding.place)
            switch finding.phase {
            case .pending where first[place] == nil && first.count < Self.mostPending:
                first[place] = EvidenceImage(
                    role: .panoramaFirst, jpeg: try JPEG.encode(frame, quality: quality), taken: frame.date)
            case .ended: first[place] = nil
            default: break
            }
        }
    }

    /// The pictures of an incident that has just changed; none for a change that shows nothing new.
    public mutating func images(for incident: Incident, findings: [Finding], in frame: Frame) throws -> [EvidenceImage]
    {
        guard incident.isOpen else { return [] }
        var images: [EvidenceImage] = []
        if incident.state == .opened {
            let finding = findings.first {
                $0.kind == incident.kind && $0.zone == incident.zone && $0.object.box == incident.object.box
            }
            let place = finding.map { Place(kind: $0.kind, zone: $0.zone, number: $0.place) }
            if let place, let view = first.removeValue(forKey: place) { images.append(view) }
        }
        images.append(
            EvidenceImage(
                role: .panoramaConfirming, jpeg: try JPEG.encode(frame, quality: quality), taken: frame.date))
        let part = incident.object.box.grown(by: Self.margin)
        images.append(
            EvidenceImage(
                role: .closeUp, jpeg: try JPEG.encode(frame, part: part, quality: quality), taken: frame.date))
        return images
    }
}

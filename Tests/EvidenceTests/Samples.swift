import Analytics
import Domain
import Foundation
import Hashing
import Inference
import TestSupport
import Video

@testable import Evidence

/// What the tests of evidence share.
enum Samples {
    static let models = Footage.packageRoot.appending(path: "models/prepared").path
    static let masking = MaskingModels(folder: models)
    static let canMask = (try? masking.face?.verify()) != nil && (try? masking.plate?.verify()) != nil

    static func incident(
        _ box: Box = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2), objectClass: ObjectClass = .car,
        state: Incident.State = .opened
    ) -> Incident {
        Incident(
            id: UUID(), kind: .illegalParking, camera: "c", zone: "z", state: state, firstSeen: MediaTime(0),
            confirmed: MediaTime(9), lastSeen: MediaTime(9), threshold: 5,
            object: .init(objectClass: objectClass, confidence: 0.6, box: box))
    }

    static func finding(
        _ phase: Finding.Phase, place: Int = 3, at seconds: Double = 9,
        box: Box = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)
    ) -> Finding {
        Finding(
            kind: .illegalParking, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0),
            lastSeen: MediaTime(seconds), threshold: 5,
            object: .init(objectClass: .car, confidence: 0.6, box: box))
    }

    /// A photo, as a camera's frame.
    static func frame(_ photo: String) throws -> Frame {
        try JPEG.decode([UInt8](Data(contentsOf: URL(filePath: photo))))
    }

    static func panorama(_ frame: Frame, vehicles: [Box] = []) -> EvidenceView {
        EvidenceView(
            role: .panoramaConfirming, source: .frame(frame), taken: Date(timeIntervalSince1970: 1_790_000_000),
            vehicles: vehicles)
    }

    /// Luma of a canvas in a box, row by row.
    static func luma(_ picture: ColourPicture, _ box: PixelBox) -> [Double] {
        let box = box.cut(width: picture.width, height: picture.height)
        return (box.y..<box.y + box.height).flatMap { y in
            (box.x..<box.x + box.width).map { x in
                let i = (y * picture.width + x) * 3
                return 0.299 * Double(picture.pixels[i]) + 0.587 * Double(picture.pixels[i + 1])
                    + 0.114 * Double(picture.pixels[i + 2])
            }
        }
    }

    /// Mean difference of neighbouring pixels in a box, in luma levels: what makes a face readable is edges.
    static func structure(_ picture: ColourPicture, _ box: PixelBox) -> Double {
        let box = box.cut(width: picture.width, height: picture.height)
        let values = luma(picture, box)
        var (sum, count) = (0.0, 0)
        for y in 1..<max(2, box.height) where y < box.height {
            for x in 1..<max(2, box.width) where x < box.width {
                let here = values[y * box.width + x]
                sum += abs(here - values[y * box.width + x - 1]) + abs(here - values[(y - 1) * box.width + x])
                count += 2
            }
        }
        return sum / Double(max(1, count))
    }

    static func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))).squareRoot()
    }
}

/// What the ledger says of a file with these bytes.
func sha256(_ bytes: [UInt8]) -> String { (try? SHA256.hex(bytes)) ?? "" }

import Analytics
import COpenCV
import Domain
import Foundation
public import Video

/// Finds faces so that they can be masked; it does not recognise anyone. One owner, one thread.
///
/// CenterFace (Xu et al., 2019) at full resolution: in tiles, and once more on the whole picture where that is larger
/// than a tile, so that faces from 20 pixels up to the whole picture are found.
public struct FaceDetector: ~Copyable {
    /// Low, since a masked stone does no harm and a visible face does. Measured in docs/evidence.md.
    public static let minimumScore = 0.3
    /// Larger faces are found in the pass over the whole picture, in pixels.
    private static let overlap = 128
    /// Boxes that overlap more than this (IoU) are one face; the value of CenterFace's authors.
    private static let suppression = 0.3
    /// Input pixels of one cell of the outputs.
    private static let stride = 4
    private static let outputs = (heat: "537", scale: "538", offset: "539")

    private let width: Int
    private let height: Int
    private var engine: any InferenceEngine & ~Copyable

    /// Verifies the hash of the network and loads it.
    public init(model: Model, engines: InferenceEngines = .standard) throws {
        try model.verify()
        guard model.width > 0, model.width % 32 == 0, model.height > 0, model.height % 32 == 0 else {
            throw InferenceError(
                "use the model \(model.name)", cause: "its input is no multiple of 32",
                remedy: "run 'gridwarden models prepare'")
        }
        engine = try engines.open(model)
        (width, height) = (model.width, model.height)
    }

    /// The faces of a picture, in shares of it, best first.
    public mutating func faces(in picture: ColourPicture) throws -> [ScoredBox] {
        var found: [ScoredBox] = []
        let tiles = Tiles.covering(
            width: picture.width, height: picture.height, tile: (width, height), overlap: Self.overlap)
        for tile in tiles { found += try look(at: tile, of: picture) }
        if tiles.count > 1 {
            found += try look(at: PixelBox(x: 0, y: 0, width: picture.width, height: picture.height), of: picture)
        }
        return ScoredBox.suppress(found, overlap: Self.suppression)
    }

    private mutating func look(at part: PixelBox, of picture: ColourPicture) throws -> [ScoredBox] {
        let shrink = min(1, Double(width) / Double(part.width), Double(height) / Double(part.height))
        let scaled = try picture.part(
            part, width: max(1, Int(Double(part.width) * shrink)), height: max(1, Int(Double(part.height) * shrink)))
        // Five megabytes, which need not be there between alerts.
        var blob = [Float](repeating: 0, count: 3 * width * height)
        // The network takes plain values of 0 … 255.
        ocv_planes(
            scaled.pixels, Int32(scaled.width), Int32(scaled.height), 0, 1, &blob, Int32(width), Int32(height))
        let cells = width / Self.stride * (height / Self.stride)
        let outputs = try engine.forward(
            blob, width: width, height: height,
            outputs: [(Self.outputs.heat, cells), (Self.outputs.scale, 2 * cells), (Self.outputs.offset, 2 * cells)])
        return Self.decode(
            heat: outputs[0], scale: outputs[1], offset: outputs[2], columns: width / Self.stride,
            minimumScore: Self.minimumScore
        ).map { face in
            let (x, y) = (face.box.x / shrink + Double(part.x), face.box.y / shrink + Double(part.y))
            return ScoredBox(
                box: Box(
                    x: x / Double(picture.width), y: y / Double(picture.height),
                    width: face.box.width / shrink / Double(picture.width),
                    height: face.box.height / shrink / Double(picture.height)),
                score: face.score)
        }
    }

    /// CenterFace's outputs to boxes in input pixels.
    ///
    /// - Parameters:
    ///   - heat: 1 × 1 × rows × columns, 0…1.
    ///   - scale: 1 × 2 × rows × columns: logarithms of height and width in cells.
    ///   - offset: 1 × 2 × rows × columns: from the cell to the centre, y and x in cells.
    static func decode(heat: [Float], scale: [Float], offset: [Float], columns: Int, minimumScore: Double)
        -> [ScoredBox]
    {
        let cells = heat.count
        var found: [ScoredBox] = []
        for cell in 0..<cells where Double(heat[cell]) >= minimumScore {
            let stride = Double(Self.stride)
            // e⁶ cells are wider than any input.
            let height = exp(Double(min(scale[cell], 6))) * stride
            let width = exp(Double(min(scale[cells + cell], 6))) * stride
            let y = (Double(cell / columns) + Double(offset[cell]) + 0.5) * stride
            let x = (Double(cell % columns) + Double(offset[cells + cell]) + 0.5) * stride
            guard [x, y, width, height].allSatisfy(\.isFinite) else { continue }
            found.append(
                ScoredBox(
                    box: Box(x: x - width / 2, y: y - height / 2, width: width, height: height),
                    score: Double(heat[cell])))
        }
        return ScoredBox.suppress(found, overlap: suppression)
    }
}

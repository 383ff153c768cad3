import Analytics
import COpenCV
public import Domain
public import Video

/// Finds Chinese number plates so that they can be masked or shown; it does not read them. One owner, one thread.
///
/// The MobileNet-SSD of HyperLPR, on each vehicle at full resolution and on the whole picture in tiles, for vehicles
/// that the object detector missed.
public struct PlateDetector: ~Copyable {
    /// Least scores: low on a vehicle, for the same reason as with faces; higher elsewhere, since any writing looks
    /// like a plate there.
    public static let minimumScore = (vehicle: 0.15, elsewhere: 0.3)
    /// A wider box, as a share of a vehicle or of a tile, is no plate.
    private static let mostWidth = (vehicle: 0.6, elsewhere: 0.4)
    /// ImageNet's values, as in HyperLPR's preparation of its input: (value / 255 − mean) / deviation, RGB.
    private static let means: [Float] = [0.485, 0.456, 0.406].map { $0 * 255 }
    private static let scales: [Float] = [0.229, 0.224, 0.225].map { 1 / ($0 * 255) }
    /// Margin around a vehicle, as a share of its size: plates are at the edge of boxes.
    private static let margin = 0.1
    /// Largest magnification of a small vehicle.
    private static let largestZoom = 4.0
    private static let overlap = 160
    private static let suppression = 0.45
    /// The network's own limit of objects, and its values for each: image, class, score, left, top, right, bottom.
    private static let mostObjects = 100
    private static let fields = 7

    private let width: Int
    private let height: Int
    private var engine: any InferenceEngine & ~Copyable

    /// Verifies the hashes of the network and loads it.
    public init(model: Model, engines: InferenceEngines = .standard) throws {
        try model.verify()
        guard model.width > 0, model.height > 0, !model.companions.isEmpty else {
            throw InferenceError(
                "use the model \(model.name)", cause: "the manifest does not name its description or its input",
                remedy: "run 'gridwarden models prepare'")
        }
        engine = try engines.open(model)
        (width, height) = (model.width, model.height)
    }

    /// The plates of a picture, in shares of it, best first.
    ///
    /// - Parameter vehicles: where to search at full resolution, in shares of the picture.
    public mutating func plates(in picture: ColourPicture, vehicles: [Box]) throws -> [ScoredBox] {
        var found: [ScoredBox] = []
        let tiles = Tiles.covering(
            width: picture.width, height: picture.height, tile: (width, height), overlap: Self.overlap)
        for tile in tiles {
            found += try look(at: tile, of: picture, Self.minimumScore.elsewhere, Self.mostWidth.elsewhere)
        }
        for vehicle in vehicles {
            let part = PixelBox(vehicle.grown(by: Self.margin), width: picture.width, height: picture.height)
            guard part.width > 0, part.height > 0 else { continue }
            found += try look(at: part, of: picture, Self.minimumScore.vehicle, Self.mostWidth.vehicle)
        }
        return ScoredBox.suppress(found, overlap: Self.suppression)
    }

    private mutating func look(
        at part: PixelBox, of picture: ColourPicture, _ minimumScore: Double, _ mostWidth: Double
    ) throws -> [ScoredBox] {
        let zoom = min(
            Self.largestZoom, Double(width) / Double(part.width), Double(height) / Double(part.height))
        let scaled = try picture.part(
            part, width: max(1, Int(Double(part.width) * zoom)), height: max(1, Int(Double(part.height) * zoom)))
        // Five megabytes, which need not be there between alerts.
        var blob = [Float](repeating: 0, count: 3 * width * height)
        ocv_planes_by_channel(
            scaled.pixels, Int32(scaled.width), Int32(scaled.height), Self.means, Self.scales, &blob, Int32(width),
            Int32(height))
        let outputs = try engine.forward(
            blob, width: width, height: height, outputs: [("detection_out", Self.mostObjects * Self.fields)],
            isExact: false)
        var found: [ScoredBox] = []
        for start in stride(from: 0, to: outputs[0].count - Self.fields + 1, by: Self.fields) {
            let values = outputs[0][start..<start + Self.fields].map(Double.init)
            guard values.allSatisfy(\.isFinite), values[2] >= minimumScore else { continue }
            // From shares of the input to shares of the picture.
            func x(_ share: Double) -> Double {
                (share * Double(width) / zoom + Double(part.x)) / Double(picture.width)
            }
            func y(_ share: Double) -> Double {
                (share * Double(height) / zoom + Double(part.y)) / Double(picture.height)
            }
            let box = Box(
                x: x(values[3]), y: y(values[4]), width: x(values[5]) - x(values[3]),
                height: y(values[6]) - y(values[4]))
            let widest = mostWidth * Double(part.width) / Double(picture.width)
            if box.width > 0, box.height > 0, box.width <= widest {
                found.append(ScoredBox(box: box, score: values[2]))
            }
        }
        return found
    }
}

public import Domain

/// Decides where vehicles are too small for the detector in the whole picture, and which parts of it (tiles) are
/// detected enlarged.
///
/// Each look detects one tile besides the whole picture, which at most doubles its cost. The detections of a tile are
/// valid until the picture changes; if it changes at each look, tiles take turns.
public struct ZoneTiles: Sendable {
    /// The root of a vehicle's area in the network's input from which it is found as reliably as a larger one, in
    /// pixels.
    ///
    /// Measured with EfficientDet-Lite0 at 448×256 on 1201 vehicles of street cameras: of 12…16 pixels 2 % are found,
    /// of 16…20 28 %, of 20…26 52 %, of 26…32 63 %, of 32…40 79 %, of more 84 to 89 %; in grey pictures the same within
    /// 8 %.
    public static let wellSeen = 32.0
    /// Largest magnification of a tile relative to the whole picture.
    ///
    /// Measured on 239 vehicles of the same pictures, each somewhere in a tile: of 6…10 pixels 0 % are found in the
    /// whole picture, 18, 64 and 73 % in tiles that enlarge 2, 3 and 4 times; of 10…14 0, and 41, 59, 53 %; of 14…20
    /// 19, and 78, 78, 72 %; of 20…28 62, and 74, 74, 60 %. Smaller tiles show less of the surroundings.
    static let mostGain = 3.0
    /// A smaller magnification is not worth a second look: a step of the table above is about as much.
    static let leastGain = 1.3
    /// Most pixels of the network for one stored pixel, each way: more adds no information.
    static let mostEnlarged = 1.5
    /// With more tiles each one would be detected too rarely in a busy street: every fourth look.
    static let most = 4
    /// Overlap of two tiles, so that a vehicle between them is complete in one, as a share of a tile.
    static let overlap = 0.2

    struct Tile: Sendable {
        let box: Box
        /// The farthest possible position of a vehicle in the zone: the least y of its wheels, 0…1.
        let farEnd: Double
        /// Whether vehicles are small there, or their size is unknown.
        var isNeeded = true
        var found: [Detection] = []
        /// Whether it has been detected since the picture changed.
        var isKnown = false
        /// The look number at which it was last detected.
        var lookedAt = 0
    }

    private let zones: [(id: String, polygon: Polygon)]
    /// Size of the picture, and of the part of the network's input that it fills, in pixels.
    private var size: (width: Int, height: Int, filled: Double)?
    private(set) var tiles: [Tile] = []
    private var perspective = Perspective()
    private var looks = 0
    private var asked: Int?
    private var isTilesTurn = false

    private let isOn: Bool

    /// - Parameters:
    ///   - zones: where vehicles are searched for.
    ///   - isOn: false to use the whole picture only.
    public init(zones: [Zone], isOn: Bool = true) {
        self.zones = zones.map { ($0.id, $0.polygon) }
        self.isOn = isOn
    }

    /// The part of the picture to detect besides the whole; nil where all parts have been done.
    ///
    /// - Parameters:
    ///   - width: of the picture as it is shown, in pixels, as is `height`.
    ///   - input: width and height of the network's input that the picture is fitted into.
    ///   - hasChanged: whether the picture differs from that of the last look.
    public mutating func next(width: Int, height: Int, input: (width: Int, height: Int), hasChanged: Bool) -> Box? {
        guard !zones.isEmpty else { return nil }
        let scale = min(Double(input.width) / Double(max(1, width)), Double(input.height) / Double(max(1, height)))
        if size?.width != width || size?.height != height || size?.filled != scale * Double(width) {
            size = (width, height, scale * Double(width))
            perspective = Perspective()
            tiles = isOn ? Self.tiles(over: zones.map(\.polygon), scale: scale) : []
        }
        looks += 1
        for index in tiles.indices {
            tiles[index].isNeeded = isNeeded(tiles[index])
            if hasChanged { (tiles[index].isKnown, tiles[index].found) = (false, []) }
        }
        asked = tiles.indices.filter { !tiles[$0].isKnown && tiles[$0].isNeeded }
            .min { (tiles[$0].lookedAt, $0) < (tiles[$1].lookedAt, $1) }
        return asked.map { tiles[$0].box }
    }

    /// How many parts are to be looked at anew before all of the picture is known again.
    public var pending: Int { tiles.count { $0.isNeeded && !$0.isKnown && $0.lookedAt > 0 } }
    /// Whether a part has not been looked at yet since the start.
    public var isBeginning: Bool { tiles.contains { $0.isNeeded && $0.lookedAt == 0 } }

    /// The picture has not changed, and one detection is to say whether it is still as it was: the whole picture and one of the
    /// tiles take turns.
    ///
    /// - Returns: true where it is a tile's turn: `next` returns it.
    public mutating func takeTurn() -> Bool {
        let needed = tiles.indices.filter { tiles[$0].isNeeded }
        guard let oldest = needed.min(by: { tiles[$0].lookedAt < tiles[$1].lookedAt }), unseen.isEmpty else {
            isTilesTurn = false
            return false
        }
        isTilesTurn.toggle()
        // What it has found is true until it is looked at.
        if isTilesTurn { tiles[oldest].isKnown = false }
        return isTilesTurn
    }

    /// Takes the detections in the tile that `next` returned.
    public mutating func take(_ detections: [Detection]) {
        guard let asked, tiles.indices.contains(asked) else { return }
        let box = tiles[asked].box
        tiles[asked].found = detections.filter { $0.objectClass.isMotorVehicle && !Self.isCut($0.box, by: box) }
        tiles[asked].isKnown = true
        tiles[asked].lookedAt = looks
        self.asked = nil
    }

    /// The detections of the whole picture and the tiles, each object once.
    public mutating func joined(with whole: [Detection]) -> [Detection] {
        let near = tiles.flatMap(\.found).sorted { $0.score > $1.score }.reduce(into: [Detection]()) { kept, next in
            if !kept.contains(where: { Self.isSame($0.box, next.box) }) { kept.append(next) }
        }
        var all = near
        for detection in whole {
            guard detection.objectClass.isMotorVehicle else {
                all.append(detection)
                continue
            }
            let same = near.indices.filter { Self.isSame(near[$0].box, detection.box) }
            if same.isEmpty {
                // One box over two vehicles is two vehicles.
                let inside = near.filter { $0.box.covered(by: detection.box) >= Self.inside }
                let isTwo = inside.count >= 2 && (isDenied(detection) || Self.fill(detection.box, inside))
                if !isTwo { all.append(detection) }
            } else {
                for index in same { all[index].score = max(all[index].score, detection.score) }
            }
        }
        for detection in all where detection.objectClass.isMotorVehicle && detection.score >= Self.sure {
            if let size { perspective.learn(detection, width: size.width, height: size.height) }
        }
        return all
    }

    /// The tiles that are needed but not yet detected: objects visible only there are unknown.
    public var unseen: [Box] { tiles.filter { !$0.isKnown && $0.isNeeded }.map(\.box) }

    /// How well a zone is seen.
    public struct Sharpness: Sendable, Hashable {
        public let zone: String
        /// Width of the smallest car, seen from the side, that is found as reliably as a larger one, in pixels of the
        /// picture.
        public let smallestCar: Int
        /// Number of tiles detected besides the whole picture.
        public let tiles: Int
    }

    /// Empty before the first picture.
    public var sharpness: [Sharpness] {
        guard let size else { return [] }
        return zones.map { zone in
            let used = tiles.filter { $0.isNeeded && $0.box.intersection(zone.polygon.bounds) > 0 }
            let gain = used.map { 1 / $0.box.width }.min() ?? 1
            return Sharpness(
                zone: zone.id, smallestCar: Self.smallestCar(width: size.width, filled: size.filled, gain: gain),
                tiles: used.count)
        }
    }

    /// The width of a car from the side (about twice as wide as high) relative to the root of its area.
    private static let carSide = 2.0.squareRoot()

    /// In pixels of a picture of that width.
    static func smallestCar(width: Int, filled: Double, gain: Double) -> Int {
        Int((wellSeen * carSide * Double(width) / max(1, filled * gain)).rounded(.up))
    }

    private func isNeeded(_ tile: Tile) -> Bool {
        guard let size, let far = perspective.size(at: tile.farEnd) else { return true }
        // Hysteresis: a decision is changed only by more than the line moves from one fit to the next.
        return far * size.filled < Self.wellSeen * (tile.isNeeded ? 1 : 0.85)
    }

    private static let sameOverlap = 0.5
    private static let inside = 0.8
    /// The score from which a detection is used to learn the size of vehicles.
    private static let sure = 0.35

    private static func fill(_ box: Box, _ parts: [Detection]) -> Bool {
        parts.reduce(0) { $0 + $1.box.area } >= box.area / 2
    }

    /// Whether a tile that shows all of it, with room around it, does not contain it.
    private func isDenied(_ detection: Detection) -> Bool {
        tiles.contains {
            $0.isKnown && detection.box.covered(by: $0.box) > 0.99 && detection.box.width < $0.box.width * 0.8
        }
    }

    private static func isSame(_ a: Box, _ b: Box) -> Bool { a.iou(b) > sameOverlap }

    /// Whether it is cut by a tile's edge inside the picture.
    private static func isCut(_ box: Box, by tile: Box) -> Bool {
        let (x, y) = (tile.width / 100, tile.height / 100)
        return box.x < tile.x + x && tile.x > 0 || box.maxX > tile.maxX - x && tile.maxX < 1
            || box.y < tile.y + y && tile.y > 0 || box.maxY > tile.maxY - y && tile.maxY < 1
    }

    /// The tiles over all zones: as enlarged as pixels and `most` allow, none where that is hardly more than the whole
    /// picture.
    ///
    /// - Parameter scale: the network's pixels for one of the picture.
    private static func tiles(over zones: [Polygon], scale: Double) -> [Tile] {
        // A vehicle with its wheels in a zone extends beyond it.
        let areas = zones.map { $0.bounds.grown(by: 0.1) }
        var gain = min(mostGain, mostEnlarged / max(1e-9, scale))
        while gain >= leastGain {
            let tiles = areas.flatMap { cover($0, side: 1 / gain) }.reduce(into: [Box]()) { kept, box in
                if !kept.contains(where: { box.covered(by: $0) > 0.95 }) { kept.append(box) }
            }
            if tiles.count <= most {
                return tiles.map { box in
                    let ends = zones.filter { $0.bounds.intersection(box) > 0 }.map { max($0.bounds.y, box.y) }
                    return Tile(box: box, farEnd: ends.min() ?? box.y)
                }
            }
            gain *= 0.9
        }
        return []
    }

    /// Squares in the picture's shape, as shares of it, spread evenly over an area and kept within the picture.
    private static func cover(_ area: Box, side: Double) -> [Box] {
        func starts(_ from: Double, _ length: Double) -> [Double] {
            let count = length <= side ? 1 : Int(((length - side) / (side * (1 - overlap))).rounded(.up)) + 1
            let first = length <= side ? from - (side - length) / 2 : from
            let step = count > 1 ? (length - side) / Double(count - 1) : 0
            return (0..<count).map { min(max(0, first + Double($0) * step), 1 - side) }
        }
        return starts(area.y, area.height).flatMap { y in
            starts(area.x, area.width).map { Box(x: $0, y: y, width: side, height: side) }
        }
    }
}

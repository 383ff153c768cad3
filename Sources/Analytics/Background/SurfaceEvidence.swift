import Domain

/// Whether a change is the content of a surface (a board, a screen or a line of text) rather than an object on the
/// ground.
///
/// An object brings an outline of its own; the content of a board ends where the board does, which was there before.
/// Letters have more strokes than objects have parts.
struct SurfaceEvidence: Sendable {
    /// The share of the outline along which the background had an edge in the same direction, and the same share beside
    /// the outline, which is what the texture of the background yields by chance.
    let framed: Double
    let chance: Double
    /// Changes between dark and bright along a row, for each height of the box.
    let strokes: Double
    /// Width by height of the box, in pixels.
    let stretch: Double

    /// 60 bags pasted into six streets reached .54 at most; boards and the digits of counters .57 to 1.
    private static let mostFramed = 0.6
    /// A letter is about 0.6 heights wide and has at least two changes; objects in a row, as wide as high, have two for
    /// each height. For lines of four letters and more.
    private static let mostStrokes = 2.4
    private static let leastStretch = 2.5
    private static let leastAboveChance = 1.5
    /// Distance from the outline in pixels, beyond the outline's own edges.
    private static let beside = 6
    /// Levels from which a gradient is an edge, and levels between dark and bright.
    private static let leastGradient = 10.0
    private static let leastContrast = 20

    var isSurface: Bool {
        framed >= max(Self.mostFramed, Self.leastAboveChance * chance)
            || stretch >= Self.leastStretch && strokes >= Self.mostStrokes
    }

    init(of pixels: [Int], box: Box, in model: BackgroundModel) {
        (framed, chance) = Self.framed(pixels, model)
        let (width, height) = (model.width, model.height)
        let rows = Int(box.y * Double(height))..<min(height, Int((box.maxY * Double(height)).rounded(.up)))
        let columns = Int(box.x * Double(width))..<min(width, Int((box.maxX * Double(width)).rounded(.up)))
        stretch = Double(columns.count) / Double(max(1, rows.count))
        strokes =
            Self.strokes(rows: rows, columns: columns, model.view.luma) * Double(rows.count) / Double(columns.count)
    }

    private static func framed(_ pixels: [Int], _ model: BackgroundModel) -> (outline: Double, beside: Double) {
        let (width, height) = (model.width, model.height)
        let inside = Plane(width: width, height: height, marking: pixels)
        var (edges, known, chance) = (0, 0, 0.0)
        let margin = beside + 2
        for pixel in pixels where ForegroundEvidence.isEdge(pixel, inside) {
            let (x, y) = (pixel % width, pixel / width)
            guard x >= margin, y >= margin, x < width - margin, y < height - margin else { continue }
            let now = model.view.luma.gradient(at: pixel)
            let strength = (now.x * now.x + now.y * now.y).squareRoot()
            guard strength >= leastGradient else { continue }
            let least = max(strength / 2, leastGradient)
            // Within one pixel to either side, the precision of the outline.
            func isKnown(_ pixel: Int) -> Bool {
                [-width, 0, width].contains { row in
                    (-1...1).contains { column in
                        let then = model.ground.luma.gradient(at: pixel + row + column)
                        return abs(then.x * now.x + then.y * now.y) / strength >= least
                    }
                }
            }
            edges += 1
            known += isKnown(pixel) ? 1 : 0
            let around = [-beside, beside, -beside * width, beside * width]
            chance += Double(around.count { isKnown(pixel + $0) }) / Double(around.count)
        }
        guard edges > 0 else { return (0, 0) }
        return (Double(known) / Double(edges), chance / Double(edges))
    }

    /// Mean changes along a row, without the fifths at the top and at the bottom.
    private static func strokes(rows: Range<Int>, columns: Range<Int>, _ luma: Plane) -> Double {
        let levels = rows.flatMap { y in columns.map { Int(luma.values[y * luma.width + $0]) } }.sorted()
        guard rows.count >= 3, levels.count >= 10 else { return 0 }
        let (dark, bright) = (levels[levels.count / 10], levels[levels.count * 9 / 10])
        guard bright - dark >= leastContrast else { return 0 }
        let (low, high) = (dark + (bright - dark) / 3, bright - (bright - dark) / 3)
        let middle = rows.dropFirst(rows.count / 5).dropLast(rows.count / 5)
        var changes = 0
        for y in middle {
            var isBright: Bool?
            for x in columns {
                let value = Int(luma.values[y * luma.width + x])
                guard value <= low || value >= high else { continue }
                if let isBright, isBright != (value >= high) { changes += 1 }
                isBright = value >= high
            }
        }
        return Double(changes) / Double(max(1, middle.count))
    }
}

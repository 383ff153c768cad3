import Foundation

/// How the light of a look differs from the light of the background model: a gain of luma and an offset of each colour
/// difference, smooth over the picture.
///
/// Light that is dimmed, by a cloud or by the exposure, scales the gamma-encoded red, green and blue alike, so that it scales
/// both colour differences as it scales luma (they are linear in the three; ITU-R BT.601): a red car in the shade has half
/// the red of one in the sun. Light of another colour shifts them. What a camera does to colours when it is dark lies
/// somewhere between. So there are two offsets, with and without that scaling, and a colour is taken for the one between
/// both that is nearest to the ground's.
///
/// Computed as means over cells, then the median of each cell's neighbourhood, so that an object, being smaller than
/// half of the neighbourhood, does not distort the estimate at its own place; then bilinear between the cells' centres.
struct IlluminationMap: Sendable {
    /// Pixels of a cell's side.
    private static let cell = 16
    /// Reach of a cell's median, in cells to each side.
    private static let reach = 2
    /// A gain outside these limits is a change of the scene, not of the light.
    private static let limits: ClosedRange<Float> = 0.35...3

    private let columns: Int
    private let rows: Int
    private var gain: [Float]
    /// Offsets of the colour differences as they are, and as they are after the division by the gain.
    private var blue: [(plain: Float, scaled: Float)]
    private var red: [(plain: Float, scaled: Float)]
    /// Median gain over the picture.
    let overall: Float

    /// - Parameter mask: 0 where a pixel may be used; others are covered, unknown or restless.
    init(of picture: ColourPicture, over ground: ColourPicture, mask: Plane) {
        let (width, height) = (picture.width, picture.height)
        columns = max(1, (width + Self.cell - 1) / Self.cell)
        rows = max(1, (height + Self.cell - 1) / Self.cell)
        var sums = [Sums](repeating: Sums(), count: columns * rows)
        for y in 0..<height {
            for x in 0..<width where mask.values[y * width + x] == 0 {
                let (pixel, index) = (y * width + x, y / Self.cell * columns + x / Self.cell)
                let (now, then) = (Int(picture.luma.values[pixel]), Int(ground.luma.values[pixel]))
                // A clipped pixel says nothing about the gain.
                guard now < 250, then < 250 else { continue }
                sums[index].now += now
                sums[index].then += then
                sums[index].blue.now += Int(picture.blue.values[pixel]) - 128
                sums[index].blue.then += Int(ground.blue.values[pixel]) - 128
                sums[index].red.now += Int(picture.red.values[pixel]) - 128
                sums[index].red.then += Int(ground.red.values[pixel]) - 128
                sums[index].count += 1
            }
        }
        let least = Self.cell * Self.cell / 5
        let raw = sums.map { $0.count >= least ? $0.light : nil }
        let all = raw.compactMap { $0 }
        let whole = Self.median(all)
        overall = whole.gain
        gain = []
        blue = []
        red = []
        for row in 0..<rows {
            for column in 0..<columns {
                var near: [Light] = []
                for y in max(0, row - Self.reach)...min(rows - 1, row + Self.reach) {
                    for x in max(0, column - Self.reach)...min(columns - 1, column + Self.reach) {
                        if let value = raw[y * columns + x] { near.append(value) }
                    }
                }
                let light = near.isEmpty ? whole : Self.median(near)
                gain.append(light.gain)
                blue.append(light.blue)
                red.append(light.red)
            }
        }
    }

    private struct Light {
        var gain: Float = 1
        var blue: (plain: Float, scaled: Float) = (0, 0)
        var red: (plain: Float, scaled: Float) = (0, 0)
    }

    /// Of the pixels of a cell; colour differences without their middle of 128.
    private struct Sums {
        var now = 0
        var then = 0
        var blue = (now: 0, then: 0)
        var red = (now: 0, then: 0)
        var count = 0

        var light: Light {
            let count = Float(count)
            let gain = (Float(now) / count + 6) / (Float(then) / count + 6)
            let limited = min(max(gain, IlluminationMap.limits.lowerBound), IlluminationMap.limits.upperBound)
            func offset(_ sum: (now: Int, then: Int)) -> (plain: Float, scaled: Float) {
                let (now, then) = (Float(sum.now) / count, Float(sum.then) / count)
                return (now - then, now / limited - then)
            }
            return Light(gain: limited, blue: offset(blue), red: offset(red))
        }
    }

    private static func median(_ lights: [Light]) -> Light {
        Light(
            gain: median(lights.map(\.gain)) ?? 1,
            blue: (median(lights.map(\.blue.plain)) ?? 0, median(lights.map(\.blue.scaled)) ?? 0),
            red: (median(lights.map(\.red.plain)) ?? 0, median(lights.map(\.red.scaled)) ?? 0))
    }

    private static func median(_ values: [Float]) -> Float? {
        guard !values.isEmpty else { return nil }
        return values.sorted()[values.count / 2]
    }

    /// The light over one row of pixels.
    struct Row {
        fileprivate(set) var gain: [Float]
        fileprivate var blue: [(plain: Float, scaled: Float)]
        fileprivate var red: [(plain: Float, scaled: Float)]

        init(width: Int) {
            gain = [Float](repeating: 1, count: width)
            blue = [(plain: Float, scaled: Float)](repeating: (0, 0), count: width)
            red = blue
        }

        /// The blue difference of a pixel as it would be in the light of the background, in levels.
        @inline(__always)
        func blue(_ seen: UInt8, over ground: UInt8, at x: Int) -> UInt8 {
            Self.colour(seen, over: ground, gain[x], blue[x])
        }

        /// The red difference of a pixel as it would be in the light of the background, in levels.
        @inline(__always)
        func red(_ seen: UInt8, over ground: UInt8, at x: Int) -> UInt8 {
            Self.colour(seen, over: ground, gain[x], red[x])
        }

        @inline(__always)
        private static func colour(
            _ seen: UInt8, over ground: UInt8, _ gain: Float, _ offset: (plain: Float, scaled: Float)
        ) -> UInt8 {
            let (value, wanted) = (Float(seen) - 128, Float(ground) - 128)
            let (plain, scaled) = (value - offset.plain, value / gain - offset.scaled)
            let nearest = min(max(wanted, min(plain, scaled)), max(plain, scaled))
            return UInt8(min(255, max(0, nearest + 128.5)))
        }
    }

    /// The light over the pixels of row `y`.
    func fill(row y: Int, width: Int, into row: inout Row) {
        let (top, bottom, down) = place(y, rows)
        for x in 0..<width {
            let (left, right, across) = place(x, columns)
            let corners = (
                top * columns + left, top * columns + right, bottom * columns + left, bottom * columns + right
            )
            row.gain[x] = Self.mix(gain, corners, across, down)
            row.blue[x] = Self.mix(blue, corners, across, down)
            row.red[x] = Self.mix(red, corners, across, down)
        }
    }

    /// The gain at one pixel.
    func gain(x: Int, y: Int) -> Float {
        let (top, bottom, down) = place(y, rows)
        let (left, right, across) = place(x, columns)
        return Self.mix(
            gain, (top * columns + left, top * columns + right, bottom * columns + left, bottom * columns + right),
            across, down)
    }

    @inline(__always)
    private func place(_ pixel: Int, _ count: Int) -> (Int, Int, Float) {
        let position = (Float(pixel) + 0.5) / Float(Self.cell) - 0.5
        let low = min(max(0, Int(position.rounded(.down))), count - 1)
        return (low, min(low + 1, count - 1), min(max(0, position - Float(low)), 1))
    }

    @inline(__always)
    private static func mix(_ values: [Float], _ at: (Int, Int, Int, Int), _ across: Float, _ down: Float) -> Float {
        let above = values[at.0] + (values[at.1] - values[at.0]) * across
        let below = values[at.2] + (values[at.3] - values[at.2]) * across
        return above + (below - above) * down
    }

    @inline(__always)
    private static func mix(
        _ values: [(plain: Float, scaled: Float)], _ at: (Int, Int, Int, Int), _ across: Float, _ down: Float
    ) -> (plain: Float, scaled: Float) {
        func mixed(_ a: Float, _ b: Float, _ c: Float, _ d: Float) -> Float {
            let (above, below) = (a + (b - a) * across, c + (d - c) * across)
            return above + (below - above) * down
        }
        let (a, b, c, d) = (values[at.0], values[at.1], values[at.2], values[at.3])
        return (mixed(a.plain, b.plain, c.plain, d.plain), mixed(a.scaled, b.scaled, c.scaled, d.scaled))
    }
}

/// How unevenly the light changes from one look to the next. An exposure step is even, a cloud's shadow is not.
///
/// Only cells whose structure is unchanged are used: a lorry that drives in replaces the structure.
struct LightChange: Sendable {
    /// Pixels of a cell's side.
    private static let cell = 16
    /// Least deviation of a cell's luma, in levels, and least correlation with the previous look for its structure to
    /// count as unchanged: two different structures hardly ever correlate so well.
    private static let leastDeviation = 4.0
    private static let leastCorrelation = 0.8
    /// Least number of usable cells.
    private static let leastCells = 20

    /// The range from the 10th to the 90th percentile of the cells: the natural logarithm of the gain, and levels of
    /// colour; 0 where too few cells are usable.
    let luma: Double
    let colour: Double

    init(from before: ColourPicture, to now: ColourPicture, hidden: Plane) {
        let (width, height) = (now.width, now.height)
        var (gains, colours): ([Double], [Double]) = ([], [])
        for top in stride(from: 0, through: height - Self.cell, by: Self.cell) {
            for left in stride(from: 0, through: width - Self.cell, by: Self.cell) {
                var (count, a, b, aa, bb, ab, tint) = (0, 0, 0, 0, 0, 0, 0)
                for y in top..<top + Self.cell {
                    for pixel in y * width + left..<y * width + left + Self.cell where hidden.values[pixel] == 0 {
                        let (then, value) = (Int(before.luma.values[pixel]), Int(now.luma.values[pixel]))
                        count += 1
                        a += then
                        b += value
                        aa += then * then
                        bb += value * value
                        ab += then * value
                        tint += Int(now.blue.values[pixel]) - Int(before.blue.values[pixel])
                        tint -= Int(now.red.values[pixel]) - Int(before.red.values[pixel])
                    }
                }
                guard count * 2 >= Self.cell * Self.cell else { continue }
                let n = Double(count)
                let (meanA, meanB) = (Double(a) / n, Double(b) / n)
                let (varA, varB) = (Double(aa) / n - meanA * meanA, Double(bb) / n - meanB * meanB)
                let shared = Double(ab) / n - meanA * meanB
                guard varA >= Self.leastDeviation * Self.leastDeviation,
                    shared >= Self.leastCorrelation * (varA * max(varB, 1e-9)).squareRoot()
                else { continue }
                gains.append(log((meanB + 6) / (meanA + 6)))
                colours.append(Double(tint) / n)
            }
        }
        func spread(_ values: [Double]) -> Double {
            guard values.count >= Self.leastCells else { return 0 }
            let sorted = values.sorted()
            return sorted[sorted.count * 9 / 10] - sorted[sorted.count / 10]
        }
        luma = spread(gains)
        colour = spread(colours)
    }
}

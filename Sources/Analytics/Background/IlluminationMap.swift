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
    private var lights: [Light]
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
        lights = []
        for row in 0..<rows {
            for column in 0..<columns {
                var near: [Light] = []
                for y in max(0, row - Self.reach)...min(rows - 1, row + Self.reach) {
                    for x in max(0, column - Self.reach)...min(columns - 1, column + Self.reach) {
                        if let value = raw[y * columns + x] { near.append(value) }
                    }
                }
                lights.append(near.isEmpty ? whole : Self.median(near))
            }
        }
    }

    /// The light at one place.
    struct Light {
        fileprivate(set) var gain: Float = 1
        /// Offsets of the colour differences as they are, and as they are after the division by the gain.
        fileprivate var blue = SIMD2<Float>()
        fileprivate var red = SIMD2<Float>()

        /// The luma of a pixel as it would be in the light of the background, in levels.
        @inline(__always)
        func luma(_ seen: UInt8) -> UInt8 { UInt8(min(255, max(0, Float(seen) / gain + 0.5))) }

        /// The blue difference of a pixel as it would be in the light of the background, in levels.
        @inline(__always)
        func blue(_ seen: UInt8, over ground: UInt8) -> UInt8 { colour(seen, over: ground, blue) }

        /// The red difference of a pixel as it would be in the light of the background, in levels.
        @inline(__always)
        func red(_ seen: UInt8, over ground: UInt8) -> UInt8 { colour(seen, over: ground, red) }

        @inline(__always)
        private func colour(_ seen: UInt8, over ground: UInt8, _ offset: SIMD2<Float>) -> UInt8 {
            let (value, wanted) = (Float(seen) - 128, Float(ground) - 128)
            let range = SIMD2(value, value / gain) - offset
            let nearest = min(max(wanted, range.min()), range.max())
            return UInt8(min(255, max(0, nearest + 128.5)))
        }
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
            func offset(_ sum: (now: Int, then: Int)) -> SIMD2<Float> {
                let (now, then) = (Float(sum.now) / count, Float(sum.then) / count)
                return SIMD2(now - then, now / limited - then)
            }
            return Light(gain: limited, blue: offset(blue), red: offset(red))
        }
    }

    private static func median(_ lights: [Light]) -> Light {
        Light(
            gain: median(lights.map(\.gain)) ?? 1,
            blue: SIMD2(median(lights.map(\.blue.x)) ?? 0, median(lights.map(\.blue.y)) ?? 0),
            red: SIMD2(median(lights.map(\.red.x)) ?? 0, median(lights.map(\.red.y)) ?? 0))
    }

    private static func median(_ values: [Float]) -> Float? {
        guard !values.isEmpty else { return nil }
        return values.sorted()[values.count / 2]
    }

    /// The light over the pixels of row `y`, as many as `row` has.
    func fill(row y: Int, into row: inout [Light]) {
        for x in row.indices { row[x] = light(x: x, y: y) }
    }

    /// The light at one pixel.
    @inline(__always)
    func light(x: Int, y: Int) -> Light {
        let ((top, bottom, down), (left, right, across)) = (place(y, rows), place(x, columns))
        let above = Self.mix(lights[top * columns + left], lights[top * columns + right], across)
        let below = Self.mix(lights[bottom * columns + left], lights[bottom * columns + right], across)
        return Self.mix(above, below, down)
    }

    @inline(__always)
    private func place(_ pixel: Int, _ count: Int) -> (Int, Int, Float) {
        let position = (Float(pixel) + 0.5) / Float(Self.cell) - 0.5
        let low = min(max(0, Int(position.rounded(.down))), count - 1)
        return (low, min(low + 1, count - 1), min(max(0, position - Float(low)), 1))
    }

    @inline(__always)
    private static func mix(_ one: Light, _ other: Light, _ share: Float) -> Light {
        Light(
            gain: one.gain + (other.gain - one.gain) * share, blue: one.blue + (other.blue - one.blue) * share,
            red: one.red + (other.red - one.red) * share)
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

import Foundation

/// How the light of a look differs from the light of the background model: a gain of luma and an offset of each colour
/// difference, smooth over the picture.
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
    private var blue: [Float]
    private var red: [Float]
    /// Median gain over the picture.
    let overall: Float

    /// - Parameter mask: 0 where a pixel may be used; others are covered, unknown or restless.
    init(of picture: ColourPicture, over ground: ColourPicture, mask: Plane) {
        let (width, height) = (picture.width, picture.height)
        columns = max(1, (width + Self.cell - 1) / Self.cell)
        rows = max(1, (height + Self.cell - 1) / Self.cell)
        var sums = [(now: Int, then: Int, blue: Int, red: Int, count: Int)](
            repeating: (0, 0, 0, 0, 0), count: columns * rows)
        for y in 0..<height {
            for x in 0..<width where mask.values[y * width + x] == 0 {
                let (pixel, index) = (y * width + x, y / Self.cell * columns + x / Self.cell)
                let (now, then) = (Int(picture.luma.values[pixel]), Int(ground.luma.values[pixel]))
                // A clipped pixel says nothing about the gain.
                guard now < 250, then < 250 else { continue }
                sums[index].now += now
                sums[index].then += then
                sums[index].blue += Int(picture.blue.values[pixel]) - Int(ground.blue.values[pixel])
                sums[index].red += Int(picture.red.values[pixel]) - Int(ground.red.values[pixel])
                sums[index].count += 1
            }
        }
        let least = Self.cell * Self.cell / 5
        let raw = sums.map { cell -> (gain: Float, blue: Float, red: Float)? in
            guard cell.count >= least else { return nil }
            let count = Float(cell.count)
            let gain = (Float(cell.now) / count + 6) / (Float(cell.then) / count + 6)
            return (
                min(max(gain, Self.limits.lowerBound), Self.limits.upperBound), Float(cell.blue) / count,
                Float(cell.red) / count
            )
        }
        let all = raw.compactMap { $0 }
        overall = Self.median(all.map(\.gain)) ?? 1
        let (allBlue, allRed) = (Self.median(all.map(\.blue)) ?? 0, Self.median(all.map(\.red)) ?? 0)
        gain = []
        blue = []
        red = []
        for row in 0..<rows {
            for column in 0..<columns {
                var near: [(gain: Float, blue: Float, red: Float)] = []
                for y in max(0, row - Self.reach)...min(rows - 1, row + Self.reach) {
                    for x in max(0, column - Self.reach)...min(columns - 1, column + Self.reach) {
                        if let value = raw[y * columns + x] { near.append(value) }
                    }
                }
                gain.append(Self.median(near.map(\.gain)) ?? overall)
                blue.append(Self.median(near.map(\.blue)) ?? allBlue)
                red.append(Self.median(near.map(\.red)) ?? allRed)
            }
        }
    }

    private static func median(_ values: [Float]) -> Float? {
        guard !values.isEmpty else { return nil }
        return values.sorted()[values.count / 2]
    }

    /// The light over one row of pixels: gain, offset of blue, offset of red.
    func fill(row y: Int, width: Int, gain: inout [Float], blue: inout [Float], red: inout [Float]) {
        let (top, bottom, down) = place(y, rows)
        for x in 0..<width {
            let (left, right, across) = place(x, columns)
            let corners = (
                top * columns + left, top * columns + right, bottom * columns + left, bottom * columns + right
            )
            gain[x] = Self.mix(self.gain, corners, across, down)
            blue[x] = Self.mix(self.blue, corners, across, down)
            red[x] = Self.mix(self.red, corners, across, down)
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

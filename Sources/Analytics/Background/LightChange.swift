import Foundation

/// How unevenly the light over a picture changes from one look to the next. An exposure step is even, a cloud's shadow is
/// not.
///
/// Only cells whose structure is still seen tell of light: where a lorry drives in, its structure takes the place.
struct LightChange: Sendable {
    /// Pixels of a cell's side.
    private static let cell = 16
    /// Deviation of a cell's luma, in levels, and the correlation with the look before, from which its structure is still
    /// seen: of two different ones hardly any correlates so well.
    private static let leastDeviation = 4.0
    private static let leastCorrelation = 0.8
    /// Cells that must tell.
    private static let leastCells = 20

    /// From the tenth to the ninetieth hundredth of the cells: the natural logarithm of the gain, and levels of colour;
    /// 0 where too little can be told.
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

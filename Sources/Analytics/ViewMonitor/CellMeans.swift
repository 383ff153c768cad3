/// The mean luma of each cell of 8 × 8 pixels: the picture without noise and detail.
struct CellMeans: Sendable {
    static let side = 8

    let columns: Int
    let rows: Int
    var values: [Float]

    init(_ picture: GreyImage) {
        let (columns, rows) = (picture.width / Self.side, picture.height / Self.side)
        var values = [Float](repeating: 0, count: columns * rows)
        picture.pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<rows {
                for column in 0..<columns {
                    var sum = 0
                    var at = row * Self.side * picture.width + column * Self.side
                    for _ in 0..<Self.side {
                        for offset in 0..<Self.side { sum += Int(pixels[at + offset]) }
                        at += picture.width
                    }
                    values[row * columns + column] = Float(sum) / Float(Self.side * Self.side)
                }
            }
        }
        self.columns = columns
        self.rows = rows
        self.values = values
    }

    /// Moves these means towards `other` by `share`, 0…1.
    mutating func blend(_ other: CellMeans, share: Float) {
        guard other.values.count == values.count else { return }
        for at in values.indices { values[at] += (other.values[at] - values[at]) * share }
    }

    var mean: Double { Double(values.reduce(0, +)) / Double(max(1, values.count)) }

    /// Luma levels.
    var deviation: Double {
        let mean = Float(mean)
        let sum = values.reduce(Float(0)) { $0 + ($1 - mean) * ($1 - mean) }
        return (Double(sum) / Double(max(1, values.count))).squareRoot()
    }

    /// Mean difference between cells two apart, in luma levels: the contrast of structures larger than any blur.
    var contrast: Double {
        var (sum, count): (Float, Int) = (0, 0)
        for row in 0..<rows {
            for column in 0..<columns {
                let at = row * columns + column
                if column + 2 < columns {
                    sum += abs(values[at + 2] - values[at])
                    count += 1
                }
                if row + 2 < rows {
                    sum += abs(values[at + 2 * columns] - values[at])
                    count += 1
                }
            }
        }
        return Double(sum) / Double(max(1, count))
    }

    /// The same around one pixel of the picture.
    func contrast(aroundX x: Int, y: Int) -> Float {
        let column = max(1, min(columns - 2, x / Self.side))
        let row = max(1, min(rows - 2, y / Self.side))
        guard columns >= 3, rows >= 3 else { return 0 }
        let at = row * columns + column
        return (abs(values[at + 1] - values[at - 1]) + abs(values[at + columns] - values[at - columns])) / 2
    }

    /// Normalised cross-correlation, −1…1: the same light and dark places, at any gain and offset.
    func likeness(_ other: CellMeans) -> Double {
        guard other.values.count == values.count, !values.isEmpty else { return 0 }
        let (a, b) = (Float(mean), Float(other.mean))
        var (product, here, there): (Float, Float, Float) = (0, 0, 0)
        for at in values.indices {
            product += (values[at] - a) * (other.values[at] - b)
            here += (values[at] - a) * (values[at] - a)
            there += (other.values[at] - b) * (other.values[at] - b)
        }
        return here > 0 && there > 0 ? Double(product / (here * there).squareRoot()) : 0
    }
}

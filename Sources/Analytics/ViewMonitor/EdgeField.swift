/// The directions of the edges of a picture, at half its size.
///
/// Each point holds the edge's direction as a doubled angle, weighted 0…1 by how far its contrast stands above noise.
/// Doubling makes an edge from dark to bright the same as one from bright to dark, so that exposure, fog, and day
/// against infra-red change the strength of a match, but not its place (Bigün and Granlund 1987).
struct EdgeField: Sendable {
    /// Luma levels of contrast over two points at which an edge has half its full weight.
    private static let noise: Float = 6

    let width: Int
    let height: Int
    /// cos 2φ and sin 2φ, weighted; row-major.
    var x: [Float]
    var y: [Float]
    /// Contrast over two points in luma levels, not weighted.
    let contrast: [Float]

    init(_ picture: GreyImage) {
        let width = max(1, picture.width / 2)
        let height = max(1, picture.height / 2)
        var half = [Float](repeating: 0, count: width * height)
        var x = half
        var y = half
        var contrast = half
        picture.pixels.withUnsafeBufferPointer { pixels in
            half.withUnsafeMutableBufferPointer { half in
                let stride = picture.width
                let right = stride > 1 ? 1 : 0
                let below = picture.height > 1 ? stride : 0
                for row in 0..<height {
                    for column in 0..<width {
                        let at = 2 * row * stride + 2 * column
                        let sum =
                            Int(pixels[at]) + Int(pixels[at + right]) + Int(pixels[at + below])
                            + Int(pixels[at + below + right])
                        half[row * width + column] = Float(sum) / 4
                    }
                }
            }
        }
        half.withUnsafeBufferPointer { half in
            x.withUnsafeMutableBufferPointer { x in
                y.withUnsafeMutableBufferPointer { y in
                    contrast.withUnsafeMutableBufferPointer { contrast in
                        var row = 1
                        while row < height - 1 {
                            var at = row * width + 1
                            let end = at + width - 2
                            while at < end {
                                let dx = half[at + 1] - half[at - 1]
                                let dy = half[at + width] - half[at - width]
                                let square = dx * dx + dy * dy
                                let weight = 1 / (square + Self.noise * Self.noise)
                                x[at] = (dx * dx - dy * dy) * weight
                                y[at] = 2 * dx * dy * weight
                                contrast[at] = square.squareRoot()
                                at += 1
                            }
                            row += 1
                        }
                    }
                }
            }
        }
        self.width = width
        self.height = height
        self.x = x
        self.y = y
        self.contrast = contrast
    }

    /// A field with edges only.
    init(width: Int, height: Int, x: [Float], y: [Float]) {
        (self.width, self.height, self.x, self.y) = (width, height, x, y)
        contrast = []
    }

    /// Mean squared weight over the picture, 0…1: the amount of structure.
    var energy: Double {
        var sum: Float = 0
        x.withUnsafeBufferPointer { x in
            y.withUnsafeBufferPointer { y in
                for at in x.indices { sum += x[at] * x[at] + y[at] * y[at] }
            }
        }
        return Double(sum) / Double(max(1, x.count))
    }

    /// Moves this field towards `other` by `share`, 0…1.
    mutating func blend(_ other: EdgeField, share: Float) {
        let count = x.count
        guard other.x.count == count else { return }
        x.withUnsafeMutableBufferPointer { x in
            other.x.withUnsafeBufferPointer { new in
                for at in 0..<count { x[at] += (new[at] - x[at]) * share }
            }
        }
        y.withUnsafeMutableBufferPointer { y in
            other.y.withUnsafeBufferPointer { new in
                for at in 0..<count { y[at] += (new[at] - y[at]) * share }
            }
        }
    }

    /// How many points have more than `least` squared weight.
    func count(above least: Float) -> Int { x.indices.count { x[$0] * x[$0] + y[$0] * y[$0] > least } }

    /// Points with more than `least` squared weight, at most about `most`, evenly chosen in reading order.
    func strongest(above least: Float, most: Int) -> [Int] {
        let all = x.indices.filter { x[$0] * x[$0] + y[$0] * y[$0] > least }
        let step = max(1, (all.count + most - 1) / most)
        return stride(from: 0, to: all.count, by: step).map { all[$0] }
    }

    /// How much `other`, shifted by (dx, dy) points, has its edges where this field has its own at `points`: −1…1.
    /// Where fewer than four tenths of the points stay inside the picture it is 0.
    func likeness(to other: EdgeField, at points: [Int], dx: Int = 0, dy: Int = 0) -> Double {
        guard other.x.count == x.count else { return 0 }
        var (product, here, there): (Float, Float, Float) = (0, 0, 0)
        var inside = 0
        let (width, height) = (width, height)
        x.withUnsafeBufferPointer { ax in
            y.withUnsafeBufferPointer { ay in
                other.x.withUnsafeBufferPointer { bx in
                    other.y.withUnsafeBufferPointer { by in
                        for at in points {
                            let column = at % width + dx
                            let row = at / width + dy
                            guard column >= 0, column < width, row >= 0, row < height else { continue }
                            let moved = row * width + column
                            product += ax[at] * bx[moved] + ay[at] * by[moved]
                            here += ax[at] * ax[at] + ay[at] * ay[at]
                            there += bx[moved] * bx[moved] + by[moved] * by[moved]
                            inside += 1
                        }
                    }
                }
            }
        }
        guard inside * 10 >= points.count * 4, here > 0, there > 0 else { return 0 }
        return Double(product / (here * there).squareRoot())
    }
}

public import Domain

/// A small luma picture: row-major, one byte a pixel (0 black … 255 white), no padding.
public struct GreyImage: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public let pixels: [UInt8]
    /// From the first to the 99th percentile of luma, by every seventh pixel: a lamp or a black edge is not its contrast.
    let range: Int

    /// Nil where the count of pixels is not width × height.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width > 0, height > 0, pixels.count == width * height else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
        range = Self.range(of: pixels)
    }

    init(_ plane: Plane) {
        width = plane.width
        height = plane.height
        pixels = plane.values
        range = Self.range(of: pixels)
    }

    private static func range(of pixels: [UInt8]) -> Int {
        var counts = [Int](repeating: 0, count: 256)
        for at in stride(from: 0, to: pixels.count, by: 7) { counts[Int(pixels[at])] += 1 }
        let rare = (pixels.count / 7) / 100
        func first(_ levels: some Sequence<Int>) -> Int {
            var seen = 0
            return levels.first {
                seen += counts[$0]
                return seen > rare
            } ?? 0
        }
        return max(0, first((0..<256).reversed()) - first(0..<256))
    }

    /// Deviation of a part below which that is plain. Contrasts of a dark picture are as much smaller as the picture's range is;
    /// what a codec leaves as noise in the mean of several pixels is less than a level.
    var plain: Float { min(Patch.usualPlain, max(1, Float(range) / 10)) }

    /// The same picture with so many rows.
    public func stretched(toHeight height: Int) -> GreyImage {
        guard height > 0, height != self.height else { return self }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height)
        for row in 0..<height {
            let at = max(0, (Double(row) + 0.5) * Double(self.height) / Double(height) - 0.5)
            let above = min(Int(at), self.height - 1)
            let below = min(above + 1, self.height - 1)
            let share = at - Double(above)
            for column in 0..<width {
                let (a, b) = (self.pixels[above * width + column], self.pixels[below * width + column])
                pixels.append(UInt8((Double(a) * (1 - share) + Double(b) * share).rounded()))
            }
        }
        return GreyImage(width: width, height: height, pixels: pixels) ?? self
    }

    /// The content of `box` as a fixed grid of mean luma values.
    public func patch(in box: Box) -> Patch {
        let side = Patch.side
        var values = [Float](repeating: 0, count: side * side)
        let left = box.x * Double(width)
        let top = box.y * Double(height)
        let stepX = box.width * Double(width) / Double(side)
        let stepY = box.height * Double(height) / Double(side)
        pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<side {
                let y0 = clamped(top + Double(row) * stepY, height)
                let y1 = max(y0, clamped(top + Double(row + 1) * stepY - 1, height))
                for column in 0..<side {
                    let x0 = clamped(left + Double(column) * stepX, width)
                    let x1 = max(x0, clamped(left + Double(column + 1) * stepX - 1, width))
                    var sum = 0
                    for y in y0...y1 {
                        for x in x0...x1 { sum += Int(pixels[y * width + x]) }
                    }
                    values[row * side + column] = Float(sum) / Float((y1 - y0 + 1) * (x1 - x0 + 1))
                }
            }
        }
        return Patch(values: values, plain: plain)
    }

    /// How bright it is around `box`, by `share` of its size on each side: the median of luma, since what passes there covers a
    /// part of it.
    func light(around box: Box, by share: Double) -> Float {
        let outer = box.grown(by: share)
        let values = patch(in: outer).values
        let sorted = values.indices.filter { !box.holds(outer.middle(ofCell: $0, of: Patch.side)) }.map { values[$0] }
            .sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    /// The likeness of `box` to `patch`, allowing for a camera movement of up to `radius` pixels: the likeness at the
    /// first offset, nearest first, that reaches `least`, otherwise at no offset; and the patch found there.
    public func likeness(
        of box: Box, to patch: Patch, atLeast least: Double, radius: Int = 3
    ) -> (value: Double, patch: Patch) {
        let here = self.patch(in: box)
        let value = here.likeness(patch)
        guard value < least else { return (value, here) }
        for reach in stride(from: 1, through: radius, by: 1) {
            for dy in -reach...reach {
                for dx in -reach...reach where max(abs(dx), abs(dy)) == reach {
                    var moved = box
                    moved.x += Double(dx) / Double(width)
                    moved.y += Double(dy) / Double(height)
                    let there = self.patch(in: moved)
                    let value = there.likeness(patch)
                    if value >= least { return (value, there) }
                }
            }
        }
        return (value, here)
    }

    /// The best structural match of `box` with `patch`, allowing for a camera movement of up to `radius` pixels.
    func structure(of box: Box, to patch: Patch, radius: Int = 3) -> Double {
        var best = -1.0
        for dy in -radius...radius {
            for dx in -radius...radius {
                var moved = box
                moved.x += Double(dx) / Double(width)
                moved.y += Double(dy) / Double(height)
                best = max(best, patch.structure(self.patch(in: moved)))
            }
        }
        return best
    }

    private func clamped(_ value: Double, _ limit: Int) -> Int {
        value.isFinite ? min(max(0, Int(max(-1, min(value, 1e6)))), limit - 1) : 0
    }
}

/// The colour differences of a small picture, of the size of its luma: one byte a pixel each, 128 is grey.
public struct Chroma: Sendable, Equatable {
    public let blue: [UInt8]
    public let red: [UInt8]

    public init(blue: [UInt8], red: [UInt8]) {
        self.blue = blue
        self.red = red
    }

    /// Levels from grey that noise and rounding reach, and the share of pixels beyond them in a picture with colour: a
    /// camera lamp that glows in an infra-red picture has less.
    private static let grey = (levels: 6, share: 0.002)

    /// Whether the picture has no colour, as from infra-red cameras by night; judged by every seventh pixel.
    public var isColourless: Bool {
        let places = stride(from: 0, to: min(blue.count, red.count), by: 7)
        let coloured = places.count {
            max(abs(Int(blue[$0]) - 128), abs(Int(red[$0]) - 128)) > Self.grey.levels
        }
        return Double(coloured) < Self.grey.share * Double(max(1, min(blue.count, red.count) / 7))
    }
}

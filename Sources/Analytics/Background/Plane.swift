/// One byte a pixel, row-major. The working memory of the background model; all planes of a picture have one size.
struct Plane: Sendable, Equatable {
    let width: Int
    let height: Int
    var values: [UInt8]

    var count: Int { values.count }

    init(width: Int, height: Int, values: [UInt8]) {
        self.width = width
        self.height = height
        self.values = values
    }

    init(width: Int, height: Int, repeating value: UInt8 = 0) {
        self.init(width: width, height: height, values: [UInt8](repeating: value, count: width * height))
    }

    init(_ picture: GreyImage) { self.init(width: picture.width, height: picture.height, values: picture.pixels) }

    /// 1 at each of these pixels.
    init(width: Int, height: Int, marking pixels: [Int]) {
        self.init(width: width, height: height)
        for pixel in pixels { values[pixel] = 1 }
    }

    /// Levels from one neighbour to the other, to the right and down; the pixel must not be on the plane's edge.
    func gradient(at pixel: Int) -> (x: Double, y: Double) {
        (
            Double(values[pixel + 1]) - Double(values[pixel - 1]),
            Double(values[pixel + width]) - Double(values[pixel - width])
        )
    }

    /// Binomial 3 × 3, which is a Gaussian of σ ≈ 0.7; the edge is repeated.
    func smoothed() -> Plane {
        combined { a, b, c in
            UInt16(a) + 2 * UInt16(b) + UInt16(c)
        } down: { a, b, c in
            UInt8((a + 2 * b + c + 8) >> 4)
        }
    }

    /// The least value of each 3 × 3 neighbourhood.
    func least() -> Plane {
        combined {
            UInt16(min($0, $1, $2))
        } down: {
            UInt8(truncatingIfNeeded: min($0, $1, $2))
        }
    }

    /// The greatest value of each 3 × 3 neighbourhood.
    func greatest() -> Plane {
        combined {
            UInt16(max($0, $1, $2))
        } down: {
            UInt8(truncatingIfNeeded: max($0, $1, $2))
        }
    }

    /// The picture moved by whole pixels; the edge is repeated for pixels from outside.
    func shifted(x dx: Int, y dy: Int) -> Plane {
        guard dx != 0 || dy != 0 else { return self }
        var moved = self
        for y in 0..<height {
            let row = min(max(0, y + dy), height - 1) * width
            for x in 0..<width { moved.values[y * width + x] = values[row + min(max(0, x + dx), width - 1)] }
        }
        return moved
    }

    @inline(__always)
    private func combined(
        _ across: (UInt8, UInt8, UInt8) -> UInt16, down: (UInt16, UInt16, UInt16) -> UInt8
    ) -> Plane {
        let (width, height) = (width, height)
        guard width > 1, height > 1 else { return self }
        let rows = [UInt16](unsafeUninitializedCapacity: width * height) { rows, count in
            values.withUnsafeBufferPointer { pixels in
                for y in 0..<height {
                    let row = y * width
                    rows[row] = across(pixels[row], pixels[row], pixels[row + 1])
                    for x in row + 1..<row + width - 1 { rows[x] = across(pixels[x - 1], pixels[x], pixels[x + 1]) }
                    let end = row + width - 1
                    rows[end] = across(pixels[end - 1], pixels[end], pixels[end])
                }
            }
            count = width * height
        }
        let result = [UInt8](unsafeUninitializedCapacity: width * height) { result, count in
            rows.withUnsafeBufferPointer { rows in
                for y in 0..<height {
                    let (above, row, below) = (max(0, y - 1) * width, y * width, min(height - 1, y + 1) * width)
                    for x in 0..<width { result[row + x] = down(rows[above + x], rows[row + x], rows[below + x]) }
                }
            }
            count = width * height
        }
        return Plane(width: width, height: height, values: result)
    }
}

/// Luma and colour differences of one look, smoothed.
struct ColourPicture: Sendable, Equatable {
    var luma: Plane
    var blue: Plane
    var red: Plane

    var width: Int { luma.width }
    var height: Int { luma.height }

    init(luma: Plane, blue: Plane, red: Plane) {
        self.luma = luma
        self.blue = blue
        self.red = red
    }

    /// Nil where the scene has no colour of its picture's size.
    init?(_ scene: Scene) {
        let (width, height) = (scene.picture.width, scene.picture.height)
        guard let chroma = scene.chroma, chroma.blue.count == width * height, chroma.red.count == width * height else {
            return nil
        }
        luma = Plane(scene.picture).smoothed()
        blue = Plane(width: width, height: height, values: chroma.blue).smoothed()
        red = Plane(width: width, height: height, values: chroma.red).smoothed()
    }

    /// From this level on a channel may be clipped: smoothing and codec reduce 255 slightly.
    private static let clipped = 250.0

    /// Whether red, green or blue is at its maximum: then the measured colour depends on the brightness, as in a sky
    /// between blue and white.
    func isClipped(at pixel: Int) -> Bool {
        let value = Double(luma.values[pixel])
        let (b, r) = (Double(blue.values[pixel]) - 128, Double(red.values[pixel]) - 128)
        // ITU-R BT.601, as the picture was made.
        return max(value + 1.772 * b, value + 1.402 * r, value - 0.344 * b - 0.714 * r) >= Self.clipped
    }

    func shifted(x: Int, y: Int) -> ColourPicture {
        ColourPicture(luma: luma.shifted(x: x, y: y), blue: blue.shifted(x: x, y: y), red: red.shifted(x: x, y: y))
    }
}

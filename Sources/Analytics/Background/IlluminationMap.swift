/// How the light of a look differs from the light of the ground's model: a gain of luma and an offset of each colour
/// difference, smooth over the picture.
///
/// Means over cells, then the median of each cell's neighbourhood, so that a thing, being smaller than half of the
/// neighbourhood, does not bend the light over itself; then bilinear between the cells' centres.
struct IlluminationMap: Sendable {
    /// Pixels of a cell's side.
    private static let cell = 16
    /// Cells to each side of a cell that its median takes in.
    private static let reach = 2
    /// Light that changes by more than this has changed the scene.
    private static let limits: ClosedRange<Float> = 0.35...3

    private let columns: Int
    private let rows: Int
    private var gain: [Float]
    private var blue: [Float]
    private var red: [Float]
    /// Median gain over the picture.
    let overall: Float

    /// - Parameter mask: 0 where a pixel tells about the light; others are covered, unknown or restless.
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
                // A clipped pixel says nothing of the gain.
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

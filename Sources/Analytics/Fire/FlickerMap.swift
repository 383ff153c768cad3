import Domain

/// One burst of pictures, evaluated pixel by pixel: where something as bright and warm as a flame comes and goes.
///
/// Flames flicker at 2 to 12 Hz at their edges, continuously, and each place independently. A passing object is bright
/// in a place once; a standing one is bright all the time.
struct FlickerMap: Sendable {
    /// Levels of luma from a low to the next high, a tenth of the range: beyond the noise and the coding of a dark
    /// picture.
    private static let swing: UInt8 = 24
    /// Swings a second, up or down: two are a cycle, and below 2 Hz much sways and blinks that does not burn.
    private static let leastSwings = 4.0
    /// The share of the burst in which a place at a flame's edge shows the flame.
    private static let lit = 0.1...0.95
    /// Least increase in brightness while lit, in levels.
    private static let leastBrighter = 16.0
    /// Least peak luma: something that glows is exposed to the upper third of the range, leaves and flags are not.
    private static let leastPeak: UInt8 = 170
    /// Least peak luma of a flame's core. A leaf reflects up to 0.6 of the light and white paint 0.85: where a camera shows that at
    /// 250 it shows the leaf at 250 · (0.6 / 0.85)^(1 / 2.2) = 213. Of 331 boxes of flames in the fire-smoke pictures
    /// (models/README.md) 92 % have a dozen pixels that reach 220 at a width of 320, 96 % at 200.
    private static let core: UInt8 = 220
    /// Parts of the burst in each of which it must come or go: a passing object does so in one or two.
    private static let parts = 3
    /// Pixels of a cell's side.
    static let cell = 8

    let width: Int
    let height: Int
    /// Bounds in pixels, both ends inclusive.
    let left: Int
    let top: Int
    let right: Int
    let bottom: Int
    /// Duration of the burst in seconds.
    private let length: Double
    private(set) var start: MediaTime
    private(set) var last: MediaTime
    private(set) var frames = 0

    private var pixels: [FlickerPixel]
    private var part = 0
    /// For each picture and cell the upward minus the downward swings, and all swings; cells in rows over the whole picture. Only
    /// of pixels that have been warm: beside the red lamp of a police car the blue one goes out.
    private var turns: [Int32]
    private var allTurns: [Int32]
    private let cells: (columns: Int, rows: Int)

    /// - Parameters:
    ///   - box: the area to evaluate.
    ///   - length: duration of the burst in seconds.
    init(of scene: Scene, in box: Box, length: Double) {
        (width, height) = (scene.picture.width, scene.picture.height)
        func pixel(_ share: Double, _ count: Int) -> Int { min(max(0, Int(share * Double(count))), count - 1) }
        (left, right) = (pixel(box.x, width), pixel(box.maxX, width))
        (top, bottom) = (pixel(box.y, height), pixel(box.maxY, height))
        self.length = length
        (start, last) = (scene.time, scene.time)
        cells = ((width + Self.cell - 1) / Self.cell, (height + Self.cell - 1) / Self.cell)
        (turns, allTurns) = ([], [])
        pixels = [FlickerPixel](repeating: FlickerPixel(), count: (right - left + 1) * (bottom - top + 1))
        add(scene)
    }

    var seconds: Double { last - start }

    /// All pictures must have the same size, and colour.
    mutating func add(_ scene: Scene) {
        guard let chroma = scene.chroma, scene.picture.width == width, scene.picture.height == height,
            chroma.blue.count == width * height, chroma.red.count == width * height,
            // One picture of each moment: a clock that stands still must not make a burst grow for ever.
            frames == 0 || scene.time > last
        else { return }
        last = scene.time
        let now = min(Self.parts - 1, max(0, Int(seconds / length * Double(Self.parts))))
        if now != part { endPart() }
        part = now
        frames += 1
        let (luma, blue, red) = (scene.picture.pixels, chroma.blue, chroma.red)
        let (left, right, top, bottom, width) = (left, right, top, bottom, width)
        let none = repeatElement(Int32(0), count: cells.columns * cells.rows)
        turns += none
        allTurns += none
        var index = 0
        for y in top...bottom {
            let row = ((frames - 1) * cells.rows + y / Self.cell) * cells.columns
            for x in left...right {
                let place = y * width + x
                let turn = pixels[index].take(
                    luma[place], isWarm: FlameColour.isWarm(luma: luma[place], blue: blue[place], red: red[place]),
                    swing: Self.swing)
                if turn != 0, pixels[index].warm > 0 {
                    turns[row + x / Self.cell] += Int32(turn)
                    allTurns[row + x / Self.cell] += 1
                }
                index += 1
            }
        }
    }

    /// The share of the swings in a part of the picture that are in unison, 0…1: 1 for a blinking lamp, 1/n for n
    /// flames that flicker independently.
    ///
    /// - Parameter cells: columns and rows of cells.
    func unison(in cells: (x: Range<Int>, y: Range<Int>)) -> Double {
        var (squares, all) = (0.0, 0.0)
        // The most swings in the same direction that one picture can hold.
        var most = 0.0
        for frame in 0..<frames {
            var (sum, count): (Int32, Int32) = (0, 0)
            for y in cells.y where y < self.cells.rows {
                for x in cells.x where x < self.cells.columns {
                    let index = (frame * self.cells.rows + y) * self.cells.columns + x
                    sum += turns[index]
                    count += allTurns[index]
                }
            }
            squares += Double(sum) * Double(sum)
            all += Double(count)
            most = max(most, Double(count))
        }
        return all > 0 && most > 0 ? squares / (all * most) : 0
    }

    private mutating func endPart() {
        for index in pixels.indices { pixels[index].endPart(swing: Self.swing) }
    }

    /// Ends the burst.
    mutating func end() { endPart() }

    func covers(_ box: Box) -> Bool {
        Int(box.x * Double(width)) >= left && Int(box.maxX * Double(width)) <= right + 1
            && Int(box.y * Double(height)) >= top && Int(box.maxY * Double(height)) <= bottom + 1
    }

    /// The mean luma of a pixel.
    func luma(x: Int, y: Int) -> UInt8 {
        guard left...right ~= x, top...bottom ~= y else { return 0 }
        return UInt8(clamping: pixels[(y - top) * (right - left + 1) + x - left].sum / max(1, frames))
    }

    /// 1 where flames come and go, else 0; for the whole picture, after the end of the burst.
    func flicker() -> Plane {
        var plane = Plane(width: width, height: height)
        guard frames > 1, seconds > 0 else { return plane }
        // White belongs to a flame only beside its colour.
        var warm = Plane(width: width, height: height)
        forEach { pixel, place in
            if Double(pixel.warm) >= Self.lit.lowerBound * Double(frames) { warm.values[place] = 1 }
        }
        let near = warm.greatest().greatest()
        forEach { pixel, place in
            guard near.values[place] != 0, pixel.peak >= Self.leastPeak, pixel.stirredParts >= Self.parts,
                Double(pixel.swings) >= Self.leastSwings * seconds
            else { return }
            let lit = Double(pixel.warm) + Double(pixel.white)
            let rest = Double(frames) - lit
            guard rest > 0, Self.lit.contains(lit / Double(frames)) else { return }
            let brighter = Double(pixel.litSum) / lit - Double(pixel.sum - pixel.litSum) / rest
            if brighter >= Self.leastBrighter { plane.values[place] = 1 }
        }
        return plane
    }

    /// 1 where it was as bright as the core of a flame, else 0; for the whole picture.
    func cores() -> Plane {
        var plane = Plane(width: width, height: height)
        forEach { pixel, place in if pixel.peak >= Self.core { plane.values[place] = 1 } }
        return plane
    }

    private func forEach(_ body: (FlickerPixel, Int) -> Void) {
        var index = 0
        for y in top...bottom {
            for x in left...right {
                body(pixels[index], y * width + x)
                index += 1
            }
        }
    }
}

/// The history of one pixel in a burst.
struct FlickerPixel: Sendable {
    private var low: UInt8 = 255
    private var high: UInt8 = 0
    /// 1 while rising, -1 while falling, 0 before the first swing.
    private var direction: Int8 = 0
    private(set) var swings = 0
    /// Number of pictures in which it had a flame's colour, and in which it was white.
    private(set) var warm = 0
    private(set) var white = 0
    /// Sum of its luma over all pictures, and over those in which it was warm or white.
    private(set) var sum = 0
    private(set) var litSum = 0
    /// Minimum in the current part of the burst.
    private var least: UInt8 = 255
    private var most: UInt8 = 0
    /// Its luma at its brightest.
    private(set) var peak: UInt8 = 0
    /// Parts of the burst in which it changed by a swing.
    private(set) var stirredParts = 0

    /// Takes the next picture; counts a swing where the direction has reversed by that much, and returns its sign.
    @inline(__always)
    mutating func take(_ luma: UInt8, isWarm: Bool, swing: UInt8) -> Int {
        sum += Int(luma)
        if isWarm { warm += 1 } else if luma >= FlameColour.white { white += 1 }
        if isWarm || luma >= FlameColour.white { litSum += Int(luma) }
        least = min(least, luma)
        most = max(most, luma)
        peak = max(peak, luma)
        if direction <= 0, luma >= low, luma - low >= swing {
            (direction, high) = (1, luma)
            swings += 1
            return 1
        } else if direction >= 0, high >= luma, high - luma >= swing {
            (direction, low) = (-1, luma)
            swings += 1
            return -1
        }
        if direction >= 0 { high = max(high, luma) }
        if direction <= 0 { low = min(low, luma) }
        return 0
    }

    mutating func endPart(swing: UInt8) {
        if most >= least, most - least >= swing { stirredParts += 1 }
        (least, most) = (255, 0)
    }
}

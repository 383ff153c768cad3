/// What one pixel did in a burst of pictures.
struct FlickerPixel: Sendable {
    private var low: UInt8 = 255
    private var high: UInt8 = 0
    /// 1 on its way up, -1 down, 0 before the first swing.
    private var direction: Int8 = 0
    private(set) var swings = 0
    /// Pictures in which it had a flame's colour, and in which it was white.
    private(set) var warm = 0
    private(set) var white = 0
    /// Of its luma in all pictures, and in those in which it was warm or white.
    private(set) var sum = 0
    private(set) var litSum = 0
    /// Of the part of the burst that is under way.
    private var least: UInt8 = 255
    private var most: UInt8 = 0
    /// Its luma at its brightest.
    private(set) var peak: UInt8 = 0
    /// Parts of the burst in which it changed by a swing.
    private(set) var stirredParts = 0

    /// Takes the next picture; counts a swing where the way has turned by so much, and returns its sign.
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

/// Whether a pixel may belong to a flame.
///
/// Soot glows as a black body of 1000 to 1900 K: most in red, less in green, least in blue; and it lights its
/// surroundings, so that a camera exposes it near the top of its range. A camera without an infra-red filter shows it
/// violet, with blue above green. Where it is brightest all three channels are clipped: white, with a coloured rim.
enum FlameColour {
    /// Least red, 0…255, and least difference of red from the lower of green and blue. In the fire-smoke pictures
    /// (models/README.md) 95 % of the boxes of flames contain pixels that reach both; at 200 and 40 it is 70 %.
    private static let leastRed = 180
    private static let leastColour = 30
    /// Luma from which a pixel is clipped.
    static let white: UInt8 = 235

    static func isWarm(luma: UInt8, blue: UInt8, red: UInt8) -> Bool {
        let (y, cb, cr) = (Int(luma), Int(blue) - 128, Int(red) - 128)
        // BT.601 in 1/1024.
        let r = min(255, y + (1436 * cr) >> 10)
        guard r >= leastRed else { return false }
        let g = y - (352 * cb + 731 * cr) >> 10
        let b = y + (1815 * cb) >> 10
        return r >= g && r - min(g, b) >= leastColour
    }
}

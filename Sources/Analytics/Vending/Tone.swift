import Domain

/// The mean colour of what somebody wears: enough to tell one passer-by from the next, never enough to know anyone.
struct Tone: Sendable, Codable {
    /// Further apart than this, in levels, are the clothes of two people.
    private static let most = 24.0

    private let luma: Double
    private let blue: Double
    private let red: Double

    /// Of the middle of a person's box, in levels.
    init(of box: Box, in scene: Scene) {
        let (width, height) = (scene.picture.width, scene.picture.height)
        let middle = Box(
            x: box.x + box.width * 0.3, y: box.y + box.height * 0.2, width: box.width * 0.4, height: box.height * 0.5)
        let left = min(max(0, Int(middle.x * Double(width))), width - 1)
        let right = min(max(left + 1, Int(middle.maxX * Double(width))), width)
        let top = min(max(0, Int(middle.y * Double(height))), height - 1)
        let bottom = min(max(top + 1, Int(middle.maxY * Double(height))), height)
        func mean(_ values: [UInt8]) -> Double {
            var (sum, count) = (0, 0)
            for y in top..<bottom {
                for x in left..<right where y * width + x < values.count {
                    sum += Int(values[y * width + x])
                    count += 1
                }
            }
            return count > 0 ? Double(sum) / Double(count) : 128
        }
        luma = mean(scene.picture.pixels)
        blue = scene.chroma.map { mean($0.blue) } ?? 128
        red = scene.chroma.map { mean($0.red) } ?? 128
    }

    func isLike(_ other: Tone) -> Bool { distance(to: other) <= Self.most }

    /// In levels; light changes luma more than colour.
    func distance(to other: Tone) -> Double {
        abs(luma - other.luma) / 2 + abs(blue - other.blue) + abs(red - other.red)
    }
}

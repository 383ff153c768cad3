/// Where the camera burns a clock into its own picture.
///
/// A digit that rarely changes looks like an object that was put down. But the digits of the seconds change at each
/// look, between the same two levels, near the upper or lower edge; the rest of the line has the same height and
/// colour.
struct BurntInText: Sendable {
    /// The share of the picture's height, at the top and at the bottom, in which cameras burn text in.
    private static let margin = 0.2
    /// Levels by which a pixel flips between a stroke and its background.
    private static let flip = 30
    /// Of 255: a pixel that flips in at least a quarter of the looks exceeds it, after six looks at the earliest.
    private static let often: UInt8 = 128
    /// The largest share of the margins' pixels that may flip in a look for a clock to be detected: beyond that the
    /// camera shakes, or the street is full of traffic.
    private static let most = 0.03
    /// Least number of pixels of a changing digit, and the largest height of a line.
    private static let leastPixels = 6
    private static let heights = 4...26
    private static let widest = 40
    /// Levels between strokes and their background, and by how much strokes may differ from one another.
    private static let contrast = 50
    private static let tolerance = 25
    /// In heights of the line: the widest gap in a line, and the least length of a clock.
    private static let gap = 1.5
    private static let length = 3.0

    private var flips: Plane
    /// 1 where the camera burns text in.
    private(set) var mask: Plane

    init(width: Int, height: Int) {
        flips = Plane(width: width, height: height)
        mask = flips
    }

    /// Processes one look and the previous one, both in the same light.
    mutating func update(now: Plane, before: Plane) {
        let rows = Int(Self.margin * Double(now.height)) * now.width
        let pixels = [0..<rows, now.count - rows..<now.count]
        let flipped = pixels.map { $0.map { abs(Int(now.values[$0]) - Int(before.values[$0])) > Self.flip } }
        let count = flipped.reduce(0) { $0 + $1.count { $0 } }
        guard Double(count) <= Self.most * Double(2 * rows) else { return }
        for (pixel, isFlipped) in zip(pixels.joined(), flipped.joined()) {
            let value = Int(flips.values[pixel])
            flips.values[pixel] = UInt8(isFlipped ? value + (255 - value) / 8 : value - (value + 31) / 32)
        }
        var often = Plane(width: now.width, height: now.height)
        for pixel in often.values.indices where flips.values[pixel] >= Self.often { often.values[pixel] = 1 }
        mask = Plane(width: now.width, height: now.height)
        for digit in Blob.all(in: often.greatest(), least: Self.leastPixels + 8)
        where Self.heights.contains(digit.height) && digit.width <= Self.widest {
            guard let line = Self.line(through: digit, in: now) else { continue }
            for y in line.rows {
                for x in line.columns { mask.values[y * mask.width + x] = 1 }
            }
        }
    }

    /// The line of text to which a digit belongs; nil where its surroundings do not look like text.
    private static func line(through digit: Blob, in picture: Plane) -> (rows: Range<Int>, columns: Range<Int>)? {
        var levels: [Int] = []
        for y in digit.top...digit.bottom {
            for x in digit.left...digit.right { levels.append(Int(picture.values[y * picture.width + x])) }
        }
        levels.sort()
        let (dark, bright) = (levels[levels.count / 10], levels[levels.count * 9 / 10])
        guard bright - dark >= contrast else { return nil }
        return line(through: digit, in: picture) { Int(picture.values[$0]) >= bright - tolerance }
            ?? line(through: digit, in: picture) { Int(picture.values[$0]) <= dark + tolerance }
    }

    private static func line(
        through digit: Blob, in picture: Plane, isStroke: (Int) -> Bool
    ) -> (rows: Range<Int>, columns: Range<Int>)? {
        let (width, height) = (picture.width, picture.height)
        let around = max(0, digit.left - digit.height)...min(width - 1, digit.right + digit.height)
        func hasStroke(row y: Int) -> Bool { around.contains { isStroke(y * width + $0) } }
        var (top, bottom) = ((digit.top + digit.bottom) / 2, (digit.top + digit.bottom) / 2)
        while top > 0, bottom - top <= heights.upperBound, hasStroke(row: top - 1) { top -= 1 }
        while bottom < height - 1, bottom - top <= heights.upperBound, hasStroke(row: bottom + 1) { bottom += 1 }
        let tall = bottom - top + 1
        guard heights.contains(tall) else { return nil }
        func hasStroke(column x: Int) -> Bool { (top...bottom).contains { isStroke($0 * width + x) } }
        func end(from start: Int, by step: Int) -> Int {
            var (x, last) = (start, start)
            while x >= 0, x < width, Double(abs(x - last)) <= gap * Double(tall) {
                if hasStroke(column: x) { last = x }
                x += step
            }
            return last
        }
        let (left, right) = (end(from: digit.left, by: -1), end(from: digit.right, by: 1))
        guard Double(right - left + 1) >= length * Double(tall) else { return nil }
        return (max(0, top - 2)..<min(height, bottom + 3), max(0, left - 2)..<min(width, right + 3))
    }
}

public import Analytics
import Foundation

/// A scripted street: things appear, stand, and are hidden as a test says; pictures are drawn to match.
public struct Street {
    /// One thing in the street.
    public struct Thing: Sendable {
        public var objectClass: ObjectClass
        public var box: Box
        /// Seeds its pattern: two things with one seed look the same.
        public var look: Int
        public var score: Double
        /// False where the detector misses it although it can be seen.
        public var isDetected: Bool

        public init(_ objectClass: ObjectClass, _ box: Box, look: Int = 1, score: Double = 0.6, isDetected: Bool = true)
        {
            self.objectClass = objectClass
            self.box = box
            self.look = look
            self.score = score
            self.isDetected = isDetected
        }
    }

    public static let width = 320
    public static let height = 180

    public init() {}

    /// One look. Things are drawn in order: later ones stand before earlier ones.
    ///
    /// - Parameters:
    ///   - gain: multiplies all luma, as an exposure step or a cloud does.
    ///   - jitter: moves every detected box by so much, in shares of the picture.
    public func scene(at seconds: Double, _ things: [Thing], gain: Double = 1, jitter: Double = 0) -> Scene {
        var pixels = [UInt8](repeating: 0, count: Self.width * Self.height)
        for y in 0..<Self.height {
            for x in 0..<Self.width { pixels[y * Self.width + x] = UInt8(110 + Self.noise(x, y, 0) % 5) }
        }
        for thing in things {
            let box = thing.box
            let (left, top) = (Int(box.x * Double(Self.width)), Int(box.y * Double(Self.height)))
            for y in max(0, top)..<min(Self.height, Int(box.maxY * Double(Self.height))) {
                for x in max(0, left)..<min(Self.width, Int(box.maxX * Double(Self.width))) {
                    // Blocks of a third of a vehicle: windows, doors, wheels.
                    let shade = Self.noise((x - left) / 6, (y - top) / 6, thing.look)
                    pixels[y * Self.width + x] = UInt8(20 + shade % 210)
                }
            }
        }
        if gain != 1 { pixels = pixels.map { UInt8(min(255, Double($0) * gain)) } }
        let detections = things.enumerated().filter(\.element.isDetected).map { index, thing in
            var box = thing.box
            box.x += jitter * (index.isMultiple(of: 2) == (Int(seconds) % 4 < 2) ? 1 : -1)
            return Detection(objectClass: thing.objectClass, score: thing.score, box: box)
        }
        let picture = GreyImage(width: Self.width, height: Self.height, pixels: pixels)
        return Scene(
            time: MediaTime(seconds), date: Date(timeIntervalSince1970: 1_790_000_000 + seconds),
            detections: detections,
            picture: picture ?? Self.empty)
    }

    private static let empty: GreyImage = {
        guard let image = GreyImage(width: 1, height: 1, pixels: [0]) else {
            preconditionFailure("one pixel is a picture")
        }
        return image
    }()

    /// A fixed hash, so that every run draws the same street.
    private static func noise(_ x: Int, _ y: Int, _ seed: Int) -> Int {
        var value = UInt64(truncatingIfNeeded: x &* 73_856_093 ^ y &* 19_349_663 ^ seed &* 83_492_791)
        value ^= value >> 33
        value = value &* 0xff51_afd7_ed55_8ccd
        value ^= value >> 33
        return Int(value % 1009)
    }
}

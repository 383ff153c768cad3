public import Analytics
public import Domain
import Foundation

/// A scripted street: things appear, stand, and are hidden as a test says; pictures are drawn to match.
public struct Street: Sendable {
    /// One thing in the street.
    public struct Thing: Sendable {
        public var objectClass: ObjectClass
        public var box: Box
        /// Seeds its pattern: two things with one seed look the same.
        public var look: Int
        public var score: Double
        /// False where the detector misses it although it can be seen.
        public var isDetected: Bool
        /// False for a detection of something that the picture does not show.
        public var isDrawn: Bool
        /// Levels of blue above, and of red below grey; negative for something reddish.
        public var tint: Int

        public init(
            _ objectClass: ObjectClass, _ box: Box, look: Int = 1, score: Double = 0.6, isDetected: Bool = true,
            isDrawn: Bool = true, tint: Int = 0
        ) {
            self.objectClass = objectClass
            self.box = box
            self.look = look
            self.score = score
            self.isDetected = isDetected
            self.isDrawn = isDrawn
            self.tint = tint
        }
    }

    /// The planes of one picture, of `width` × `height` bytes each, row-major.
    public struct Canvas: Sendable {
        public var luma: [UInt8]
        public var blue: [UInt8]
        public var red: [UInt8]

        /// Changes the luma in a part of the picture: `change` is given column, row and luma.
        public mutating func relight(_ box: Box, _ change: (Int, Int, Double) -> Double) {
            for y in max(
                0, Int(box.y * Double(Street.height)))..<min(Street.height, Int(box.maxY * Double(Street.height)))
            {
                for x in max(
                    0, Int(box.x * Double(Street.width)))..<min(Street.width, Int(box.maxX * Double(Street.width)))
                {
                    let pixel = y * Street.width + x
                    luma[pixel] = UInt8(min(255, max(0, change(x, y, Double(luma[pixel])))))
                }
            }
        }
    }

    public static let width = 320
    public static let height = 180

    private let ground: Canvas
    private let isColoured: Bool
    private let noise: Int

    /// Plain grey ground, no colour.
    public init() {
        ground = Self.plain
        isColoured = false
        noise = 0
    }

    /// A street in colour.
    ///
    /// - Parameters:
    ///   - isTextured: with paving, rather than plain ground.
    ///   - noise: of the sensor, in levels to either side; another in each look.
    public init(isTextured: Bool, noise: Int = 2) {
        ground = isTextured ? Self.paved : Self.plain
        isColoured = true
        self.noise = noise
    }

    /// One look. Things are drawn in order: later ones stand before earlier ones.
    ///
    /// - Parameters:
    ///   - gain: multiplies all luma, as an exposure step or a cloud does.
    ///   - jitter: moves every detected box by so much, in shares of the picture.
    ///   - change: what else happens to the picture, before the sensor's noise.
    public func scene(
        at seconds: Double, _ things: [Thing], gain: Double = 1, jitter: Double = 0,
        change: (inout Canvas) -> Void = { _ in }
    ) -> Scene {
        var canvas = ground
        for thing in things where thing.isDrawn { draw(thing, on: &canvas) }
        change(&canvas)
        if gain != 1 { canvas.luma = canvas.luma.map { UInt8(min(255, Double($0) * gain)) } }
        if noise > 0 { disturb(&canvas.luma, seed: Int(seconds * 1000)) }
        let detections = things.enumerated().filter(\.element.isDetected).map { index, thing in
            var box = thing.box
            box.x += jitter * (index.isMultiple(of: 2) == (Int(seconds) % 4 < 2) ? 1 : -1)
            return Detection(objectClass: thing.objectClass, score: thing.score, box: box)
        }
        let picture = GreyImage(width: Self.width, height: Self.height, pixels: canvas.luma)
        return Scene(
            time: MediaTime(seconds), date: Date(timeIntervalSince1970: 1_790_000_000 + seconds),
            detections: detections, picture: picture ?? Self.empty,
            chroma: isColoured ? Chroma(blue: canvas.blue, red: canvas.red) : nil)
    }

    private func draw(_ thing: Thing, on canvas: inout Canvas) {
        let box = thing.box
        let (left, top) = (Int(box.x * Double(Self.width)), Int(box.y * Double(Self.height)))
        let (blue, red) = (UInt8(clamping: 128 + thing.tint), UInt8(clamping: 128 - thing.tint))
        let (right, bottom) = (Int(box.maxX * Double(Self.width)), Int(box.maxY * Double(Self.height)))
        for y in max(0, top)..<max(0, top, min(Self.height, bottom)) {
            for x in max(0, left)..<max(0, left, min(Self.width, right)) {
                // Blocks of a third of a vehicle: windows, doors, wheels.
                let shade = Self.noise((x - left) / 6, (y - top) / 6, thing.look)
                let pixel = y * Self.width + x
                canvas.luma[pixel] = UInt8(20 + shade % 210)
                canvas.blue[pixel] = blue
                canvas.red[pixel] = red
            }
        }
    }

    private func disturb(_ luma: inout [UInt8], seed: Int) {
        var generator = SeededGenerator(seed: UInt64(truncatingIfNeeded: seed))
        let span = UInt64(2 * noise + 1)
        luma.withUnsafeMutableBufferPointer { luma in
            for start in stride(from: 0, to: luma.count, by: 8) {
                var bits = generator.next()
                for pixel in start..<min(start + 8, luma.count) {
                    luma[pixel] = UInt8(clamping: Int(luma[pixel]) + Int((bits & 255) % span) - noise)
                    bits >>= 8
                }
            }
        }
    }

    private static let plain = Canvas { x, y in 110 + noise(x, y, 0) % 5 }
    /// Stones of four pixels with a long slope of brightness.
    private static let paved = Canvas { x, y in 70 + x / 10 + noise(x / 4, y / 4, 99) % 60 + noise(x, y, 0) % 5 }

    private static let empty: GreyImage = {
        guard let image = GreyImage(width: 1, height: 1, pixels: [0]) else {
            preconditionFailure("one pixel is a picture")
        }
        return image
    }()

    /// A fixed hash, so that every run draws the same street.
    public static func noise(_ x: Int, _ y: Int, _ seed: Int) -> Int {
        var value = UInt64(truncatingIfNeeded: x &* 73_856_093 ^ y &* 19_349_663 ^ seed &* 83_492_791)
        value ^= value >> 33
        value = value &* 0xff51_afd7_ed55_8ccd
        value ^= value >> 33
        return Int(value % 1009)
    }
}

extension Street.Canvas {
    fileprivate init(_ luma: (Int, Int) -> Int) {
        self.luma = (0..<Street.width * Street.height).map {
            UInt8(clamping: luma($0 % Street.width, $0 / Street.width))
        }
        blue = [UInt8](repeating: 128, count: self.luma.count)
        red = blue
    }
}

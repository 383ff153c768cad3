import Domain
import TestSupport
import Testing

@testable import Analytics

/// A clock in the picture, as cameras write it, in front of a street.
struct DrawnClock: Sendable, CustomStringConvertible {
    let description: String
    let left: Int
    let top: Int
    /// Pixels of a stroke's width.
    let stroke: Int
    let ink: UInt8
    /// What lies behind the text; nil where the street shows through, with an outline of the other extreme.
    let bar: UInt8?

    /// Rows of three pixels, as bits.
    private static let digits: [[UInt8]] = [
        [7, 5, 5, 5, 7], [2, 6, 2, 2, 7], [7, 1, 7, 4, 7], [7, 1, 7, 1, 7], [5, 5, 7, 1, 1], [7, 4, 7, 1, 7],
        [7, 4, 7, 5, 7], [7, 1, 1, 2, 2], [7, 5, 7, 5, 7], [7, 5, 7, 1, 7],
    ]

    func draw(on canvas: inout Street.Canvas, second: Int) {
        let parts = [2026, second / 86_400 % 28 + 1, second / 3600 % 24, second / 60 % 60, second % 60]
        let text = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: " ")
        let step = 4 * stroke
        var pixels: [Int] = []
        for (place, character) in text.enumerated() {
            guard let digit = character.wholeNumberValue else { continue }
            for y in 0..<5 * stroke {
                for x in 0..<3 * stroke where Self.digits[digit][y / stroke] & (4 >> UInt8(x / stroke)) != 0 {
                    pixels.append((top + y) * Street.width + left + place * step + x)
                }
            }
        }
        if let bar {
            for y in top - 2..<top + 5 * stroke + 2 {
                for x in 0..<Street.width { canvas.luma[y * Street.width + x] = bar }
            }
        } else {
            for pixel in pixels {
                for near in [pixel - 1, pixel + 1, pixel - Street.width, pixel + Street.width] {
                    canvas.luma[near] = ink > 128 ? 20 : 230
                }
            }
        }
        for pixel in pixels { canvas.luma[pixel] = ink }
    }

    static let all = [
        DrawnClock(description: "large, on a bar", left: 110, top: 160, stroke: 3, ink: 240, bar: 60),
        DrawnClock(description: "middling, on a bar", left: 10, top: 6, stroke: 2, ink: 235, bar: 40),
        DrawnClock(description: "large, outlined", left: 12, top: 158, stroke: 3, ink: 240, bar: nil),
        DrawnClock(description: "middling, outlined, dark", left: 160, top: 164, stroke: 2, ink: 10, bar: nil),
        DrawnClock(description: "small, outlined", left: 200, top: 170, stroke: 1, ink: 240, bar: nil),
    ]
}

@Suite(.heavy) struct BurntInTextTests {
    private static let whole = [
        Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])
    ]

    /// What lay there for a minute and more, in an hour that ends a day, after the first minute.
    private func lying(_ things: [Street.Thing] = [], change: (inout Street.Canvas, Int) -> Void) -> Set<Int> {
        let street = Street(isTextured: true)
        var watcher = LeftObjectDetector(zones: Self.whole)
        var lying: Set<Int> = []
        for second in stride(from: 0, to: 1500, by: 2) {
            let scene = street.scene(at: Double(second), second < 700 ? [] : things) { change(&$0, second) }
            for object in watcher.update(with: scene, stationary: [], ended: [])
            where object.isThing && object.lastSeen - object.since >= 60 {
                lying.insert(object.id)
            }
        }
        return lying
    }

    @Test(arguments: DrawnClock.all)
    func `the digits of a burnt-in clock are not taken for things that lie there`(clock: DrawnClock) {
        // From 23:45 to 0:10.
        #expect(lying { clock.draw(on: &$0, second: 85_500 + $1) } == [])
    }

    @Test(arguments: DrawnClock.all) func `a thing is found beside a burnt-in clock`(clock: DrawnClock) {
        let y = (Double(clock.top) + 8) / Double(Street.height)
        let above = y > 0.5 ? y - 0.25 : y + 0.1
        let bag = Street.Thing(.object, Box(x: 0.45, y: above, width: 0.08, height: 0.13), look: 11, tint: 25)
        #expect(lying([bag]) { clock.draw(on: &$0, second: 85_500 + $1) }.count == 1)
    }

    @Test func `a lamp that blinks is not taken for a clock`() {
        let bag = Street.Thing(.object, Box(x: 0.35, y: 0.84, width: 0.08, height: 0.13), look: 11, tint: 25)
        let found = lying([bag]) { canvas, second in
            canvas.relight(Box(x: 0.2, y: 0.86, width: 0.04, height: 0.06)) { x, _, luma in
                second / 2 % 3 == 0 ? 240 : luma
            }
        }
        #expect(found.count == 1)
    }
}

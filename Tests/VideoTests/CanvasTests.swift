import Analytics
import Domain
import TestSupport
import Testing

@testable import Video

@Suite struct CanvasTests {
    /// A picture of noise, so that any change shows.
    private func noise() throws -> Canvas {
        let canvas = try Canvas(width: 120, height: 80)
        var random = SeededGenerator(seed: 3)
        let pixels = (0..<(120 * 80)).map { _ in UInt8.random(in: 0...255, using: &random) }
        canvas.stamp(try #require(GreyImage(width: 120, height: 80, pixels: pixels)), x: 0, y: 0)
        return canvas
    }

    @Test func `what is obscured is one colour, and the rest is untouched`() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<50 {
            let canvas = try noise()
            let before = try ColourPicture(canvas)
            let (x, y) = (Double.random(in: -0.2...1, using: &random), Double.random(in: -0.2...1, using: &random))
            let box = Box(
                x: x, y: y, width: Double.random(in: 0...0.6, using: &random),
                height: Double.random(in: 0...0.6, using: &random))
            canvas.obscure(box)
            let after = try ColourPicture(canvas)
            let area = PixelBox(box, width: 120, height: 80)
            let squares = PixelBox(x: area.x & ~1, y: area.y & ~1, width: area.width + 2, height: area.height + 2)
            var inside = Set<[UInt8]>()
            for row in 0..<80 {
                for column in 0..<120 {
                    let index = (row * 120 + column) * 3
                    let (old, new) = (Array(before.pixels[index..<index + 3]), Array(after.pixels[index..<index + 3]))
                    if area.holds(column, row) {
                        inside.insert(new)
                    } else if !squares.holds(column, row) {
                        #expect(old == new)
                    }
                }
            }
            #expect(inside.count <= 1)
        }
    }

    @Test func `a part of a canvas holds the pixels of that part`() throws {
        let canvas = try noise()
        let part = try Canvas(canvas, part: Box(x: 0.25, y: 0.25, width: 0.5, height: 0.5))
        let (whole, cut) = (try ColourPicture(canvas), try ColourPicture(part))
        #expect(cut.width == 60 && cut.height == 40)
        let row = (20 * 120 + 30) * 3
        #expect(cut.pixels[..<180].elementsEqual(whole.pixels[row..<row + 180]))
    }

    @Test func `what is placed over the edge is cut`() throws {
        let canvas = try Canvas(width: 64, height: 64, .grey)
        let red = try Canvas(width: 40, height: 40, .red)
        canvas.place(red, x: 40, y: 40)
        canvas.place(red, x: 80, y: 0)
        canvas.place(red, x: -10, y: 0)
        let picture = try ColourPicture(canvas)
        #expect(picture.pixels[(50 * 64 + 50) * 3] > 150 && picture.pixels[0] == picture.pixels[1])
    }

    @Test func `a part outside the picture is an error`() throws {
        let picture = try ColourPicture(Canvas(width: 64, height: 64))
        #expect(throws: FFmpegError.self) {
            _ = try picture.part(PixelBox(x: 70, y: 0, width: 10, height: 10), width: 10, height: 10)
        }
    }
}

extension PixelBox {
    fileprivate func holds(_ column: Int, _ row: Int) -> Bool {
        column >= x && column < x + width && row >= y && row < y + height
    }
}

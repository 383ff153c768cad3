import Analytics
import Domain
import Foundation
import Testing
import Video

@testable import Evidence

@Suite struct CaptionTests {
    private let chinese = CaptionFont()
    private let latin = CaptionFont(candidates: ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"])

    @Test func `the strip is below the picture and covers nothing`() throws {
        let font = try #require(CaptionFont())
        let picture = try Canvas(width: 640, height: 360, .red)
        let plain = try ColourPicture(picture)
        let whole = try Caption.under(
            Canvas(picture, part: .whole),
            ["2026-11-24T08:30:05.120+08:00  北门 (cam-01)", "机动车乱停放 Motor vehicle illegally parked"], font: font)
        let drawn = try ColourPicture(whole)
        #expect(drawn.width == 640 && drawn.height > 360 && drawn.height < 440)
        #expect(drawn.pixels[..<(640 * 360 * 3)].elementsEqual(plain.pixels))
        let strip = Samples.luma(drawn, PixelBox(x: 0, y: 360, width: 640, height: drawn.height - 360))
        #expect((strip.max() ?? 0) > 200 && Samples.deviation(strip) > 20)
    }

    @Test func `a narrow picture grows to the width of its caption`() throws {
        let font = try #require(CaptionFont())
        let whole = try Caption.under(try Canvas(width: 80, height: 40), ["E·8K2M5"], font: font)
        #expect(whole.width == Caption.leastWidth)
    }

    @Test func `long lines are wrapped between words`() throws {
        let font = try #require(latin)
        let text = "Suspected street vending on carriageway or pavement and more of it"
        let parts = Caption.wrapped(text, size: 20, width: 300, font)
        #expect(parts.count > 1 && parts.joined(separator: " ") == text)
        #expect(parts.allSatisfy { font.width(of: $0, size: 20) <= 300 })
    }

    @Test func `Chinese text is wrapped between characters`() throws {
        let font = try #require(chinese)
        try #require(font.isChinese)
        let text = String(repeating: "疑似占道经营", count: 10)
        let parts = Caption.wrapped(text, size: 20, width: 300, font)
        #expect(parts.count == 4 && parts.joined() == text)
    }

    @Test func `without a Chinese font the Latin letters are left`() throws {
        let font = try #require(latin)
        #expect(!font.isChinese)
        #expect(font.width(of: "停A放", size: 20) == font.width(of: "A", size: 20))
        #expect(font.line("停放", size: 20, width: 100) == nil)
    }

    @Test func `without any font the picture is as it was`() throws {
        #expect(CaptionFont(candidates: ["/nonexistent.ttf"]) == nil)
        let whole = try Caption.under(try Canvas(width: 80, height: 40), ["text"], font: nil)
        #expect(whole.width == 80 && whole.height == 40)
    }

    @Test func `a width that is too small for one letter ends the wrapping`() throws {
        let font = try #require(latin)
        #expect(Caption.wrapped("WWW", size: 20, width: 1, font) == ["WWW"])
    }
}

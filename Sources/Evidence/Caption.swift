import Analytics
import CFreeType
import Foundation
import Video

/// The strip below a picture with time, place and kind; it covers nothing of the picture.
enum Caption {
    /// Narrower pictures, such as those of plates, are extended to this width.
    static let leastWidth = 480
    /// Letters are a 36th of the picture's height, within these limits in pixels.
    private static let sizes = 14...40

    /// The picture with the lines below it, white on black; the picture alone where there is no font.
    static func under(_ picture: consuming Canvas, _ lines: [String], font: CaptionFont?) throws -> Canvas {
        guard let font else { return picture }
        let width = max(picture.width, leastWidth)
        let size = max(sizes.lowerBound, min(sizes.upperBound, picture.height / 36))
        let margin = size / 2
        var drawn: [GreyImage] = []
        for line in lines {
            for part in wrapped(line, size: size, width: width - 2 * margin, font) {
                if let image = font.line(part, size: size, width: width - 2 * margin) { drawn.append(image) }
            }
        }
        let strip = drawn.reduce(0) { $0 + $1.height } + 2 * margin
        let whole = try Canvas(width: width, height: (picture.height + strip + 1) & ~1)
        whole.place(picture, x: 0, y: 0)
        var y = picture.height + margin
        for image in drawn {
            whole.stamp(image, x: margin, y: y)
            y += image.height
        }
        return whole
    }

    /// Breaks a line where it would be too wide: between words where possible, otherwise between letters.
    static func wrapped(_ line: String, size: Int, width: Int, _ font: CaptionFont) -> [String] {
        var rest = Substring(line)
        var parts: [String] = []
        while !rest.isEmpty, font.width(of: String(rest), size: size) > width {
            var fits = rest.startIndex
            var space: Substring.Index?
            var end = rest.startIndex
            while end < rest.endIndex {
                let next = rest.index(after: end)
                guard font.width(of: String(rest[..<next]), size: size) <= width else { break }
                if rest[end] == " " { space = end }
                end = next
                fits = next
            }
            guard fits > rest.startIndex else { break }
            let cut = space ?? fits
            parts.append(String(rest[..<cut]))
            rest = rest[cut...].drop { $0 == " " }
        }
        return rest.isEmpty ? parts : parts + [String(rest)]
    }
}

/// Renders text, in Chinese where a font for it is installed. One owner, one thread.
final class CaptionFont {
    /// Debian's paths: WenQuanYi Micro Hei, Noto CJK, Droid Fallback; DejaVu has Latin letters only.
    static let candidates = [
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    ]

    private let library: FT_Library
    private let face: FT_Face
    /// Whether it contains the Chinese names of the catalogue.
    let isChinese: Bool

    /// Opens the first available font; nil where there is none.
    init?(candidates: [String] = CaptionFont.candidates) {
        var library: FT_Library?
        guard FT_Init_FreeType(&library) == 0, let library else { return nil }
        for path in candidates {
            var face: FT_Face?
            if FT_New_Face(library, path, 0, &face) == 0, let face {
                self.library = library
                self.face = face
                isChinese = FT_Get_Char_Index(face, FT_ULong(("停" as Unicode.Scalar).value)) != 0
                return
            }
        }
        FT_Done_FreeType(library)
        return nil
    }

    deinit {
        FT_Done_Face(face)
        FT_Done_FreeType(library)
    }

    /// One line of text as coverage, 0…255; letters missing in the font are left out. Nil where nothing is left.
    ///
    /// - Parameters:
    ///   - size: of the letters, in pixels; the line is a third higher.
    ///   - width: the maximum in pixels; the rest is cut.
    func line(_ text: String, size: Int, width: Int) -> GreyImage? {
        guard size > 0, width > 0, FT_Set_Pixel_Sizes(face, 0, FT_UInt(size)) == 0 else { return nil }
        let height = size * 4 / 3
        var pixels = [UInt8](repeating: 0, count: width * height)
        var pen = 0
        for scalar in text.unicodeScalars where FT_Get_Char_Index(face, FT_ULong(scalar.value)) != 0 {
            guard FT_Load_Char(face, FT_ULong(scalar.value), FT_Int32(FT_LOAD_RENDER)) == 0,
                let glyph = face.pointee.glyph?.pointee
            else { continue }
            draw(glyph, at: pen, baseline: size, in: &pixels, width: width, height: height)
            pen += Int(glyph.advance.x) >> 6
        }
        return pen > 0 ? GreyImage(width: width, height: height, pixels: pixels) : nil
    }

    /// Width of the text in pixels.
    func width(of text: String, size: Int) -> Int {
        guard FT_Set_Pixel_Sizes(face, 0, FT_UInt(max(1, size))) == 0 else { return 0 }
        return text.unicodeScalars.reduce(0) { sum, scalar in
            guard FT_Get_Char_Index(face, FT_ULong(scalar.value)) != 0,
                FT_Load_Char(face, FT_ULong(scalar.value), FT_Int32(FT_LOAD_DEFAULT)) == 0,
                let glyph = face.pointee.glyph?.pointee
            else { return sum }
            return sum + (Int(glyph.advance.x) >> 6)
        }
    }

    private func draw(
        _ glyph: FT_GlyphSlotRec, at pen: Int, baseline: Int, in pixels: inout [UInt8], width: Int, height: Int
    ) {
        let bitmap = glyph.bitmap
        guard let buffer = bitmap.buffer, Int(bitmap.pixel_mode) == Int(FT_PIXEL_MODE_GRAY.rawValue) else { return }
        for row in 0..<Int(bitmap.rows) {
            for column in 0..<Int(bitmap.width) {
                let x = pen + Int(glyph.bitmap_left) + column
                let y = baseline - Int(glyph.bitmap_top) + row
                guard x >= 0, x < width, y >= 0, y < height else { continue }
                let value = buffer[row * Int(bitmap.pitch) + column]
                pixels[y * width + x] = max(pixels[y * width + x], value)
            }
        }
    }
}

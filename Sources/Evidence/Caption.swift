import Analytics
import Video

/// The strip under a picture that says when, where and what; it covers nothing of the picture.
enum Caption {
    /// Narrower pictures, such as those of plates, grow to this width.
    static let leastWidth = 480
    /// Letters are a 36th of the picture's height, within these limits in pixels.
    private static let sizes = 14...40

    /// The picture with the lines below it, white on black; the picture itself where there is no font.
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

    /// Cuts a line where it would be too wide: between words where it can, else between letters.
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

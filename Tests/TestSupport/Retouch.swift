public import Analytics

/// Pictures with weather, light or a fault put in.
public enum Retouch {
    public static func map(_ picture: GreyImage, _ value: (Int, Int) -> Double) -> GreyImage {
        var pixels = [UInt8](repeating: 0, count: picture.pixels.count)
        for y in 0..<picture.height {
            for x in 0..<picture.width {
                pixels[y * picture.width + x] = UInt8(max(0, min(255, value(x, y).rounded())))
            }
        }
        return GreyImage(width: picture.width, height: picture.height, pixels: pixels) ?? picture
    }

    public static func gain(_ picture: GreyImage, _ gain: Double) -> GreyImage {
        map(picture) { Double(picture.pixels[$1 * picture.width + $0]) * gain }
    }

    public static func plain(_ picture: GreyImage, _ luma: Double) -> GreyImage { map(picture) { _, _ in luma } }

    /// A hand or a bag before the lens: soft shades that have nothing to do with the scene.
    public static func hand(_ picture: GreyImage) -> GreyImage {
        map(picture) { x, y in 70 + 25 * Double(x) / Double(picture.width) - 30 * Double(y) / Double(picture.height) }
    }

    /// Moves the content right and down; the border is drawn out.
    public static func shifted(_ picture: GreyImage, _ dx: Int, _ dy: Int) -> GreyImage {
        map(picture) { x, y in
            let column = max(0, min(picture.width - 1, x - dx))
            let row = max(0, min(picture.height - 1, y - dy))
            return Double(picture.pixels[row * picture.width + column])
        }
    }

    public static func mirrored(_ picture: GreyImage) -> GreyImage {
        map(picture) { Double(picture.pixels[$1 * picture.width + picture.width - 1 - $0]) }
    }

    /// Noise of so many luma levels (standard deviation), new in each look.
    public static func noise(_ picture: GreyImage, _ deviation: Double, seed: Int) -> GreyImage {
        var generator = SeededGenerator(seed: UInt64(seed) &* 7919 &+ 1)
        var pixels = picture.pixels
        let scale = deviation * 1.732 / 65_536
        for at in pixels.indices {
            // The sum of four uniform values is close to normal; its deviation is 1/√3.
            let word = generator.next()
            let sum = Int(word & 0xFFFF) + Int(word >> 16 & 0xFFFF) + Int(word >> 32 & 0xFFFF) + Int(word >> 48)
            pixels[at] = UInt8(max(0, min(255, Double(pixels[at]) + Double(sum - 131_072) * scale)))
        }
        return GreyImage(width: picture.width, height: picture.height, pixels: pixels) ?? picture
    }

    /// Bright slanting streaks, elsewhere in each look.
    public static func rain(_ picture: GreyImage, seed: Int) -> GreyImage {
        var generator = SeededGenerator(seed: UInt64(seed) &* 104_729 &+ 7)
        var pixels = picture.pixels
        for _ in 0..<250 {
            let x = Int.random(in: 0..<picture.width - 3, using: &generator)
            let y = Int.random(in: 0..<picture.height - 12, using: &generator)
            for step in 0..<Int.random(in: 5...10, using: &generator) {
                let at = (y + step) * picture.width + x + step / 4
                pixels[at] = UInt8(min(255, Int(pixels[at]) + 60))
            }
        }
        return GreyImage(width: picture.width, height: picture.height, pixels: pixels) ?? picture
    }

    /// A Gaussian blur; `deviation` in pixels.
    public static func blurred(_ picture: GreyImage, _ deviation: Double) -> GreyImage {
        // Three box blurs are close to a Gaussian one.
        let radius = max(1, Int(((deviation * deviation * 4 + 1).squareRoot() / 2 - 0.5).rounded()))
        var (values, width, height) = (picture.pixels.map(Double.init), picture.width, picture.height)
        for _ in 0..<3 {
            values = boxed(values, count: height, length: width, step: 1, line: width, radius)
            values = boxed(values, count: width, length: height, step: width, line: 1, radius)
        }
        (width, height) = (picture.width, picture.height)
        return map(picture) { values[$1 * picture.width + $0] }
    }

    private static func boxed(
        _ values: [Double], count: Int, length: Int, step: Int, line: Int, _ radius: Int
    ) -> [Double] {
        var result = values
        for index in 0..<count {
            func value(_ at: Int) -> Double { values[index * line + max(0, min(length - 1, at)) * step] }
            var sum = (-radius...radius).reduce(0.0) { $0 + value($1) }
            for at in 0..<length {
                result[index * line + at * step] = sum / Double(2 * radius + 1)
                sum += value(at + radius + 1) - value(at - radius)
            }
        }
        return result
    }

    /// A burnt-in clock in the corner: other digits in each look.
    public static func clock(_ picture: GreyImage, _ look: Int) -> GreyImage {
        map(picture) { x, y in
            guard x < 60, y < 10 else { return Double(picture.pixels[y * picture.width + x]) }
            return (x / 3 &* 31 &+ y / 2 &* 17 &+ look &* 13) % 3 == 0 ? 235 : 20
        }
    }

    /// As an infra-red camera sees it at night: dark things bright, bright things dark, a lamp in the middle, noise.
    public static func infrared(_ picture: GreyImage, seed: Int) -> GreyImage {
        let (width, height) = (Double(picture.width), Double(picture.height))
        let tones = map(picture) { x, y in
            let value = Double(picture.pixels[y * picture.width + x]) / 255
            let tone = value < 0.35 ? 0.75 - value * 0.9 : 0.348 * (value / 0.35).squareRoot()
            let (dx, dy) = (Double(x) - width / 2, Double(y) - height / 2)
            return tone * 255 * max(0.2, 1 - (dx * dx + dy * dy) * 3 / (width * width))
        }
        return noise(tones, 4, seed: seed)
    }

    /// Something large and plain with a few stripes stands before `share` of the width, in the middle.
    public static func lorry(_ picture: GreyImage, share: Double, seed: Int) -> GreyImage {
        let side = Double(picture.width) * (1 - share) / 2
        let front = noise(map(picture) { _, y in y / 20 % 2 == 0 ? 120 : 160 }, 3, seed: seed)
        return map(picture) { x, y in
            let isFront = Double(x) >= side && Double(x) < Double(picture.width) - side
            return Double((isFront ? front : picture).pixels[y * picture.width + x])
        }
    }
}

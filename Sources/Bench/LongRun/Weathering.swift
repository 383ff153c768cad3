import Domain
import Foundation

/// Changes a picture by the light, weather and sensor of one moment.
struct Weathering {
    /// The remaining share of direct sun under a cloud, once the exposure has compensated half of it; the edge of its
    /// shadow, in widths.
    private static let shade = 0.6
    private static let edge = 0.25
    /// Daylight below which a camera switches to infra-red, and is grey.
    private static let infraRed = 0.12
    /// The share of the light that haze adds, and its level.
    private static let haze = (share: 0.25, level: 190.0)
    /// One streak in so many pixels, its length in shares of the height, and its levels.
    private static let rain = (every: 900, length: 0.05, levels: 30)

    let width: Int
    let height: Int
    let seed: UInt64

    /// - Parameter look: its number in the run, which seeds noise and rain.
    func apply(_ moment: DayAndWeather.Moment, to planes: inout LoopedClip.Planes, look: Int) {
        move(&planes, by: moment.shift)
        relight(&planes, moment)
        if moment.daylight < Self.infraRed {
            for plane in 1...2 { planes.values[plane] = [UInt8](repeating: 128, count: width * height) }
        } else if abs(moment.colour) >= 0.5 {
            let shift = Int(moment.colour.rounded())
            planes.values[1] = planes.values[1].map { UInt8(clamping: Int($0) + shift) }
            planes.values[2] = planes.values[2].map { UInt8(clamping: Int($0) - shift) }
        }
        var random = SplitMix64(seed: seed, part: look, 5)
        if moment.weather == .rain { rain(&planes.values[0], &random) }
        noise(&planes.values[0], moment.noise, &random)
        BlockCodec(quality: moment.quality).compress(&planes.values[0], width: width, height: height)
    }

    /// Less light scales red, green and blue alike, and so luma and both colour differences; haze is grey.
    private func relight(_ planes: inout LoopedClip.Planes, _ moment: DayAndWeather.Moment) {
        // Depends on the column only: a shadow moves over the picture from the left.
        let gains = (0..<width).map { column -> Double in
            guard let shadow = moment.shadow else { return moment.gain }
            let x = Double(column) / Double(width)
            let inside = min(smooth((shadow.to - x) / Self.edge), smooth((x - shadow.from) / Self.edge))
            return moment.gain * (1 - (1 - Self.shade) * inside)
        }
        let (haze, level) = moment.weather == .haze ? (Self.haze.share * moment.share, Self.haze.level) : (0, 0)
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                let value = Double(planes.values[0][pixel]) * gains[x]
                planes.values[0][pixel] = UInt8(min(255, max(0, value + (level - value) * haze)))
                for plane in 1...2 {
                    let difference = (Double(planes.values[plane][pixel]) - 128) * gains[x] * (1 - haze)
                    planes.values[plane][pixel] = UInt8(min(255, max(0, difference.rounded() + 128)))
                }
            }
        }
    }

    private func smooth(_ value: Double) -> Double {
        let value = min(1, max(0, value))
        return value * value * (3 - 2 * value)
    }

    private func move(_ planes: inout LoopedClip.Planes, by shift: (x: Int, y: Int)) {
        guard shift != (0, 0) else { return }
        for plane in planes.values.indices {
            let source = planes.values[plane]
            for y in 0..<height {
                let row = min(max(0, y + shift.y), height - 1) * width
                for x in 0..<width {
                    planes.values[plane][y * width + x] = source[row + min(max(0, x + shift.x), width - 1)]
                }
            }
        }
    }

    private func rain(_ luma: inout [UInt8], _ random: inout SplitMix64) {
        for _ in 0..<width * height / Self.rain.every {
            let x = Int.random(in: 0..<width, using: &random)
            let top = Int.random(in: 0..<height, using: &random)
            for y in top..<min(height, top + max(2, Int(Self.rain.length * Double(height)))) {
                luma[y * width + x] = UInt8(min(255, Int(luma[y * width + x]) + Self.rain.levels))
            }
        }
    }

    /// The sum of four uniform values is close enough to a normal distribution.
    private func noise(_ luma: inout [UInt8], _ deviation: Double, _ random: inout SplitMix64) {
        // Four bytes of 0…255 have a variance of 4 · 65535/12.
        let scale = deviation / 147.8
        luma.withUnsafeMutableBufferPointer { luma in
            for start in stride(from: 0, to: luma.count, by: 2) {
                let bits = random.next()
                for (offset, word) in [bits & 0xffff_ffff, bits >> 32].enumerated() where start + offset < luma.count {
                    let sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24)
                    let value = Double(luma[start + offset]) + (Double(sum) - 510) * scale
                    luma[start + offset] = UInt8(min(255, max(0, value.rounded())))
                }
            }
        }
    }
}

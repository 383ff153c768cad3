import Analytics
import Domain
import Foundation
import TestSupport

/// Scripted pictures of 160×120 with colour, for what flickers: flames, and what must not be taken for them.
enum FlameScenery: String, CaseIterable, Sendable {
    case dayFlames, nightFlames, violetFlames, smallFlames, faintFlames
    case greyFlames
    case wall, headlights, queueOfTailLights, hazardLights, policeLamps, neon, flag, autumnTree, yellowLeaves
    case welding, sunset, steam, insects
    case flickersOnce

    static let width = 160
    static let height = 120

    var isFire: Bool { [.dayFlames, .nightFlames, .violetFlames, .smallFlames, .faintFlames].contains(self) }

    /// - Parameter seconds: media time.
    func scene(at seconds: Double) throws -> Scene {
        var canvas = FlameCanvas(seconds: seconds)
        draw(on: &canvas, at: seconds)
        return try canvas.scene(at: seconds)
    }

    private func draw(on canvas: inout FlameCanvas, at t: Double) {
        let isNight = [.nightFlames, .headlights, .queueOfTailLights, .hazardLights, .neon, .welding, .insects]
            .contains(self)
        canvas.ground(isNight ? (24, 26, 32) : (112, 114, 118))
        switch self {
        case .dayFlames: canvas.flames(x: 60, y: 50, width: 36, height: 50, at: t)
        case .nightFlames, .greyFlames: canvas.flames(x: 30, y: 40, width: 60, height: 60, at: t)
        case .violetFlames: canvas.flames(x: 60, y: 50, width: 36, height: 50, at: t, isViolet: true)
        case .smallFlames: canvas.flames(x: 80, y: 70, width: 13, height: 20, at: t)
        case .faintFlames:
            // They die down and flare up again.
            let isLow = (t / 2).truncatingRemainder(dividingBy: 2) >= 1
            canvas.flames(x: 80, y: 70, width: isLow ? 5 : 8, height: isLow ? 7 : 12, at: t)
        case .wall: canvas.fill(20..<120, 20..<90) { _, _ in (225, 120, 70) }
        case .headlights:
            // One car after another comes round the bend.
            let x = Int(t * 70) % 240 - 40
            for (dx, dy) in [(0, 0), (22, 2)] { canvas.glow(x + dx, 70 + dy, radius: 14, (255, 235, 190)) }
        case .queueOfTailLights:
            for place in 0..<4 { canvas.glow(20 + place * 32, 70, radius: 7, (255, 60, 30)) }
        case .hazardLights:
            // 120 a minute, the quickest that is allowed, with bulbs that take a moment.
            let phase = (t * 2 + 0.2).truncatingRemainder(dividingBy: 1)
            let level = phase < 0.5 ? min(1, phase / 0.08) : max(0, 1 - (phase - 0.5) / 0.12)
            for x in [50, 90] { canvas.glow(x, 60, radius: 12, (255, 160, 30), strength: level) }
        case .policeLamps:
            // By day: two lamps that flash in turn, three times in a quarter of a second each.
            for (lamp, colour) in [(255.0, 150.0, 140.0), (140, 170, 255)].enumerated() {
                let turn = (t * 2 + Double(lamp) / 2).truncatingRemainder(dividingBy: 1)
                if turn < 0.5, (turn * 6).truncatingRemainder(dividingBy: 1) < 0.5 {
                    canvas.glow(70 + lamp * 12, 60, radius: 6, colour)
                }
            }
        case .neon:
            // Fifty pictures of a hundred flashes: beats slowly.
            canvas.fill(40..<110, 40..<60) { x, _ in
                let level = 0.85 + 0.15 * sin(t * 6.3)
                return x % 12 < 7 ? (255 * level, 60 * level, 40 * level) : (40, 20, 20)
            }
        case .flag:
            canvas.fill(50..<110, 30..<70) { x, y in
                let wave = sin(Double(x) / 9 - t * 7 + sin(t * 1.3)) * Double(x - 50) / 60
                let light = 0.85 + 0.2 * wave
                return y > 33 + Int(2 * wave) ? (215 * light, 40 * light, 35 * light) : (112, 114, 118)
            }
        case .autumnTree:
            canvas.fill(30..<120, 10..<80) { x, y in
                let sway = 1.5 * sin(t * 3.1 + Double(y) / 20) + 0.8 * sin(t * 7.7 + Double(x) / 9)
                let leaf = FlameCanvas.noise(Double(x) / 3 + sway, Double(y) / 3, 0)
                return leaf > 0.45 ? (205 * (0.6 + 0.5 * leaf), 120 * (0.5 + 0.6 * leaf), 45) : (60, 50, 40)
            }
        case .yellowLeaves:
            // In full sun and strong wind: each shows its other side, or what is behind it, several times a second.
            canvas.fill(30..<120, 10..<80) { x, y in
                let leaf = FlameCanvas.noise(Double(x) / 4, Double(y) / 4, t * 7)
                return leaf > 0.5 ? (235, 195, 50) : (70, 60, 45)
            }
        case .welding:
            if FlameCanvas.noise(t * 9, 3, 0) > 0.5, t.truncatingRemainder(dividingBy: 4) < 2.5 {
                canvas.glow(80, 70, radius: 22, (235, 245, 255))
            }
        case .sunset:
            canvas.fill(0..<Self.width, 0..<70) { _, y in (255, 235 - Double(y) * 1.6, 180 - Double(y) * 2) }
        case .steam:
            canvas.fill(50..<100, 20..<100) { x, y in
                let veil = FlameCanvas.noise(Double(x) / 9, Double(y) / 9 + t * 2, t * 2)
                let level = 110 + 130 * veil
                return (level, level, level)
            }
        case .insects:
            canvas.glow(80, 40, radius: 18, (255, 200, 120), strength: 0.9)
            for fly in 0..<12 {
                let (a, b) = (Double(fly) * 1.7, 1 + Double(fly % 5))
                let x = 80 + 34 * sin(t * b + a) + 8 * sin(t * 9 + a * 3)
                canvas.glow(Int(x), Int(44 + 26 * cos(t * b * 1.3 + a * 2)), radius: 2, (255, 215, 150))
            }
        case .flickersOnce: if t < 5 { canvas.flames(x: 60, y: 50, width: 36, height: 50, at: t) }
        }
        if self == .greyFlames { canvas.removeColour() }
    }
}

/// Red, green and blue, 0…255, to draw on.
struct FlameCanvas {
    struct WrongSize: Error {}

    private static let (width, height) = (FlameScenery.width, FlameScenery.height)
    private var pixels: [(Double, Double, Double)]
    private var random: SeededGenerator

    init(seconds: Double) {
        pixels = [(Double, Double, Double)](repeating: (0, 0, 0), count: Self.width * Self.height)
        random = SeededGenerator(seed: UInt64(max(0, seconds) * 1000) + 11)
    }

    /// A street with some structure.
    mutating func ground(_ colour: (Double, Double, Double)) {
        fill(0..<Self.width, 0..<Self.height) { x, y in
            let light = 0.85 + 0.3 * Self.noise(Double(x) / 11, Double(y) / 7, 0)
            return (colour.0 * light, colour.1 * light, colour.2 * light)
        }
    }

    mutating func fill(_ xs: Range<Int>, _ ys: Range<Int>, _ colour: (Int, Int) -> (Double, Double, Double)) {
        for y in ys where 0..<Self.height ~= y {
            for x in xs where 0..<Self.width ~= x { pixels[y * Self.width + x] = colour(x, y) }
        }
    }

    mutating func glow(_ x: Int, _ y: Int, radius: Int, _ colour: (Double, Double, Double), strength: Double = 1) {
        for row in y - radius...y + radius where 0..<Self.height ~= row {
            for column in x - radius...x + radius where 0..<Self.width ~= column {
                let away = hypot(Double(column - x), Double(row - y)) / Double(radius)
                mix(column, row, colour, strength * min(1, max(0, 2 - 2 * away)))
            }
        }
    }

    /// Turbulence that rises at some heights a second and changes on its way, hotter at its base and in its middle.
    mutating func flames(x: Int, y: Int, width: Int, height: Int, at t: Double, isViolet: Bool = false) {
        for row in y..<y + height {
            for column in x..<x + width {
                let across = (Double(column - x) + 0.5) / Double(width) * 2 - 1
                let up = 1 - (Double(row - y) + 0.5) / Double(height)
                let scale = Double(max(width, height)) / 6
                let v = Double(row) / scale + t * 6
                let turbulence =
                    0.65 * Self.noise(Double(column) / scale, v, t * 4) + 0.35
                    * Self.noise(Double(column) / scale * 2.3, v * 2.1, t * 8)
                let heat = 1.9 * turbulence + 0.75 - 1.1 * up - 1.1 * across * across
                guard heat > 0.35 else { continue }
                let h = min(1, (heat - 0.35) / 0.7)
                let colour =
                    isViolet ? (255, 110 + 140 * h, 190 + 65 * h) : (150 + 180 * h, 30 + 225 * h, 10 + 190 * h * h)
                mix(column, row, colour, min(1, h * 4))
            }
        }
    }

    mutating func removeColour() {
        for index in pixels.indices {
            let (r, g, b) = pixels[index]
            let luma = 0.299 * r + 0.587 * g + 0.114 * b
            pixels[index] = (luma, luma, luma)
        }
    }

    private mutating func mix(_ x: Int, _ y: Int, _ colour: (Double, Double, Double), _ share: Double) {
        guard 0..<Self.width ~= x, 0..<Self.height ~= y, share > 0 else { return }
        let old = pixels[y * Self.width + x]
        pixels[y * Self.width + x] = (
            old.0 + (colour.0 - old.0) * share, old.1 + (colour.1 - old.1) * share, old.2 + (colour.2 - old.2) * share
        )
    }

    /// Smooth noise, 0…1, of one period a unit.
    static func noise(_ x: Double, _ y: Double, _ z: Double) -> Double {
        func value(_ x: Int, _ y: Int, _ z: Int) -> Double {
            var hash = UInt64(bitPattern: Int64(x &* 73_856_093 ^ y &* 19_349_663 ^ z &* 83_492_791))
            hash = (hash ^ hash >> 31) &* 0x9E37_79B9_7F4A_7C15
            return Double((hash ^ hash >> 29) & 0xFFFF) / 65535
        }
        let (i, j, k) = (Int(x.rounded(.down)), Int(y.rounded(.down)), Int(z.rounded(.down)))
        func smooth(_ t: Double) -> Double { t * t * (3 - 2 * t) }
        let (u, v, w) = (smooth(x - Double(i)), smooth(y - Double(j)), smooth(z - Double(k)))
        func lerp(_ a: Double, _ b: Double, _ t: Double) -> Double { a + (b - a) * t }
        func plane(_ k: Int) -> Double {
            lerp(
                lerp(value(i, j, k), value(i + 1, j, k), u), lerp(value(i, j + 1, k), value(i + 1, j + 1, k), u), v)
        }
        return lerp(plane(k), plane(k + 1), w)
    }

    /// With the noise of a sensor, in full-range BT.601.
    mutating func scene(at seconds: Double) throws -> Scene {
        var planes = [[UInt8]](repeating: [UInt8](repeating: 0, count: pixels.count), count: 3)
        for index in pixels.indices {
            let noise = Double(Int(truncatingIfNeeded: random.next() & 15)) - 7.5
            let (r, g, b) = (
                min(255, max(0, pixels[index].0 + noise)), min(255, max(0, pixels[index].1 + noise)),
                min(255, max(0, pixels[index].2 + noise))
            )
            let luma = 0.299 * r + 0.587 * g + 0.114 * b
            planes[0][index] = UInt8(min(255, max(0, luma)))
            planes[1][index] = UInt8(min(255, max(0, 128 + 0.564 * (b - luma))))
            planes[2][index] = UInt8(min(255, max(0, 128 + 0.713 * (r - luma))))
        }
        guard let picture = GreyImage(width: Self.width, height: Self.height, pixels: planes[0]) else {
            throw WrongSize()
        }
        return Scene(
            time: MediaTime(seconds), date: Date(timeIntervalSince1970: 1_790_000_000 + seconds), detections: [],
            picture: picture, chroma: Chroma(blue: planes[1], red: planes[2]))
    }
}

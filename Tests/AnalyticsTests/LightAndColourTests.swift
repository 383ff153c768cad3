import Domain
import Foundation
import Testing

@testable import Analytics

/// What light does to colours, and what tells it from smoke, on pictures of which all is known.
struct LightAndColourTests {
    private static let (width, height) = (160, 120)
    /// Columns and rows of a thing with a colour of its own, smaller than what the light is estimated over.
    private static let (columns, rows) = (70..<90, 50..<64)

    private static func isThing(_ x: Int, _ y: Int) -> Bool { columns.contains(x) && rows.contains(y) }

    private static func plane(_ value: (Int, Int) -> Double) -> Plane {
        Plane(
            width: width, height: height,
            values: (0..<width * height).map { UInt8(min(255, max(0, value($0 % width, $0 / width).rounded()))) })
    }

    /// Paving with a thing on it.
    ///
    /// - Parameters:
    ///   - red: of the thing, in levels from the middle.
    ///   - gain: of the light.
    ///   - cast: what the colour of the light adds, in levels.
    private static func picture(red: Double, gain: Double = 1, cast: Double = 0) -> ColourPicture {
        ColourPicture(
            luma: plane { x, y in gain * (110 + Double((x * 7 + y * 13) % 23)) },
            blue: plane { _, _ in 128 + gain * 6 + cast },
            red: plane { x, y in 128 + gain * (isThing(x, y) ? red : -4) - cast })
    }

    private static func reds(of seen: ColourPicture, over ground: ColourPicture) -> [Double] {
        let light = IlluminationMap(of: seen, over: ground, mask: Plane(width: width, height: height))
        var row = IlluminationMap.Row(width: width)
        return rows.flatMap { y in
            light.fill(row: y, width: width, into: &row)
            return columns.map { x in
                let pixel = y * width + x
                return Double(row.red(seen.red.values[pixel], over: ground.red.values[pixel], at: x)) - 128
            }
        }
    }

    @Test(arguments: [0.45, 0.6, 1, 1.6], [-6.0, 0, 6])
    func `a red thing stays as red as it is in less light, in more, and in light of another colour`(
        gain: Double, cast: Double
    ) {
        let ground = Self.picture(red: 50)
        let reds = Self.reds(of: Self.picture(red: 50, gain: gain, cast: cast), over: ground)
        #expect(reds.allSatisfy { abs($0 - 50) <= 3 }, "\(reds)")
    }

    /// Some cameras take back the colour of what is dark, others raise it.
    @Test(arguments: [0.6, 0.8, 1]) func `a camera that keeps its colours when light goes makes no new colour`(
        kept: Double
    ) {
        let ground = Self.picture(red: 50)
        var seen = Self.picture(red: 50, gain: 0.6)
        seen.red = Self.plane { x, y in 128 + kept * (Self.isThing(x, y) ? 50 : -4) }
        let reds = Self.reds(of: seen, over: ground)
        #expect(reds.allSatisfy { abs($0 - 50) <= 4 }, "\(reds)")
    }

    @Test(arguments: [0.45, 0.6, 1, 1.6]) func `a red thing that comes on grey paving is red in any light`(gain: Double)
    {
        let reds = Self.reds(of: Self.picture(red: 50, gain: gain), over: Self.picture(red: -4))
        #expect(reds.allSatisfy { $0 >= 20 }, "\(reds)")
    }

    private static func sky(_ x: Int, _ y: Int) -> Double { 200 + 11 * sin(Double(x) / 9) + 4 * cos(Double(y) / 5) }
    private static func paving(_ x: Int, _ y: Int) -> Double { 90 + 2 * Double((x * 7 + y * 13) % 23) }

    /// A part of a picture as `change` makes it look.
    private static func haze(
        over place: (Int, Int) -> Double, _ change: (Int, Int, Double) -> Double
    ) throws -> HazeEvidence {
        let grey = plane { _, _ in 128 }
        let ground = ColourPicture(luma: plane(place), blue: grey, red: grey)
        let view = ColourPicture(luma: plane { change($0, $1, place($0, $1)) }, blue: grey, red: grey)
        let empty = Plane(width: width, height: height)
        let model = BackgroundModel(
            known: ground, noise: Plane(width: width, height: height, repeating: 12), restless: empty, unknown: empty,
            last: view)
        let pixels = (40..<64).flatMap { y in (40..<64).map { x in y * width + x } }
        return try #require(HazeEvidence(of: pixels, in: model))
    }

    /// The edge of a cloud's shadow: over bright ground a few levels a pixel, which is as much as the ground's own contrast.
    @Test(arguments: [0.0015, 0.003])
    func `light that grows over a nearly plain sky is light, though it looks like haze`(
        slope: Double
    ) throws {
        let light = try Self.haze(over: Self.sky) { x, _, luma in luma * (0.97 - slope * Double(x - 52)) }
        #expect(light.isLight)
        #expect(light.slope < 0.88 && light.rise > 14 && light.structure > 0.4, "\(light)")
    }

    @Test(arguments: [0.3, 0.5]) func `a veil over paving is no light`(opacity: Double) throws {
        let veil = try Self.haze(over: Self.paving) { _, _, luma in (1 - opacity) * luma + opacity * 150 }
        #expect(!veil.isLight && veil.slope < 0.88 && veil.rise > 14, "\(veil)")
    }

    /// Each value is one of smoke; each change alone is none.
    @Test func `haze is what light does not explain, what stirs, and what keeps the structure behind it`() {
        func isHaze(
            slope: Double = 0.6, rise: Double = 60, structure: Double = 0.9, stirring: Double = 0.5,
            isLight: Bool = false, colour: Double = 0
        ) -> Bool {
            HazeEvidence(
                slope: slope, rise: rise, structure: structure, stirring: stirring, isLight: isLight, colour: colour
            ).isHaze
        }
        #expect(isHaze())
        #expect(!isHaze(isLight: true))
        // Thinner than noise, a shadow, darker than smoke by day, a vehicle, a wall that was painted, a red lamp.
        let others = [
            isHaze(slope: 0.95), isHaze(rise: 5), isHaze(slope: 0.2, rise: 20), isHaze(structure: 0.2),
            isHaze(stirring: 0), isHaze(colour: 10),
        ]
        #expect(others.allSatisfy { !$0 }, "\(others)")
    }
}

import Domain
import Testing

@testable import Analytics

/// What a place looks like, in another light.
@Suite struct PatchTests {
    private static let place = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    /// Half dark and half bright, as the mouth of a tunnel, with a road around it; all of it so many times as bright.
    private func street(_ light: Double, change: (Int, Int) -> Int? = { _, _ in nil }) throws -> GreyImage {
        let pixels = (0..<160 * 120).map { index in
            let (x, y) = (index % 160, index / 160)
            let isInside = 64..<96 ~= x && 48..<72 ~= y
            let value = change(x, y) ?? (isInside ? x < 80 ? 40 : 110 : 80 + x * 7 % 5)
            return UInt8(clamping: Int(Double(value) * light))
        }
        return try #require(GreyImage(width: 160, height: 120, pixels: pixels))
    }

    /// Blocks as large as windows and wheels.
    private func car(_ x: Int, _ y: Int) -> Int? {
        64..<96 ~= x && 48..<72 ~= y ? 30 + (x / 3 * 7 + y / 3 * 5) % 4 * 40 : nil
    }

    @Test(arguments: [0.5, 1.6]) func `a plain place is the same in another light`(light: Double) throws {
        let (before, now) = (try street(1), try street(light))
        let (old, new) = (before.patch(in: Self.place), now.patch(in: Self.place))
        let gain = now.light(around: Self.place, by: 0.5) / before.light(around: Self.place, by: 0.5)
        #expect(abs(Double(gain) - light) < 0.05)
        #expect(new.changedShare(in: old) >= 0.5)
        #expect(new.changedShare(in: old, gain: gain) == 0)
    }

    @Test(arguments: [0.08, 0.5, 1, 1.6]) func `what has come is another thing in any light`(light: Double) throws {
        let (before, now) = (try street(1), try street(light, change: car))
        let gain = now.light(around: Self.place, by: 0.5) / before.light(around: Self.place, by: 0.5)
        #expect(now.patch(in: Self.place).changedShare(in: before.patch(in: Self.place), gain: gain) >= 0.9)
    }

    @Test(arguments: [0.08, 1]) func `a car is itself and no plain place, however little contrast there is`(
        light: Double
    ) throws {
        let (with, without) = (try street(light, change: car), try street(light))
        let (car, road) = (with.patch(in: Self.place), without.patch(in: Self.place))
        #expect(car.likeness(car) > 0.99 && car.likeness(road) < 0.5)
        #expect(car.remainder(in: car) == 1 && car.remainder(in: road) < 0.3)
    }

    @Test func `what passes beside a place is not its light`() throws {
        let alone = try street(1).light(around: Self.place, by: 0.5)
        let beside = try street(1) { x, _ in x < 56 ? 220 : nil }.light(around: Self.place, by: 0.5)
        #expect(abs(alone - beside) <= 3)
    }
}

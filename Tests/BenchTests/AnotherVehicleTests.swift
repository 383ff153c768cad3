import Domain
import Foundation
import TestSupport
import Testing
import Video

@testable import Analytics

/// Real vehicles in one another's places, and each in other light, after a night in which nobody looked.
@Suite(.enabled(if: Footage.isPresent, "needs ../shared/footage"), .heavy) struct AnotherVehicleTests {
    private static let width = 320
    private static let height = 180
    /// Of `parking.mp4`: when each can be seen, and where, in pixels of 640 × 360.
    private static let vehicles: [(at: Double, box: [Double])] = [
        (10, [163, 215, 142, 88]), (10, [307, 235, 165, 75]), (10, [8, 222, 70, 55]), (10, [84, 106, 66, 40]),
        (10, [146, 86, 66, 52]), (10, [214, 78, 80, 48]), (60, [238, 153, 126, 63]), (130, [212, 165, 111, 60]),
    ]

    private struct Place {
        let picture: GreyImage
        let box: Box
    }

    private func places() throws -> [Place] {
        let path = try #require(Footage.clip("composed/parking.mp4"))
        var scaler = Scaler(width: Self.width, height: Self.height, format: .planes)
        var pictures: [Double: GreyImage] = [:]
        var recording = try Recording(path: path, sampling: .every(seconds: 10))
        while let frame = try recording.next() {
            let luma = try scaler.scale(frame) { Array($0[0..<Self.width * Self.height]) }
            let at = (frame.time.seconds / 10).rounded() * 10
            pictures[at] = GreyImage(width: Self.width, height: Self.height, pixels: luma)
        }
        return try Self.vehicles.map { at, box in
            Place(
                picture: try #require(pictures[at]),
                box: Box(x: box[0] / 640, y: box[1] / 360, width: box[2] / 640, height: box[3] / 360))
        }
    }

    /// The picture of one place with the vehicle of another in it, up to a little ground around it, and noise.
    private func picture(_ place: Place, with other: Place, mirrored: Bool) -> GreyImage {
        var pixels = place.picture.pixels
        let inner = Box(
            x: place.box.x + 0.08 * place.box.width, y: place.box.y + 0.08 * place.box.height,
            width: 0.84 * place.box.width, height: 0.84 * place.box.height)
        for y in 0..<Self.height {
            for x in 0..<Self.width {
                let point = Point(x: Double(x) / Double(Self.width), y: Double(y) / Double(Self.height))
                guard inner.holds(point) else { continue }
                let across = (point.x - place.box.x) / place.box.width
                let u = other.box.x + (mirrored ? 1 - across : across) * other.box.width
                let v = other.box.y + (point.y - place.box.y) / place.box.height * other.box.height
                let column = min(Self.width - 1, Int(u * Double(Self.width)))
                let row = min(Self.height - 1, Int(v * Double(Self.height)))
                pixels[y * Self.width + x] = other.picture.pixels[row * Self.width + column]
            }
        }
        return GreyImage(width: Self.width, height: Self.height, pixels: pixels) ?? place.picture
    }

    /// Luma by place in the vehicle's box: 0…1 from its left and upper edge, cut there.
    private static let lights: [(name: String, gain: @Sendable (Double, Double) -> Double)] = [
        ("as it was", { _, _ in 1 }), ("dim", { _, _ in 0.3 }), ("glaring", { _, _ in 2.2 }),
        ("from the side", { u, _ in 0.3 + 1.4 * u }), ("half in shadow", { u, _ in u < 0.5 ? 0.3 : 1 }),
        ("a slanting shadow", { u, v in u + v < 1 ? 0.4 : 1 }), ("a low shadow", { _, v in v > 0.6 ? 0.4 : 1 }),
    ]

    private func picture(_ place: Place, _ gain: (Double, Double) -> Double) -> GreyImage {
        var pixels = place.picture.pixels
        for y in 0..<Self.height {
            for x in 0..<Self.width {
                let u = (Double(x) / Double(Self.width) - place.box.x) / place.box.width
                let v = (Double(y) / Double(Self.height) - place.box.y) / place.box.height
                let luma = Double(pixels[y * Self.width + x]) * gain(min(1, max(0, u)), min(1, max(0, v)))
                pixels[y * Self.width + x] = UInt8(max(0, min(255, luma)))
            }
        }
        let picture = GreyImage(width: Self.width, height: Self.height, pixels: pixels) ?? place.picture
        // A camera that was switched off hangs a little otherwise.
        return Retouch.shifted(picture, 2, -1)
    }

    private func scene(_ place: Place, _ seconds: Double, _ picture: GreyImage) -> Scene {
        Scene(
            time: MediaTime(seconds), date: Date(timeIntervalSince1970: 1_790_000_000 + seconds),
            detections: [.init(objectClass: .car, score: 0.7, box: place.box)],
            picture: Retouch.noise(picture, 2, seed: Int(seconds)))
    }

    /// What is kept of a vehicle that has been told.
    private func evening(_ place: Place) -> WatchCheckpoint {
        let polygon = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])
        let rule = IllegalParking(
            zone: Zone(id: "z", name: "", polygon: polygon), settings: ParkingSettings(dwell: 4))
        var (tracker, rules) = (StationaryObjectTracker(), RuleSet([rule]))
        for look in 0...4 {
            let scene = scene(place, Double(look) * 2, place.picture)
            let ended = tracker.update(with: scene)
            _ = rules.evaluate(Observation(scene: scene, stationary: tracker.stationary, ended: ended))
        }
        return WatchCheckpoint(time: MediaTime(8), tracker: tracker, rules: rules)
    }

    /// Whether it goes on after a night, with these pictures.
    private func goesOn(_ kept: WatchCheckpoint, _ place: Place, _ morning: GreyImage) -> Bool {
        var tracker = StationaryObjectTracker(restored: kept)
        return (0..<4).allSatisfy { tracker.update(with: scene(place, 40_000 + Double($0) * 2, morning)).isEmpty }
    }

    @Test func `most other vehicles are told, and none is another because of the light`() throws {
        let places = try places()
        var told = 0
        var count = 0
        for (index, place) in places.enumerated() {
            let kept = evening(place)
            #expect(kept.reported?.count == 1)
            for light in Self.lights {
                #expect(goesOn(kept, place, picture(place, light.gain)), "vehicle \(index), \(light.name)")
            }
            for (other, vehicle) in places.enumerated() where other != index {
                for mirrored in [false, true] {
                    count += 1
                    if !goesOn(kept, place, picture(place, with: vehicle, mirrored: mirrored)) { told += 1 }
                }
            }
        }
        print("other vehicles in the place: \(told) of \(count) told")
        #expect(Double(told) >= 0.85 * Double(count))
    }
}

import Analytics
import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

@testable import Pipeline

/// The parked cars of `parking.mp4`, in the middle of a picture of 1920×1080.
@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 5))
struct SmallVehicleTests {
    private static let canvas = (width: 1920, height: 1080)

    /// Opened incidents by the second, and processor seconds of whole pictures and of tiles.
    private func watch(
        _ width: Int, hasTiles: Bool, detector: ObjectDetector
    ) async throws -> (opened: [Double], costs: CameraPipeline.Costs) {
        let path = try #require(Footage.clip("composed/parking.mp4"))
        let height = width * 9 / 16
        let corner = (x: 900, y: 480)
        let lane = [(120.0, 165.0), (440, 132), (480, 205), (190, 228)].map { x, y in
            Point(
                x: (x / 640 * Double(width) + Double(corner.x)) / Double(Self.canvas.width),
                y: (y / 360 * Double(height) + Double(corner.y)) / Double(Self.canvas.height))
        }
        let zone = WatchedZone(
            zone: Zone(id: "np1", name: "", polygon: Polygon(lane)),
            rules: [.illegalParking: ParkingSettings(dwell: 10)])
        var pipeline = CameraPipeline(
            zones: [zone], detector: detector, incidents: IncidentBook(camera: "c") { _ in UUID() },
            recorder: nil, hasTiles: hasTiles)
        var recording = try Recording(path: path, sampling: .every(seconds: 2))
        var opened: [Double] = []
        let count = Self.canvas.width * Self.canvas.height
        var values =
            [[UInt8](repeating: 100, count: count)]
            + [[UInt8]](repeating: [UInt8](repeating: 128, count: count), count: 2)
        // An even surface looks like a wall to the view monitor: it has a grain.
        for pixel in 0..<count {
            values[0][pixel] = UInt8(90 + Street.noise(pixel % 1920 / 6, pixel / 1920 / 6, 7) % 24)
        }
        while let frame = try recording.next(), frame.time.seconds < 140 {
            let scene = try Planes(frame, width: width, height: height)
            for plane in 0..<3 {
                for row in 0..<height {
                    let start = (corner.y + row) * Self.canvas.width + corner.x
                    values[plane].replaceSubrange(
                        start..<start + width, with: scene.values[plane][row * width..<(row + 1) * width])
                }
            }
            let look = try await pipeline.look(
                at: Frame(
                    planes: values, width: Self.canvas.width, height: Self.canvas.height, time: frame.time,
                    date: Date(timeIntervalSince1970: 1_790_000_000 + frame.time.seconds)))
            opened += look.changes.filter { $0.incident.state == .opened }.map { _ in look.time.seconds }
        }
        return (opened, pipeline.costs)
    }

    /// They stop at 29.2 s and 123.0 s, and are 6.6 and 6 % of the picture's width.
    @Test func `cars that are small in a large picture are found in time`() async throws {
        let seen = try await watch(640, hasTiles: true, detector: Prepared.uncachedDetector())
        #expect(seen.opened == [40, 134])
        let costs = seen.costs
        // The whole picture and one tile take as long: at most twice the cost.
        #expect(costs.tiles > 0 && costs.tiles <= 0.6 * costs.infer)
    }

    @Test func `without tiles they are not found, which is why there are tiles`() async throws {
        #expect(try await watch(640, hasTiles: false, detector: Prepared.detector()).opened.isEmpty)
    }
}
